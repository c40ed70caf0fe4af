/** The content of one request, read from the connection piece by piece as somebody asks for it (RFC 9112, 6). */

import { ChunkedDecoder } from "../../http/chunked.ts";
import { ConnectionLost } from "../connection/connection.ts";
import type { Input } from "./input.ts";

const ANSWERED = "it has been answered";

/** The body is not what its framing said, so that the connection cannot go on; or it is read too late. */
export class BodyError extends Error {
  override name = "BodyError";

  /** @param why what is wrong, in plain words */
  constructor(readonly why: string) {
    super(`Cannot read the request: ${why}`);
  }
}

/** Content that nobody has asked for is read away up to this size, in bytes; for more the connection closes. */
export const MAX_SKIP = 262_144;

/** Reads the content and stops exactly where it ends. Nothing is read ahead of who asks, so memory does not grow. */
export class RequestBody {
  /** Bytes still to come; with chunked coding Infinity until the last chunk. */
  #remaining: number;
  readonly #decoder: ChunkedDecoder | undefined;
  /** What is wrong with the framing, behind what has been read. */
  #fault: string | undefined;
  /** The response has been sent: what is left is no longer the handler's. */
  #closed = false;
  /** Somebody waits for bytes. */
  #waiting = false;
  #begun = false;
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

  /** When all of it has been read: the lines of its trailer section, each with its CRLF. */
  get trailers(): string {
    return this.#decoder?.trailers ?? "";
  }

  /** Whether nothing of it has been asked for, and the client still waits to be asked. */
  get unasked(): boolean {
    return this.#beforeWait !== undefined;
  }

  /** Whether it has turned out to have no end: its framing is broken, or the client has ended before it. */
  get broken(): boolean {
    return this.#fault !== undefined || (this.input.ended && !this.done);
  }

  /** Whether nobody has begun to read it, and it is known to be too long to be read away. */
  get tooLong(): boolean {
    return !this.#begun && this.#remaining !== Infinity && this.#remaining > MAX_SKIP;
  }

  /**
   * Takes what is left away from whoever reads it, for the response has been sent: what reads it from now on, or waits for
   * it, finds an error. Otherwise two would read, each a part.
   */
  close(): void {
    if (this.done || this.#closed) return;
    this.#closed = true;
    if (this.#waiting) this.input.connection.interrupt();
  }

  /**
   * The next piece, in memory of its own: all that has come.
   *
   * @returns undefined at the end
   * @throws {BodyError} when the framing is broken, or the request has been answered
   * @throws {ConnectionLost} when the client ends, or stops, in the middle
   */
  read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    this.#begun = true;
    return this.#next(false);
  }

  /** @param skipping it is read away, not by the handler */
  async #next(skipping: boolean): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { input } = this;
    while (this.#remaining > 0) {
      if (!this.#take(Infinity, skipping)) {
        await this.#wait(skipping);
        continue;
      }
      const piece = new Uint8Array(Math.min(input.length, this.#remaining));
      const size = this.#fill(piece);
      input.keep();
      const turn = input.connection.moved(size);
      if (turn !== undefined) await turn;
      // What frames chunks lay between: the piece is shorter than what was read.
      if (size > 0) return size === piece.length ? piece : new Uint8Array(piece.buffer.transfer(size));
    }
    input.keep();
    return undefined;
  }

  /**
   * Puts what comes next into memory of the caller's, as much as there is and as it has room for.
   *
   * @param target not empty
   * @returns how many bytes; 0 at the end
   * @throws as {@linkcode read} does
   */
  async readInto(target: Uint8Array<ArrayBuffer>): Promise<number> {
    const { input } = this;
    this.#begun = true;
    while (this.#remaining > 0) {
      // No more than there is room for: the rest would have to be kept.
      if (!this.#take(target.length, false)) {
        await this.#wait(false);
        continue;
      }
      const size = this.#fill(target);
      input.keep();
      const turn = input.connection.moved(size);
      if (turn !== undefined) await turn;
      if (size > 0) return size;
    }
    input.keep();
    return 0;
  }

  /**
   * Takes bytes from the socket unless there are some already. They lie in a buffer that all connections share: from here
   * to copying them there must be no pause.
   *
   * @returns false when there are none yet
   */
  #take(most: number, skipping: boolean): boolean {
    const { input } = this;
    if (this.#closed && !skipping) throw new BodyError(ANSWERED);
    if (this.#fault !== undefined) throw new BodyError(this.#fault);
    if (input.length === 0 && !input.take(most)) return false;
    if (input.length === 0) throw new ConnectionLost("Cannot read the request: it ends in its content");
    return true;
  }

  async #wait(skipping: boolean): Promise<void> {
    const { connection } = this.input;
    this.#beforeWait?.();
    this.#beforeWait = undefined;
    this.#waiting = true;
    try {
      await connection.readable(connection.home.times.stall);
    } catch (error) {
      // Not the client's doing.
      if (this.#closed && !skipping) throw new BodyError(ANSWERED);
      this.#waiting = false;
      throw error;
    }
    this.#waiting = false;
  }

  /** Copies content that has been taken; how much. */
  #fill(target: Uint8Array<ArrayBuffer>): number {
    return this.#decoder === undefined ? this.#fillCounted(target) : this.#fillChunked(target, this.#decoder);
  }

  #fillCounted(target: Uint8Array<ArrayBuffer>): number {
    const { input } = this;
    const size = Math.min(input.length, this.#remaining, target.length);
    target.set(input.bytes.subarray(input.start, input.start + size));
    input.start += size;
    this.#remaining -= size;
    return size;
  }

  #fillChunked(target: Uint8Array<ArrayBuffer>, decoder: ChunkedDecoder): number {
    const { input } = this;
    let size = 0;
    while (input.length > 0 && size < target.length) {
      const end = Math.min(input.end, input.start + target.length - size);
      const verdict = decoder.next(input.bytes, input.start, end);
      input.start = decoder.consumed;
      if (verdict === "data") {
        target.set(input.bytes.subarray(decoder.dataStart, decoder.dataEnd), size);
        size += decoder.dataEnd - decoder.dataStart;
      } else if (verdict === "end") {
        this.#remaining = 0;
        break;
      } else if (verdict === "reject") {
        // What came before it is content all the same.
        this.#fault = decoder.why;
        if (size === 0) throw new BodyError(this.#fault);
        break;
      }
    }
    return size;
  }

  /**
   * Reads the rest away, so that the next request can be read behind it. It has been {@linkcode close}d.
   *
   * @returns false when there is more than {@linkcode MAX_SKIP}, or it takes longer than a client may stop for
   * @throws as {@linkcode read} does
   */
  async skip(): Promise<boolean> {
    const { loop, times: { stall } } = this.input.connection.home;
    const until = loop.clock() + stall.milliseconds;
    let skipped = 0;
    for (let piece = await this.#next(true); piece !== undefined; piece = await this.#next(true)) {
      skipped += piece.length;
      if (skipped > MAX_SKIP || loop.clock() > until) return false;
    }
    return true;
  }
}
