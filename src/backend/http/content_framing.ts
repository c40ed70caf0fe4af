/** Where the content of one request ends, and which of the bytes that come are content (RFC 9112, 6 and 7). */

import { ChunkedDecoder } from "../../http/chunked.ts";
import type { Input } from "./input.ts";

/** By a length, or by chunks. */
export class ContentFraming {
  /** Bytes still to come; with chunked coding Infinity until the last chunk. */
  remaining: number;
  /** What is wrong with the chunks, behind what has been read of them; empty while nothing is. */
  why = "";
  readonly #decoder: ChunkedDecoder | undefined;

  /** @param contentLength -1 where there is none */
  constructor(contentLength: number, chunked: boolean) {
    this.remaining = chunked ? Infinity : Math.max(0, contentLength);
    this.#decoder = chunked ? new ChunkedDecoder() : undefined;
  }

  /** Whether every byte that comes is content, up to the end. */
  get counted(): boolean {
    return this.#decoder === undefined;
  }

  /** When all of it has been read: the lines of its trailer section, each with its CRLF. */
  get trailers(): string {
    return this.#decoder?.trailers ?? "";
  }

  /** Copies content out of what has come; how many bytes. */
  fill(input: Input, target: Uint8Array<ArrayBuffer>): number {
    return this.#decoder === undefined
      ? this.#fillCounted(input, target)
      : this.#fillChunked(input, target, this.#decoder);
  }

  #fillCounted(input: Input, target: Uint8Array<ArrayBuffer>): number {
    const size = Math.min(input.length, this.remaining, target.length);
    target.set(input.bytes.subarray(input.start, input.start + size));
    input.start += size;
    this.remaining -= size;
    return size;
  }

  #fillChunked(input: Input, target: Uint8Array<ArrayBuffer>, decoder: ChunkedDecoder): number {
    let size = 0;
    while (input.length > 0 && size < target.length) {
      const end = Math.min(input.end, input.start + target.length - size);
      const verdict = decoder.next(input.bytes, input.start, end);
      input.start = decoder.consumed;
      if (verdict === "data") {
        target.set(input.bytes.subarray(decoder.dataStart, decoder.dataEnd), size);
        size += decoder.dataEnd - decoder.dataStart;
      } else if (verdict === "end") {
        this.remaining = 0;
        break;
      } else if (verdict === "reject") {
        this.why = decoder.why;
        break;
      }
    }
    return size;
  }
}
