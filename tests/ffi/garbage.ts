/** Garbage collection on demand, so that tests of memory do not wait for chance. */
import v8 from "node:v8";
import vm from "node:vm";

v8.setFlagsFromString("--expose-gc");

/** A full collection, now. */
export const collectGarbage: () => void = vm.runInNewContext("gc");

/** Memory that was freed comes back filled with 0xee: whoever still reads it reads that. */
export function overwriteFreedMemory(size: number, count: number): Uint8Array[] {
  return Array.from({ length: count }, () => new Uint8Array(size).fill(0xee));
}
