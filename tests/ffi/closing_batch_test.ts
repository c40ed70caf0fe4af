/** Closing many descriptors with few calls. */

import assert from "node:assert/strict";
import {
  adopt,
  close,
  closeOnExec,
  ClosingBatch,
  type Descriptor,
  duplicate,
  expect,
  pipe,
} from "../../ffi/mod.ts";

/** So many descriptors; they have the lowest numbers that are free. */
function copies(of: Descriptor, count: number): Descriptor[] {
  return Array.from({ length: count }, () => adopt(expect(duplicate(of), "Cannot duplicate a descriptor")));
}

/** Whether each is open, as the kernel has it. */
function open(descriptors: readonly Descriptor[]): boolean[] {
  return descriptors.map((fd) => closeOnExec(fd) === 0);
}

Deno.test("a batch closes what was put in, in whatever order, and none of the numbers between", () => {
  const [reads, writes] = pipe();
  const all = copies(reads, 100);
  const batch = new ClosingBatch();
  // Every third stays; the last ones come first.
  const stay = all.filter((_, index) => index % 3 === 0);
  const go = all.filter((_, index) => index % 3 !== 0).reverse();
  for (const fd of go) batch.add(fd);
  assert.deepEqual(new Set(open(all)), new Set([true]));
  batch.close();
  assert.deepEqual(new Set(open(go)), new Set([false]));
  assert.deepEqual(new Set(open(stay)), new Set([true]));
  // It is empty now: numbers that are given out anew are not its own.
  const others = copies(reads, 10);
  batch.close();
  assert.deepEqual(new Set(open(others)), new Set([true]));
  batch.add(others.pop()!);
  batch.close();
  for (const fd of [...stay, ...others]) close(fd);
  assert.equal(open(all).includes(true), false);
  close(reads);
  close(writes);
});
