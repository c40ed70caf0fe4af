/** Content for tests of compression, and what decodes it: the runtime's own decoders, and responses as clients read them. */

import { Buffer } from "node:buffer";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import type { CompressionCoding } from "../../../src/config/compression.ts";
import { ChunkedDecoder } from "../../../src/http/chunked.ts";

/** So many bytes: all alike, words, or by chance, which nothing makes smaller. */
export function contentOf(sort: string, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  // Marsaglia's xorshift: the same each time.
  for (let at = 0, state = 2_463_534_242; at < size; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = sort === "even"
      ? 0x61
      : sort === "text"
      ? "etaoin shrdlu".charCodeAt((state >>> 8) % 13)
      : state & 255;
  }
  return bytes;
}

/** What a client has of coded content. */
export function decode(coding: string | undefined, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const decoders: Record<CompressionCoding, (bytes: Uint8Array) => Buffer> = {
    gzip: (bytes) => gunzipSync(bytes),
    br: (bytes) => brotliDecompressSync(bytes),
    zstd: (bytes) => zstdDecompressSync(bytes),
  };
  if (coding === undefined) return new Uint8Array(bytes);
  return new Uint8Array(decoders[coding as CompressionCoding](bytes));
}

/** A response as a client reads it. */
export interface Read {
  readonly status: number;
  readonly head: string;
  readonly field: (name: string) => string | undefined;
  /** Without its framing. */
  readonly content: Uint8Array<ArrayBuffer>;
  /** Whether the end of the content has been marked. */
  readonly whole: boolean;
  readonly trailers: string;
}

/** Reads the one response that a connection has had, a character for each byte. */
export function readResponse(text: string): Read {
  const at = text.indexOf("\r\n\r\n") + 4;
  const head = text.slice(0, at);
  const field = (name: string) => new RegExp(`^${name}: (.*)\r$`, "im").exec(head)?.[1];
  const rest = new Uint8Array(Buffer.from(text.slice(at), "latin1"));
  const status = Number(head.slice(9, 12));
  const common = { status, head, field };
  if (field("transfer-encoding") !== "chunked") {
    const length = field("content-length");
    return {
      ...common,
      content: rest,
      whole: length === undefined || Number(length) === rest.length,
      trailers: "",
    };
  }
  const decoder = new ChunkedDecoder();
  const content: Uint8Array[] = [];
  for (let start = 0;;) {
    const verdict = decoder.next(rest, start, rest.length);
    start = decoder.consumed;
    if (verdict === "data") content.push(rest.subarray(decoder.dataStart, decoder.dataEnd));
    else {return {
        ...common,
        content: new Uint8Array(Buffer.concat(content)),
        whole: verdict === "end",
        trailers: decoder.trailers,
      };}
  }
}
