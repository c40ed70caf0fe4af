/** The content of one request, read from the connection piece by piece as somebody asks for it (RFC 9112, 6). */

import { promised, type Steps } from "../../loop/course.ts";
import { ConnectionLost } from "../connection/connection.ts";
import { ContentFraming } from "./content_framing.ts";
import { ANY_CONTENT, ContentPace, type ContentTerms } from "./content_terms.ts";
import type { Input } from "./input.ts";

const ANSWERED = "it has been answered";
const ENDS = "Cannot read the request: it ends in its content";
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
  readonly #framing: ContentFraming;
  /** Bytes that were to come before anything was read. */
  readonly #length: number;
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
    this.#framing = new ContentFraming(contentLength, chunked);
    this.#length = this.#framing.remaining;
    this.#beforeWait = beforeWait;
  }

  /** Whether all of it has been read. */
  get done(): boolean {
    return this.#framing.remaining === 0 && !this.#ahead?.length;
  }

  /** When all of it has been read: the lines of its trailer section, each with its CRLF. */
  get trailers(): string {
    return this.#framing.trailers;
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
    return !this.#begun && this.#ahead === undefined && this.#framing.remaining === this.#length;
  }

  /** Whether nobody has begun to read it, and it is known to be too long to be read away. */
  get tooLong(): boolean {
    return !this.#begun && this.#framing.remaining !== Infinity && this.#framing.remaining > MAX_SKIP;
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
    return promised(this.next());
  }

  /** The same in steps. */
  *next(): Steps<Uint8Array<ArrayBuffer> | undefined> {
    this.#begun = true;
    return this.#ahead?.shift() ?? (yield* this.#next(false));
  }

  /**
   * Reads ahead, up to all of it: so that whoever is about to take something scarce takes it when the content is there. A
   * client that waits to be asked for it is not asked: whether it is wanted, somebody else decides.
   *
   * @param most bytes to keep in memory until {@linkcode read} takes them; there may be a piece more
   * @throws as {@linkcode read} does
   */
  *fill(most: number): Steps<void> {
    if (this.unasked) return;
    for (let size = 0; size < most && this.#framing.remaining > 0;) {
      const piece = yield* this.#next(false);
      if (piece === undefined) break;
      size += piece.length;
      (this.#ahead ??= []).push(piece);
    }
  }

  /** @param skipping it is read away, not by the handler */
  *#next(skipping: boolean): Steps<Uint8Array<ArrayBuffer> | undefined> {
    const { input } = this;
    while (this.#framing.remaining > 0) {
      if (!this.#take(Infinity, skipping)) {
        yield* this.#wait(skipping);
        continue;
      }
      const piece = new Uint8Array(Math.min(input.length, this.#framing.remaining));
      const size = this.#fill(piece);
      input.keep();
      yield* input.connection.giveWay(size);
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
  readInto(target: Uint8Array<ArrayBuffer>): Promise<number> {
    return promised(this.#into(target));
  }

  *#into(target: Uint8Array<ArrayBuffer>): Steps<number> {
    for (;;) {
      const size = this.takeInto(target);
      if (size === undefined) yield* this.more();
      else {
        yield* this.input.connection.giveWay(size);
        return size;
      }
    }
  }

  /**
   * The same with what has come, for whoever goes on in steps.
   *
   * @returns undefined where there is nothing at this moment: {@linkcode more} waits for it
   */
  takeInto(target: Uint8Array<ArrayBuffer>): number | undefined {
    const { input } = this;
    this.#begun = true;
    const ahead = this.#ahead?.shift();
    if (ahead !== undefined) {
      const size = Math.min(ahead.length, target.length);
      target.set(ahead.subarray(0, size));
      if (size < ahead.length) this.#ahead!.unshift(ahead.subarray(size));
      return size;
    }
    while (this.#framing.remaining > 0) {
      if (input.length === 0 && this.#framing.counted) {
        this.#check(false);
        const size = input.takeTo(target, this.#framing.remaining);
        if (size < 0) return undefined;
        if (size === 0) throw new ConnectionLost(ENDS);
        this.#framing.remaining -= size;
        this.#received(size);
        return size;
      }
      // No more than there is room for: the rest would have to be kept.
      if (!this.#take(target.length, false)) return undefined;
      const size = this.#fill(target);
      input.keep();
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
    this.#check(skipping);
    if (input.length === 0 && !input.take(most)) return false;
    if (input.length === 0) throw new ConnectionLost(ENDS);
    return true;
  }

  #check(skipping: boolean): void {
    if (this.#closed && !skipping) throw new BodyError(ANSWERED);
    if (this.#fault !== undefined) throw this.#fault;
  }

  /** Waits until {@linkcode takeInto} has something to take. @throws as {@linkcode read} does */
  more(): Steps<void> {
    return this.#wait(false);
  }

  *#wait(skipping: boolean): Steps<void> {
    const { connection } = this.input;
    const { stall } = connection.home.times;
    const begun = this.#beginWait();
    const left = this.#paced().left(begun);
    const came = left > 0 &&
      (yield (resume) => connection.awaitInput(stall, Math.min(left, stall.milliseconds), resume));
    this.#endWait(came && !connection.closed, begun, left, skipping);
  }

  /** @returns when it begins */
  #beginWait(): number {
    this.#beforeWait?.();
    this.#beforeWait = undefined;
    this.#waiting = true;
    return this.input.connection.home.loop.clock();
  }

  /** @param left milliseconds that the client had */
  #endWait(came: boolean, begun: number, left: number, skipping: boolean): void {
    const { connection, connection: { home: { loop, times: { stall } } } } = this.input;
    const waited = loop.clock() - begun;
    this.#paced().waited(waited);
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
    const size = this.#framing.fill(this.input, target);
    const { why } = this.#framing;
    if (why !== "") {
      this.#fault = new BodyError(why);
      // What came before it is content all the same.
      if (size === 0) throw this.#fault;
    }
    this.#received(size);
    return size;
  }

  #received(size: number): void {
    if (this.#paced().received(size)) throw this.#fault = new BodyError(TOO_LONG, 413);
  }

  /**
   * Reads the rest away, so that the next request can be read behind it. It has been {@linkcode close}d.
   *
   * @returns false when there is more than {@linkcode MAX_SKIP}, it takes longer than a client may stop for, or what comes is
   *   no content
   * @throws {ConnectionLost} when the client has gone
   */
  *skip(): Steps<boolean> {
    const { loop, times: { stall } } = this.input.connection.home;
    const until = loop.clock() + stall.milliseconds;
    let skipped = this.#ahead?.reduce((size, piece) => size + piece.length, 0) ?? 0;
    this.#ahead = undefined;
    try {
      for (let piece; (piece = yield* this.#next(true)) !== undefined;) {
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
