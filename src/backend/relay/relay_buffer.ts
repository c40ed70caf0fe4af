/** The memory through which content is relayed, and the framing of chunks around it. */

import { Buffer } from "node:buffer";
import { LAST_CHUNK } from "../../http/chunked.ts";

/** Bytes of content taken in one go. */
const SIZE = 131_072;
/** Room for the line before a chunk of that many bytes: `20000` and CRLF. */
const BEFORE = 8;
/** Room for the CRLF after it, and for the last chunk. */
const AFTER = 8;

/**
 * One buffer for everything that a process relays: it is filled and sent without a pause between, and free again before
 * anybody else has a turn. Around the content there is room for the framing of a chunk, so that content and framing
 * leave in one call.
 */
export const whole: Uint8Array<ArrayBuffer> = new Uint8Array(BEFORE + SIZE + AFTER);

/** The part of it that is received into. */
export const room: Uint8Array<ArrayBuffer> = whole.subarray(BEFORE, BEFORE + SIZE);
export const roomSize = BigInt(SIZE);

/**
 * Frames `room[start, end)` as a chunk, in place (RFC 9112, 7.1).
 *
 * @param last whether the last chunk follows it
 * @returns the bytes to send; empty where there is nothing to say
 */
export function framedAsChunk(start: number, end: number, last: boolean): Uint8Array<ArrayBuffer> {
  let from = BEFORE + start;
  let to = BEFORE + end;
  if (end > start) {
    whole[--from] = 0x0a;
    whole[--from] = 0x0d;
    for (let size = end - start; size > 0; size >>>= 4) {
      const digit = size & 15;
      whole[--from] = digit < 10 ? 0x30 + digit : 0x57 + digit;
    }
    whole[to++] = 0x0d;
    whole[to++] = 0x0a;
  }
  if (last) {
    whole.set(LAST_CHUNK, to);
    to += LAST_CHUNK.byteLength;
  }
  return whole.subarray(from, to);
}

/** The last chunk with a trailer section, whose lines have their CRLFs (RFC 9112, 7.1.2). */
export function lastChunk(trailers: string): Uint8Array<ArrayBuffer> {
  if (trailers === "") return LAST_CHUNK as Uint8Array<ArrayBuffer>;
  return Buffer.from(`0\r\n${trailers}\r\n`, "latin1") as Uint8Array<ArrayBuffer>;
}
