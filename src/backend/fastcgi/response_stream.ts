/** What an application answers on a FastCGI connection, as a stream of bytes and its end. */

import { OVERLOADED, RecordReader, REQUEST_COMPLETE } from "../../fastcgi/records.ts";
import { Gathered } from "../../http/growing.ts";
import type { Steps } from "../../loop/course.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import type { Loop } from "../../loop/loop.ts";
import type { Author, Output } from "../exec/cgi/answering.ts";
import type { UpstreamConnection } from "../relay/upstream_connection.ts";
import { UpstreamError } from "../relay/upstream_error.ts";

/** Bytes of the application's standard error that are kept of a request. */
const MOST_SAID = 4_096;
/** Bytes that may come without a wait before everybody else has a turn. */
const FAIR = 1 << 20;

/** The response on one connection: both its bytes and who writes them. The connection stays the caller's. */
export class ResponseStream implements Output, Author {
  ended = false;
  late = false;
  /** The application has said that the request has ended, and nothing is behind that: another may follow. */
  whole = false;
  /** Why there is no response, or not all of it. */
  fault: UpstreamError | undefined;
  readonly #reader = new RecordReader();
  readonly #pieces: Uint8Array<ArrayBuffer>[] = [];
  readonly #said = new Gathered();
  #sinceTurn = 0;

  /** @param patience how long the application may be silent */
  constructor(readonly upstream: UpstreamConnection, readonly patience: Deadlines, readonly loop: Loop) {}

  take(): Uint8Array<ArrayBuffer> | undefined {
    while (this.#pieces.length === 0 && !this.ended && this.#receive());
    return this.#pieces.shift();
  }

  *read(): Steps<Uint8Array<ArrayBuffer> | undefined> {
    for (;;) {
      const piece = this.take();
      if (this.#sinceTurn >= FAIR) {
        this.#sinceTurn = 0;
        yield this.loop.others;
      }
      if (piece !== undefined || this.ended) return piece;
      this.#sinceTurn = 0;
      try {
        yield* this.upstream.untilReadable(this.patience);
      } catch (error) {
        this.#fail(error);
      }
    }
  }

  /** It has ended by now, in one way or the other. */
  // deno-lint-ignore require-yield -- of others it is waited for
  *endsSoon(): Steps<{ readonly killed: boolean }> {
    return { killed: this.fault !== undefined };
  }

  /** What it wrote to its standard error, cut where it is too much; lines that are not empty. */
  get said(): readonly string[] {
    if (this.#said.length === 0) return [];
    return new TextDecoder().decode(this.#said.bytes).split(/[\r\n]+/).filter((line) => line.trim() !== "");
  }

  /** Takes what the socket has; false when it has nothing yet. */
  #receive(): boolean {
    const { upstream } = this;
    try {
      if (!upstream.take()) return false;
      if (upstream.length === 0 && upstream.ended) {
        throw new UpstreamError("it ended the connection before its response", 502, !upstream.answered);
      }
      this.#sinceTurn += upstream.length;
      const read = this.#reader.read(upstream.bytes.subarray(upstream.start, upstream.end), this);
      if (typeof read === "string") throw new UpstreamError(read);
      upstream.start += read;
      if (this.#reader.ended) {
        this.ended = true;
        this.whole = this.fault === undefined;
      }
    } catch (error) {
      this.#fail(error);
    }
    return true;
  }

  #fail(error: unknown): void {
    if (!(error instanceof UpstreamError)) throw error;
    this.fault = error;
    this.late = error.status === 504;
    this.ended = true;
  }

  stdout(piece: Uint8Array<ArrayBuffer>): void {
    // The buffer is shared by all connections.
    this.#pieces.push(piece.slice());
  }

  stderr(piece: Uint8Array<ArrayBuffer>): void {
    this.#said.add(piece.subarray(0, Math.max(0, MOST_SAID - this.#said.length)));
  }

  requestEnded(status: number): void {
    if (status === REQUEST_COMPLETE) return;
    this.fault = status === OVERLOADED
      ? new UpstreamError("it is overloaded", 503)
      : new UpstreamError(`it refused the request (protocol status ${status})`);
  }
}
