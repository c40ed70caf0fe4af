import assert from "node:assert/strict";
import {
  adopt,
  close,
  deferAccept,
  EAGAIN,
  ECONNREFUSED,
  getOption,
  keepAlive,
  libc,
  listenTcp,
  localAddress,
  MSG_DONTWAIT,
  peerAddress,
  resetConnection,
  settle,
  SO_ERROR,
  SO_KEEPALIVE,
  SOCK_CLOEXEC,
  SOL_SOCKET,
  startConnecting,
} from "../../ffi/mod.ts";
import { Held, withoutLeaks } from "../support/descriptors.ts";
import { until } from "../support/waiting.ts";

const { accept4, recv } = libc;
const ECONNRESET = 104;

for (const host of ["127.0.0.1", "::1"]) {
  Deno.test(`startConnecting() connects to ${host}, and resetConnection() resets`, () =>
    withoutLeaks(async () => {
      using held = new Held();
      const listener = held.keep(listenTcp(host, 0));
      const { port } = localAddress(listener)!;
      const fd = held.keep(adopt(startConnecting(host, port)));
      await until(() => peerAddress(fd) !== undefined, "the connection");
      assert.equal(getOption(fd, SOL_SOCKET, SO_ERROR), 0);
      assert.deepEqual(peerAddress(fd), { family: host === "::1" ? 6 : 4, host, port });
      assert.equal(keepAlive(fd, 60), 0);
      assert.equal(getOption(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
      const other = held.keep(adopt(settle(accept4(listener, null, null, 0))));
      assert.equal(resetConnection(fd), 0);
      assert.equal(settle(recv(other, new Uint8Array(1), 1n, MSG_DONTWAIT)), -ECONNRESET);
    }));
}

Deno.test("startConnecting() fails later where nobody listens", () =>
  withoutLeaks(async () => {
    const listener = listenTcp("127.0.0.1", 0);
    const { port } = localAddress(listener)!;
    close(listener);
    using held = new Held();
    const fd = held.keep(adopt(startConnecting("127.0.0.1", port)));
    assert.equal(
      await until(() => getOption(fd, SOL_SOCKET, SO_ERROR) || undefined, "an error"),
      ECONNREFUSED,
    );
  }));

Deno.test("deferAccept() leaves a connection to the kernel until something has come, or it has been silent for long", () =>
  withoutLeaks(async () => {
    using held = new Held();
    const listener = held.keep(listenTcp("127.0.0.1", 0));
    assert.equal(deferAccept(listener, 1), 0);
    const { port } = localAddress(listener)!;
    const accept = () => settle(accept4(listener, null, null, SOCK_CLOEXEC));
    using silent = await Deno.connect({ hostname: "127.0.0.1", port });
    using speaking = await Deno.connect({ hostname: "127.0.0.1", port });
    assert.equal(accept(), -EAGAIN);
    await speaking.write(new Uint8Array(1));
    for (const client of [speaking, silent]) {
      const fd = held.keep(adopt(await until(() => Math.max(0, accept()) || undefined, "a connection")));
      assert.equal(peerAddress(fd)?.port, (client.localAddr as Deno.NetAddr).port);
    }
  }));
