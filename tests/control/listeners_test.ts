import assert from "node:assert/strict";
import {
  adopt,
  close,
  expect,
  getOption,
  IPPROTO_TCP,
  libc,
  localAddress,
  settle,
  SO_KEEPALIVE,
  SOCK_CLOEXEC,
  SOL_SOCKET,
} from "../../ffi/mod.ts";
import { openListener } from "../../src/control/listening/open_listener.ts";
import { withoutLeaks } from "../support/descriptors.ts";
import { until } from "../support/waiting.ts";

const TCP_KEEPIDLE = 4;
const TCP_KEEPINTVL = 5;

Deno.test("a client is asked for a sign of life from the start, by the options that its socket has from the listener", () =>
  withoutLeaks(async () => {
    const { sockets } = openListener({ host: "127.0.0.1", port: 0 }, 2);
    try {
      const { port } = localAddress(sockets[0]!)!;
      for (let seen = 0; seen < 8; seen++) {
        using _client = await Deno.connect({ hostname: "127.0.0.1", port });
        const accepted = await until(() => {
          const results = sockets.map((socket) => settle(libc.accept4(socket, null, null, SOCK_CLOEXEC)));
          return results.find((result) => result >= 0);
        }, "a connection");
        const fd = adopt(expect(accepted, "Cannot accept"));
        const option = (level: number, name: number) => getOption(fd, level, name);
        assert.deepEqual(
          [
            option(SOL_SOCKET, SO_KEEPALIVE),
            option(IPPROTO_TCP, TCP_KEEPIDLE),
            option(IPPROTO_TCP, TCP_KEEPINTVL),
          ],
          [1, 60, 15],
        );
        close(fd);
      }
    } finally {
      sockets.forEach(close);
    }
  }));
