import assert from "node:assert/strict";
import { adopt, pipe } from "../../ffi/descriptor.ts";
import { EADDRINUSE, EAGAIN, ENOTSOCK, settle } from "../../ffi/errno.ts";
import { libc } from "../../ffi/libc.ts";
import {
  connectTcp,
  getOption,
  IPPROTO_TCP,
  listenTcp,
  localAddress,
  peerAddress,
  setOption,
  SO_REUSEADDR,
  SO_TYPE,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_NODELAY,
} from "../../ffi/socket.ts";
import { descriptorFlags, Held, withoutLeaks } from "../support/descriptors.ts";
import { accept, hear, say, tcpPair } from "./sockets.ts";

const { accept4 } = libc;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

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
