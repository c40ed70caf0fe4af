import assert from "node:assert/strict";
import {
  EAGAIN,
  libc,
  MSG_DONTWAIT,
  settle,
  SOCK_STREAM,
  SplicePipe,
  unixSocketPair,
} from "../../ffi/mod.ts";
import { Held, withoutLeaks } from "../support/descriptors.ts";

const { recv, send } = libc;

Deno.test("SplicePipe moves bytes from one socket to another", () =>
  withoutLeaks(() => {
    using held = new Held();
    const [from, source] = held.keepBoth(unixSocketPair(SOCK_STREAM));
    const [to, sink] = held.keepBoth(unixSocketPair(SOCK_STREAM));
    const pipe = SplicePipe.open(65_536)!;
    try {
      assert.equal(pipe.take(from, 100), -EAGAIN);
      const bytes = new TextEncoder().encode("hello, world");
      assert.equal(settle(send(source, bytes, 12n, 0)), 12);
      assert.equal(pipe.take(from, 5), 5);
      assert.equal(pipe.held, 5);
      assert.equal(pipe.take(from, 100), 7);
      assert.equal(pipe.give(to, false), 12);
      assert.equal(pipe.held, 0);
      const got = new Uint8Array(100);
      const length = settle(recv(sink, got, 100n, MSG_DONTWAIT));
      assert.equal(new TextDecoder().decode(got.subarray(0, length)), "hello, world");
      held.close(source);
      assert.equal(pipe.take(from, 100), 0, "the end");
    } finally {
      pipe.close();
    }
  }));
