import assert from "node:assert/strict";
import { adopt, type Descriptor, duplicate, pipe } from "../../ffi/descriptor.ts";
import { Epoll, EPOLLIN } from "../../ffi/epoll.ts";
import { EAGAIN, ECONNRESET, ENOTCONN, ENOTSOCK, settle } from "../../ffi/errno.ts";
import { libc } from "../../ffi/libc.ts";
import { AF_INET, decodeInternetAddress, encodeUnixAddress } from "../../ffi/sockaddr.ts";
import {
  AddressBuffer,
  bindUnix,
  isStreamSocket,
  listenTcp,
  localAddress,
  peerAddress,
  peerCredentials,
  SHUT_RDWR,
  SHUT_WR,
  shutdown,
  SOCK_CLOEXEC,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  startListening,
  unixSocket,
  unixSocketPair,
  type UnixSocketType,
} from "../../ffi/socket.ts";
import { notAClientSocket } from "../../ffi/socket_kind.ts";
import { Held, withoutLeaks } from "../support/descriptors.ts";
import { until } from "../support/waiting.ts";
import { accept, hear, say, tcpPair } from "./sockets.ts";

const { accept4, socket } = libc;

Deno.test("shutdown() ends a direction for everyone who holds the socket", () =>
  withoutLeaks(() => {
    using held = new Held();
    const [left, right] = held.keepBoth(unixSocketPair(SOCK_STREAM));
    const copy = held.keep(adopt(duplicate(left)));
    say(copy, "last");
    assert.equal(shutdown(left, SHUT_WR), 0);
    assert.equal(hear(right), "last");
    assert.equal(hear(right), "");
    say(right, "other way");
    assert.equal(hear(copy), "other way");
    assert.equal(shutdown(copy, SHUT_RDWR), 0);
    assert.equal(hear(left), "");
    const [pipeEnd] = held.keepBoth(pipe());
    assert.equal(shutdown(pipeEnd, SHUT_RDWR), -ENOTSOCK);
  }));

Deno.test("AddressBuffer reads one address after the other, and -ENOTCONN where there is none", () =>
  withoutLeaks(() => {
    using held = new Held();
    const buffer = new AddressBuffer();
    const four = tcpPair(held);
    const six = tcpPair(held, "::1");
    // The kernel shortens the length to 16 at the first, which must not cut off the second.
    assert.equal(buffer.readPeer(four.server), 0);
    assert.equal(buffer.length[0], 16);
    assert.equal(buffer.readLocal(six.server), 0);
    assert.equal(decodeInternetAddress(buffer.bytes)?.host, "::1");
    const listener = held.keep(listenTcp("127.0.0.1", 0));
    assert.equal(buffer.readPeer(listener), -ENOTCONN);
    assert.equal(peerAddress(listener), undefined);
  }));

Deno.test("localAddress() of something that is no socket is an error", () =>
  withoutLeaks(() => {
    using held = new Held();
    const [read] = held.keepBoth(pipe());
    assert.throws(() => localAddress(read), {
      message: "Cannot read the local address: not a socket (ENOTSOCK)",
    });
  }));

Deno.test("peerCredentials() of a child are the child's", () =>
  withoutLeaks(async () => {
    const directory = Deno.makeTempDirSync({ prefix: "fdpass-" });
    try {
      using held = new Held();
      const path = `${directory}/s`;
      const listener = held.keep(unixSocket(SOCK_STREAM));
      assert.equal(bindUnix(listener, path), 0);
      assert.equal(startListening(listener, 1), 0);
      // Connects, and holds the connection until its standard input ends.
      const code = `const c = await Deno.connect({ transport: "unix", path: ${JSON.stringify(path)} });
        await Deno.stdin.read(new Uint8Array(1)); c.close();`;
      const child = new Deno.Command(Deno.execPath(), {
        args: ["eval", "--quiet", code],
        cwd: directory,
        stdin: "piped",
      }).spawn();
      const epoll = new Epoll(1);
      try {
        assert.equal(epoll.add(listener, EPOLLIN, 0, 0), 0);
        await until(() => epoll.wait(0) === 1, "the child to connect");
        assert.equal(peerCredentials(accept(held, listener)).pid, child.pid);
      } finally {
        epoll.close();
        await child.stdin.close();
        await child.status;
      }
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  }));

const NOT_CLIENTS: readonly [what: string, make: (held: Held) => Descriptor][] = [
  ["not a socket", (held) => held.keepBoth(pipe())[0]],
  ["a Unix socket", (held) => held.keepBoth(unixSocketPair(SOCK_STREAM))[0]],
  ["a Unix socket", (held) => held.keepBoth(unixSocketPair(SOCK_SEQPACKET))[0]],
  ["a socket of address family 16", (held) => {
    const [AF_NETLINK, SOCK_RAW] = [16, 3];
    return held.keep(adopt(settle(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0))));
  }],
  ["not a stream socket", (held) => {
    const SOCK_DGRAM = 2;
    return held.keep(adopt(settle(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))));
  }],
  ["a listening socket", (held) => held.keep(listenTcp("127.0.0.1", 0))],
  ["a listening socket", (held) => held.keep(listenTcp("::", 0))],
];
NOT_CLIENTS.forEach(([what, make], index) => {
  Deno.test(`notAClientSocket() calls it ${what} (${index + 1})`, () =>
    withoutLeaks(() => {
      using held = new Held();
      assert.equal(notAClientSocket(make(held)), what);
    }));
});

Deno.test("notAClientSocket() accepts connections over IPv4 and IPv6, also when the client has gone", () =>
  withoutLeaks(() => {
    using held = new Held();
    for (const host of ["127.0.0.1", "::1"]) {
      const { client, server } = tcpPair(held, host);
      assert.equal(notAClientSocket(server), undefined);
      assert.equal(notAClientSocket(client), undefined);
      // Closing with unread bytes resets the connection: the server's socket has no peer any more.
      say(server, "never read");
      held.close(client);
      assert.equal(hear(server), -ECONNRESET);
      assert.equal(peerAddress(server), undefined);
      assert.equal(notAClientSocket(server), undefined);
    }
  }));

Deno.test("isStreamSocket() tells a stream from datagrams, and whoever has it does not notice", () =>
  withoutLeaks(() => {
    using held = new Held();
    const directory = Deno.makeTempDirSync();
    const at = (name: string, type: number) => {
      const fd = held.keep(unixSocket(type as UnixSocketType));
      assert.equal(bindUnix(fd, `${directory}/${name}`), 0);
      return fd;
    };
    const stream = at("stream", SOCK_STREAM);
    assert.equal(startListening(stream, 1), 0);
    at("datagrams", 2);
    assert.equal(isStreamSocket(encodeUnixAddress(`${directory}/stream`)), true);
    assert.equal(isStreamSocket(encodeUnixAddress(`${directory}/datagrams`)), false);
    assert.equal(settle(accept4(stream, null, null, 0)), -EAGAIN, "nobody has connected");
    Deno.removeSync(directory, { recursive: true });
  }));
