/** The content of one request, read from the connection piece by piece as somebody asks for it (RFC 9112, 6). */

import { ChunkedDecoder } from "../../http/chunked.ts";
import { ConnectionLost } from "../connection/connection.ts";
import { ANY_CONTENT, ContentPace, type ContentTerms } from "./content_terms.ts";
import type { Input } from "./input.ts";

const ANSWERED = "it has been answered";
const TOO_LONG = "its content is too long";
const TOO_SLOW = "its content comes too slowly";

/** The body is not what its framing said, so that the connection cannot go on; or it is read too late. */
export class BodyError extends Error {
  override name = "BodyError";

  /**
   * @param why what is wrong, in plain words
   * @param status to answer with, where nothing was said yet
   */
  constructor(readonly why: string, readonly status: 400 | 408 | 413 = 400) {
    super(`Cannot read the request: ${why}`);
  }
}

/** Content that nobody has asked for is read away up to this size, in bytes; for more the connection closes. */
export const MAX_SKIP = 262_144;

/** Reads the content and stops exactly where it ends. Nothing is read ahead of who asks, so memory does not grow. */
export class RequestBody {
  /** Bytes still to come; with chunked coding Infinity until the last chunk. */
  #remaining: number;
  /** The same before anything was read. */
  readonly #length: number;
  readonly #decoder: ChunkedDecoder | undefined;
  readonly #terms: ContentTerms;
  #pace: ContentPace | undefined;
  /** What was read before anybody asked for it. */
  #ahead: Uint8Array<ArrayBuffer>[] | undefined;
  /** What is wrong with it, behind what has been read. */
  #fault: BodyError | undefined;
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
   * @param terms what is asked of it
   */
  constructor(
    readonly input: Input,
    contentLength: number,
    chunked: boolean,
    beforeWait: (() => void) | undefined,
    terms: ContentTerms = ANY_CONTENT,
  ) {
    this.#terms = terms;
    if (contentLength > terms.most) this.#fault = new BodyError(TOO_LONG, 413);
    this.#length = this.#remaining = chunked ? Infinity : Math.max(0, contentLength);
    this.#decoder = chunked ? new ChunkedDecoder() : undefined;
    this.#beforeWait = beforeWait;
  }

  /** Whether all of it has been read. */
  get done(): boolean {
    return this.#remaining === 0 && !this.#ahead?.length;
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

  /** Whether nothing of it has been taken from the connection, nor its client been asked for it. */
  get untouched(): boolean {
    return !this.#begun && this.#ahead === undefined && this.#remaining === this.#length;
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
    const ahead = this.#ahead?.shift();
    return ahead === undefined ? this.#next(false) : Promise.resolve(ahead);
  }

  /**
   * Reads ahead, up to all of it: so that whoever is about to take something scarce takes it when the content is there. A
   * client that waits to be asked for it is not asked: whether it is wanted, somebody else decides.
   *
   * @param most bytes to keep in memory until {@linkcode read} takes them; there may be a piece more
   * @throws as {@linkcode read} does
   */
  async fill(most: number): Promise<void> {
    if (this.unasked) return;
    for (let size = 0; size < most && this.#remaining > 0;) {
      const piece = await this.#next(false);
      if (piece === undefined) break;
      size += piece.length;
      (this.#ahead ??= []).push(piece);
    }
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
    const ahead = this.#ahead?.shift();
    if (ahead !== undefined) {
      const size = Math.min(ahead.length, target.length);
      target.set(ahead.subarray(0, size));
      if (size < ahead.length) this.#ahead!.unshift(ahead.subarray(size));
      return size;
    }
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
    if (this.#fault !== undefined) throw this.#fault;
    if (input.length === 0 && !input.take(most)) return false;
    if (input.length === 0) throw new ConnectionLost("Cannot read the request: it ends in its content");
    return true;
  }

  async #wait(skipping: boolean): Promise<void> {
    const { connection } = this.input;
    this.#beforeWait?.();
    this.#beforeWait = undefined;
    const { loop, times: { stall } } = connection.home;
    const begun = loop.clock();
    const pace = this.#paced();
    const left = pace.left(begun);
    this.#waiting = true;
    const came = left > 0 && await connection.readableWithin(stall, Math.min(left, stall.milliseconds));
    const waited = loop.clock() - begun;
    pace.waited(waited);
    // Not the client's doing.
    if (this.#closed && !skipping) throw new BodyError(ANSWERED);
    this.#waiting = false;
    if (came) return;
    if (connection.closed || left > stall.milliseconds || waited < left) {
      throw new ConnectionLost("Cannot receive: the client sent nothing in time");
    }
    throw this.#fault = new BodyError(TOO_SLOW, 408);
  }

  /** Most requests have no content, and none of this. */
  #paced(): ContentPace {
    return this.#pace ??= new ContentPace(this.#terms);
  }

  /** Copies content that has been taken; how much. */
  #fill(target: Uint8Array<ArrayBuffer>): number {
    const size = this.#decoder === undefined
      ? this.#fillCounted(target)
      : this.#fillChunked(target, this.#decoder);
    if (this.#paced().received(size)) throw this.#fault = new BodyError(TOO_LONG, 413);
    return size;
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
        this.#fault = new BodyError(decoder.why);
        if (size === 0) throw this.#fault;
        break;
      }
    }
    return size;
  }

  /**
   * Reads the rest away, so that the next request can be read behind it. It has been {@linkcode close}d.
   *
   * @returns false when there is more than {@linkcode MAX_SKIP}, it takes longer than a client may stop for, or what comes is
   *   no content
   * @throws {ConnectionLost} when the client has gone
   */
  async skip(): Promise<boolean> {
    const { loop, times: { stall } } = this.input.connection.home;
    const until = loop.clock() + stall.milliseconds;
    let skipped = this.#ahead?.reduce((size, piece) => size + piece.length, 0) ?? 0;
    this.#ahead = undefined;
    try {
      for (let piece = await this.#next(true); piece !== undefined; piece = await this.#next(true)) {
        skipped += piece.length;
        if (skipped > MAX_SKIP || loop.clock() > until) return false;
      }
      return true;
    } catch (error) {
      if (error instanceof BodyError) return false;
      throw error;
    }
  }
}
