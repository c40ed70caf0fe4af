/** The content of one request, read from the connection piece by piece as somebody asks for it (RFC 9112, 6). */

import { ChunkedDecoder } from "../../http/chunked.ts";
import { ConnectionLost } from "../connection.ts";
import type { Input } from "./input.ts";

/** The body is not what its framing said: the connection cannot go on. */
export class BodyError extends Error {
  override name = "BodyError";

  /** @param why what is wrong, in plain words */
  constructor(readonly why: string) {
    super(`Cannot read the request: ${why}`);
  }
}

/** Reads the content and stops exactly where it ends. Nothing is read ahead of who asks, so memory does not grow. */
export class RequestBody {
  /** Bytes still to come; with chunked coding Infinity until the last chunk. */
  #remaining: number;
  readonly #decoder: ChunkedDecoder | undefined;
  /** Called once before the first wait for bytes: says 100 (Continue) to a client that waits for it. */
  #beforeWait: (() => void) | undefined;

  /**
   * @param contentLength -1 where there is none
   * @param beforeWait what to do before the first wait for bytes, if anything
   */
  constructor(
    readonly input: Input,
    contentLength: number,
    chunked: boolean,
    beforeWait: (() => void) | undefined,
  ) {
    this.#remaining = chunked ? Infinity : Math.max(0, contentLength);
    this.#decoder = chunked ? new ChunkedDecoder() : undefined;
    this.#beforeWait = beforeWait;
  }

  /** Whether all of it has been read. */
  get done(): boolean {
    return this.#remaining === 0;
  }

  /** Whether nothing of it has been asked for, and the client still waits to be asked. */
  get unasked(): boolean {
    return this.#beforeWait !== undefined;
  }

  /**
   * The next piece, in memory of its own.
   *
   * @returns undefined at the end
   * @throws {BodyError} when the framing is broken
   * @throws {ConnectionLost} when the client ends, or stops, in the middle
   */
  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { input } = this;
    while (this.#remaining > 0) {
      // From taking to copying without a pause: what is taken lies in a buffer that all connections share.
      if (input.length === 0 && !input.take()) {
        this.#beforeWait?.();
        this.#beforeWait = undefined;
        await input.connection.readable(input.connection.backend.stallDeadlines);
        continue;
      }
      if (input.length === 0) throw new ConnectionLost("Cannot read the request: it ends in its content");
      const piece = this.#decoder === undefined ? this.#takeCounted() : this.#takeChunked(this.#decoder);
      if (piece === undefined) continue;
      input.keep();
      return piece;
    }
    input.keep();
    return undefined;
  }

  #takeCounted(): Uint8Array<ArrayBuffer> {
    const { input } = this;
    const size = Math.min(input.length, this.#remaining);
    const piece = input.bytes.slice(input.start, input.start + size);
    input.start += size;
    this.#remaining -= size;
    return piece;
  }

  #takeChunked(decoder: ChunkedDecoder): Uint8Array<ArrayBuffer> | undefined {
    const { input } = this;
    const verdict = decoder.next(input.bytes, input.start, input.end);
    input.start = decoder.consumed;
    switch (verdict) {
      case "data":
        return input.bytes.slice(decoder.dataStart, decoder.dataEnd);
      case "end":
        this.#remaining = 0;
        return undefined;
      case "reject":
        throw new BodyError(decoder.why);
      case "more":
        return undefined;
    }
  }

  /**
   * Reads the rest away, so that the next request can be read behind it.
   *
   * @param limit how much at most, in bytes
   * @returns false when there is more than that
   */
  async skip(limit: number): Promise<boolean> {
    let skipped = 0;
    for (let piece = await this.read(); piece !== undefined; piece = await this.read()) {
      skipped += piece.length;
      if (skipped > limit) return false;
    }
    return true;
  }
}
