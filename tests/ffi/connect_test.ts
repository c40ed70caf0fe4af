import assert from "node:assert/strict";
import {
  adopt,
  close,
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
