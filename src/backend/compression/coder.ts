/** Content codings, piece by piece: the runtime's own zlib, Brotli and Zstandard. */

import type { Buffer } from "node:buffer";
import {
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import type { CompressionCoding } from "../../config/compression.ts";

/** What a piece is followed by: another one at once, a pause in which a client should have what there is, or nothing. */
export type Following = "more" | "pause" | "end";

/** Window of Brotli and Zstandard as a power of two, in bytes: memory of one response, against some per cent of its size. */
const WINDOW = 18;

const brotli = (level: number, length?: number) => ({
  params: {
    [constants.BROTLI_PARAM_QUALITY]: level,
    [constants.BROTLI_PARAM_LGWIN]: WINDOW,
    ...length === undefined ? {} : { [constants.BROTLI_PARAM_SIZE_HINT]: length },
  },
});
const zstd = (level: number) => ({
  params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_windowLog]: WINDOW },
});

const FLUSH = {
  gzip: constants.Z_SYNC_FLUSH,
  br: constants.BROTLI_OPERATION_FLUSH,
  zstd: constants.ZSTD_e_flush,
} as const;

/** Codes content that is all there. */
export function codeWhole(
  content: Uint8Array<ArrayBuffer>,
  coding: CompressionCoding,
  level: number,
): Uint8Array<ArrayBuffer> {
  switch (coding) {
    case "gzip":
      return gzipSync(content, { level }) as Uint8Array<ArrayBuffer>;
    case "br":
      return brotliCompressSync(content, brotli(level, content.length)) as Uint8Array<ArrayBuffer>;
    case "zstd":
      return zstdCompressSync(content, zstd(level)) as Uint8Array<ArrayBuffer>;
  }
}

function streamOf(coding: CompressionCoding, level: number) {
  switch (coding) {
    case "gzip":
      return createGzip({ level });
    case "br":
      return createBrotliCompress(brotli(level));
    case "zstd":
      return createZstdCompress(zstd(level));
  }
}

/** Codes the content of one response. Whoever makes one closes it. */
export class Coder {
  readonly #stream: ReturnType<typeof streamOf>;
  readonly #flush: number;
  #pieces: Uint8Array<ArrayBuffer>[] = [];
  #failed: ((error: Error) => void) | undefined;

  constructor(coding: CompressionCoding, level: number) {
    this.#stream = streamOf(coding, level);
    this.#flush = FLUSH[coding];
    this.#stream.on("data", (piece: Buffer) => this.#pieces.push(piece as Uint8Array<ArrayBuffer>));
    this.#stream.on("error", (error) => this.#failed?.(error));
  }

  /**
   * Codes a piece. One at a time.
   *
   * @returns what can be sent by now: with `pause` everything up to here can be decoded from it
   */
  async code(piece: Uint8Array<ArrayBuffer>, following: Following): Promise<Uint8Array<ArrayBuffer>[]> {
    const stream = this.#stream;
    await new Promise<void>((resolve, reject) => {
      this.#failed = reject;
      const coded = () => {
        if (following === "pause") stream.flush(this.#flush, () => resolve());
        else if (following === "end") stream.once("end", resolve).end();
        else resolve();
      };
      if (piece.byteLength === 0) coded();
      else stream.write(piece, coded);
    });
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  /** Gives the memory back. */
  close(): void {
    this.#stream.destroy();
  }
}
