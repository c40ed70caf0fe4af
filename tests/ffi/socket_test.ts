import assert from "node:assert/strict";
import { adopt, type Descriptor, duplicate, pipe } from "../../ffi/descriptor.ts";
import { Epoll, EPOLLIN } from "../../ffi/epoll.ts";
import {
  EADDRINUSE,
  EAGAIN,
  ECONNREFUSED,
  ECONNRESET,
  ENOENT,
  ENOTCONN,
  ENOTSOCK,
  EPROTOTYPE,
  settle,
} from "../../ffi/errno.ts";
import { libc } from "../../ffi/libc.ts";
import { AF_INET, decodeInternetAddress, encodeUnixAddress } from "../../ffi/sockaddr.ts";
import {
  AddressBuffer,
  bindUnix,
  connectTcp,
  connectUnix,
  getOption,
  IPPROTO_TCP,
  isStreamSocket,
  listenTcp,
  localAddress,
  peerAddress,
  peerCredentials,
  setOption,
  SHUT_RDWR,
  SHUT_WR,
  shutdown,
  SO_REUSEADDR,
  SO_TYPE,
  SOCK_CLOEXEC,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_SOCKET,
  startListening,
  TCP_NODELAY,
  unixSocket,
  unixSocketPair,
  type UnixSocketType,
} from "../../ffi/socket.ts";
import { notAClientSocket } from "../../ffi/socket_kind.ts";
import { descriptorFlags, Held, withoutLeaks } from "../support/descriptors.ts";
import { until } from "../support/waiting.ts";
import { accept, hear, say, tcpPair } from "./sockets.ts";

const { accept4, socket } = libc;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

/** Runs the body with a directory that is gone afterwards. */
function inDirectory(body: (path: string) => void): void {
  const path = Deno.makeTempDirSync({ prefix: "fdpass-" });
  try {
    body(path);
  } finally {
    Deno.removeSync(path, { recursive: true });
  }
}

for (
  const [host, client] of [["127.0.0.1", "127.0.0.1"], ["::1", "::1"], ["::", "::1"], ["::", "127.0.0.1"]]
) {
  Deno.test(`listenTcp("${host}") takes a connection to ${client}, and both sides agree who is who`, () =>
    withoutLeaks(() => {
      using held = new Held();
      const listener = held.keep(listenTcp(host!, 0));
      const { port } = localAddress(listener)!;
      assert.deepEqual(localAddress(listener), { family: host!.includes(":") ? 6 : 4, host, port });
      const ours = held.keep(connectTcp(client!, port));
      const theirs = accept(held, listener);
      // A dual-stack socket sees the IPv4 client as the IPv4 address it is.
      assert.deepEqual(peerAddress(theirs), localAddress(ours));
      assert.deepEqual(localAddress(theirs), {
        family: client!.includes(":") ? 6 : 4,
        host: client,
        port,
      });
      say(ours, "hello");
      assert.equal(hear(theirs), "hello");
    }));
}

Deno.test("listenTcp() does not block, is closed on exec, and may take a port again at once", () =>
  withoutLeaks(() => {
    using held = new Held();
    const listener = held.keep(listenTcp("127.0.0.1", 0));
    assert.equal(descriptorFlags(listener) & (O_NONBLOCK | O_CLOEXEC), O_NONBLOCK | O_CLOEXEC);
    assert.equal(settle(accept4(listener, null, null, SOCK_CLOEXEC)), -EAGAIN);
    const { port } = localAddress(listener)!;
    const client = held.keep(connectTcp("127.0.0.1", port));
    // The server closes first: its end of the connection keeps the port in TIME_WAIT.
    held.close(accept(held, listener));
    assert.equal(hear(client), "");
    held.close(client);
    held.close(listener);
    held.keep(listenTcp("127.0.0.1", port));
  }));

Deno.test("listenTcp() says which address is in use, and closes what it opened", () =>
  withoutLeaks(() => {
    using held = new Held();
    for (const [host, shown] of [["127.0.0.1", "127.0.0.1"], ["::1", "[::1]"]] as const) {
      const { port } = localAddress(held.keep(listenTcp(host, 0)))!;
      assert.throws(() => listenTcp(host, port), {
        name: "ErrnoError",
        errno: EADDRINUSE,
        message: `Cannot listen on ${shown}:${port}: the address is in use (EADDRINUSE)`,
      });
    }
  }));

Deno.test("listenTcp() says when the address is not this machine's, or is none", () =>
  withoutLeaks(() => {
    assert.throws(() => listenTcp("192.0.2.1", 0), {
      message: "Cannot listen on 192.0.2.1:0: this machine does not have the address (EADDRNOTAVAIL)",
    });
    assert.throws(() => listenTcp("localhost", 0), { message: 'Cannot use "localhost" as an IP address' });
  }));

Deno.test("listenTcp() with reusePort shares a port, and the kernel spreads connections", () =>
  withoutLeaks(() => {
    using held = new Held();
    const first = held.keep(listenTcp("127.0.0.1", 0, { reusePort: true }));
    const { port } = localAddress(first)!;
    const second = held.keep(listenTcp("127.0.0.1", port, { reusePort: true }));
    assert.throws(() => listenTcp("127.0.0.1", port), { errno: EADDRINUSE });
    for (let i = 0; i < 64; i++) held.keep(connectTcp("127.0.0.1", port));
    const taken = [first, second].map((listener) => {
      let count = 0;
      for (;; count++) {
        const fd = settle(accept4(listener, null, null, SOCK_CLOEXEC));
        if (fd < 0) return count;
        held.keep(adopt(fd));
      }
    });
    assert.equal(taken[0]! + taken[1]!, 64);
    assert.ok(taken[0]! > 0 && taken[1]! > 0, `spread as ${taken}`);
  }));

Deno.test("listenTcp() with shared takes a port that nobody has, and lets sockets with reusePort join", () =>
  withoutLeaks(() => {
    using held = new Held();
    const every = held.keep(listenTcp("0.0.0.0", 0, { shared: true }));
    const { port } = localAddress(every)!;
    assert.throws(() => listenTcp("0.0.0.0", port), { errno: EADDRINUSE });
    assert.throws(() => listenTcp("0.0.0.0", port, { shared: true }), { errno: EADDRINUSE });
    assert.throws(() => listenTcp("127.0.0.2", port, { shared: true }), { errno: EADDRINUSE });
    const one = held.keep(listenTcp("127.0.0.2", port, { reusePort: true }));
    // The kernel gives a connection to the listener of its very address, where there is one.
    for (const [host, listener] of [["127.0.0.1", every], ["127.0.0.2", one]] as const) {
      held.keep(connectTcp(host, port));
      held.keep(adopt(settle(accept4(listener, null, null, SOCK_CLOEXEC))));
    }
  }));

Deno.test("connectTcp() says where nobody listens, and closes what it opened", () =>
  withoutLeaks(() => {
    using held = new Held();
    const listener = held.keep(listenTcp("::1", 0));
    const { port } = localAddress(listener)!;
    held.close(listener);
    assert.throws(() => connectTcp("::1", port), {
      name: "ErrnoError",
      message: `Cannot connect to [::1]:${port}: nobody listens there (ECONNREFUSED)`,
    });
  }));

Deno.test("connectTcp() gives a blocking socket, closed on exec", () =>
  withoutLeaks(() => {
    using held = new Held();
    const { client } = tcpPair(held);
    assert.equal(descriptorFlags(client) & (O_NONBLOCK | O_CLOEXEC), O_CLOEXEC);
  }));

Deno.test("setOption() and getOption() agree, and say -ENOTSOCK for a pipe", () =>
  withoutLeaks(() => {
    using held = new Held();
    const { client } = tcpPair(held);
    for (const on of [true, false]) {
      assert.equal(setOption(client, IPPROTO_TCP, TCP_NODELAY, on), 0);
      assert.equal(getOption(client, IPPROTO_TCP, TCP_NODELAY), on ? 1 : 0);
    }
    assert.equal(getOption(client, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
    const [read] = held.keepBoth(pipe());
    assert.equal(setOption(read, SOL_SOCKET, SO_REUSEADDR, true), -ENOTSOCK);
    assert.equal(getOption(read, SOL_SOCKET, SO_TYPE), -ENOTSOCK);
  }));

for (const [name, type] of [["SOCK_STREAM", SOCK_STREAM], ["SOCK_SEQPACKET", SOCK_SEQPACKET]] as const) {
  Deno.test(`a Unix ${name} socket listens at a path, connects at once, and carries bytes both ways`, () =>
    withoutLeaks(() =>
      inDirectory((directory) => {
        using held = new Held();
        const path = `${directory}/ü.sock`;
        const listener = held.keep(unixSocket(type));
        assert.equal(descriptorFlags(listener) & (O_NONBLOCK | O_CLOEXEC), O_NONBLOCK | O_CLOEXEC);
        assert.equal(bindUnix(listener, path), 0);
        assert.equal(bindUnix(held.keep(unixSocket(type)), path), -EADDRINUSE);
        const client = held.keep(unixSocket(type));
        const address = encodeUnixAddress(path);
        assert.equal(connectUnix(client, address), -ECONNREFUSED);
        assert.equal(startListening(listener, 1), 0);
        assert.equal(connectUnix(client, address), 0);
        const server = accept(held, listener);
        say(client, "there");
        assert.equal(hear(server), "there");
        say(server, "and back");
        assert.equal(hear(client), "and back");
        assert.equal(localAddress(server), undefined);
        assert.equal(peerAddress(server), undefined);
      })
    ));

  Deno.test(`connectUnix() of ${name} to a path of the other type is -EPROTOTYPE`, () =>
    withoutLeaks(() =>
      inDirectory((directory) => {
        using held = new Held();
        const other: UnixSocketType = type === SOCK_STREAM ? SOCK_SEQPACKET : SOCK_STREAM;
        const listener = held.keep(unixSocket(other));
        assert.equal(bindUnix(listener, `${directory}/s`), 0);
        assert.equal(startListening(listener, 1), 0);
        const client = held.keep(unixSocket(type));
        assert.equal(connectUnix(client, encodeUnixAddress(`${directory}/s`)), -EPROTOTYPE);
      })
    ));

  Deno.test(`connectUnix() of ${name} tells no socket, a dead socket and a full backlog apart`, () =>
    withoutLeaks(() =>
      inDirectory((directory) => {
        using held = new Held();
        const address = encodeUnixAddress(`${directory}/s`);
        assert.equal(connectUnix(held.keep(unixSocket(type)), address), -ENOENT);
        const listener = held.keep(unixSocket(type));
        assert.equal(bindUnix(listener, `${directory}/s`), 0);
        assert.equal(startListening(listener, 0), 0);
        assert.equal(connectUnix(held.keep(unixSocket(type)), address), 0);
        assert.equal(connectUnix(held.keep(unixSocket(type)), address), -EAGAIN);
        held.close(listener);
        assert.equal(connectUnix(held.keep(unixSocket(type)), address), -ECONNREFUSED);
      })
    ));
}

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

Deno.test("peerCredentials() says who connected, and who listened", () =>
  withoutLeaks(() =>
    inDirectory((directory) => {
      using held = new Held();
      const listener = held.keep(unixSocket(SOCK_SEQPACKET));
      assert.equal(bindUnix(listener, `${directory}/s`), 0);
      assert.equal(startListening(listener, 1), 0);
      const client = held.keep(unixSocket(SOCK_SEQPACKET));
      assert.equal(connectUnix(client, encodeUnixAddress(`${directory}/s`)), 0);
      const me = { pid: Deno.pid, uid: Deno.uid()!, gid: Deno.gid()! };
      assert.deepEqual(peerCredentials(accept(held, listener)), me);
      assert.deepEqual(peerCredentials(client), me);
    })
  ));

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
