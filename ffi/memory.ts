/**
 * Addresses of JavaScript's buffers, for structs that point at them.
 *
 * @module
 */
import { libc } from "./libc.ts";

const { memcpy_address } = libc;

/**
 * The address of a view's first byte. It stays right while the view's buffer is reachable from JavaScript and not
 * detached; an address alone keeps nothing alive, so whoever stores it stores the view beside it.
 *
 * @param view not empty: an empty view has no address
 */
export function addressOf(view: Uint8Array<ArrayBuffer>): bigint {
  if (view.byteLength === 0) throw new RangeError("Cannot take the address of an empty view");
  return memcpy_address(view, view, 0n);
}

const encoder = new TextEncoder();

/**
 * A path as C has it, with its closing NUL.
 *
 * @throws {TypeError} when the path itself contains a NUL, which would cut it short
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { cString } from "@fdpass/fdpass/libc";
 *
 * assert.deepEqual(cString("/tmp"), Uint8Array.of(0x2f, 0x74, 0x6d, 0x70, 0));
 * ```
 */
export function cString(path: string): Uint8Array<ArrayBuffer> {
  if (path.includes("\0")) {
    throw new TypeError(`Cannot use the path "${path.replaceAll("\0", "\\0")}": it contains a NUL`);
  }
  return encoder.encode(path + "\0");
}
