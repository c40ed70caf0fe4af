import assert from "node:assert/strict";
import { addressOf, cString } from "../../ffi/memory.ts";
import { libc } from "../../ffi/libc.ts";
import { collectGarbage } from "./garbage.ts";

Deno.test("addressOf() gives where libc reads and writes, and counts a view's offset", () => {
  const bytes = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
  assert.equal(addressOf(bytes.subarray(3)), addressOf(bytes) + 3n);
  const copy = new Uint8Array(4);
  libc.memcpy_from(copy, addressOf(bytes.subarray(2)), 4n);
  assert.deepEqual([...copy], [3, 4, 5, 6]);
});

Deno.test("addressOf() stays right over garbage collections while the view is held", () => {
  // Small views start out inside V8's own heap, where they could move.
  const views = Array.from({ length: 200 }, (_, i) => new Uint8Array(16).fill(i));
  const addresses = views.map(addressOf);
  collectGarbage();
  const copy = new Uint8Array(16);
  views.forEach((view, i) => {
    libc.memcpy_from(copy, addresses[i]!, 16n);
    assert.deepEqual(copy, new Uint8Array(16).fill(i));
    assert.equal(addressOf(view), addresses[i]);
  });
});

Deno.test("addressOf() refuses an empty view", () => {
  assert.throws(() => addressOf(new Uint8Array(0)), {
    name: "RangeError",
    message: "Cannot take the address of an empty view",
  });
});

Deno.test("cString() is UTF-8 with a NUL behind it", () => {
  assert.deepEqual([...cString("")], [0]);
  assert.deepEqual([...cString("/ü")], [0x2f, 0xc3, 0xbc, 0]);
});

Deno.test("cString() refuses a path that a NUL would cut short", () => {
  assert.throws(() => cString("/etc/passwd\0.html"), {
    name: "TypeError",
    message: 'Cannot use the path "/etc/passwd\\0.html": it contains a NUL',
  });
});
