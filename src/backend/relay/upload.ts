/** The content of a request on its way to the upstream, beside the response that is waited for. */

import { Course, type Steps, type Wait } from "../../loop/course.ts";
import { type Deadlines, Timed } from "../../loop/deadlines.ts";
import type { Exchange } from "../http/exchange.ts";
import { framedAsChunk, lastChunk, room } from "./relay_buffer.ts";
import { type RelayedRequest, requestTrailers } from "./request_head.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";
import { UpstreamError } from "./upstream_error.ts";

/** How an upload is timed. */
export interface UploadDeadlines {
  /** For the upstream to take a piece. */
  readonly upstream: Deadlines;
  /** For it to say 100 (Continue), before the content is sent all the same (RFC 9110, 10.1.1). */
  readonly continue: Deadlines;
}

/**
 * Sends the content of a request that is not all here, in steps of its own. It reads a piece only when the one before has
 * left, so memory does not grow.
 */
export class Upload extends Timed {
  /** All of it was sent. */
  complete = false;
  /** What went wrong at the client's end. */
  failure: { readonly error: unknown } | undefined;
  /** Whether the upstream wants it; undefined while that is not known. */
  #wanted: boolean | undefined;
  /** Waits for that. */
  #atGate: ((came: boolean) => void) | undefined;
  #cancelled = false;
  #over = false;
  #whenOver: ((came: boolean) => void) | undefined;

  constructor(
    readonly exchange: Exchange,
    readonly upstream: UpstreamConnection,
    readonly request: RelayedRequest,
    readonly times: UploadDeadlines,
  ) {
    super();
  }

  /** Begins it. What the upstream has sent must have been kept. */
  begin(): void {
    const { request, times, upstream } = this;
    if (request.expectsContinue) times.continue.start(this);
    else this.#wanted = true;
    // As long as content is under way, silence may be the client's.
    upstream.excuse();
    Course.begin(this.#run());
  }

  /** The upstream wants the content. What it has sent must have been kept. The client is told when it is read (`RequestBody`). */
  open(): void {
    this.#decide(true);
  }

  /** The upstream has responded without wanting the content: what was not asked for stays unasked. */
  refuse(): void {
    this.#decide(false);
  }

  /** The upstream has not said 100 in time: it may not know of it. */
  override expire(): void {
    this.#decide(true);
  }

  #decide(wanted: boolean): void {
    this.stopDeadline();
    this.#wanted ??= wanted;
    const go = this.#atGate;
    this.#atGate = undefined;
    go?.(true);
  }

  *#run(): Steps<void> {
    try {
      if (this.#wanted === undefined) {
        yield (resume) => {
          this.#atGate = resume;
          return false;
        };
      }
      if (this.#wanted) yield* this.#send();
    } catch (error) {
      // An upstream that reads no further may have responded, or is about to: whoever reads from it finds out.
      if (!(error instanceof UpstreamError || this.#cancelled)) {
        this.failure = { error };
        this.upstream.close();
      }
    }
    this.upstream.demand(this.times.upstream);
    this.#over = true;
    this.#whenOver?.(true);
  }

  *#send(): Steps<void> {
    const { exchange: { body, connection }, request, upstream } = this;
    const chunked = request.framing === "chunked";
    for (let ended = false; !ended;) {
      const size = body.takeInto(room);
      if (size === undefined) {
        yield* body.more();
        continue;
      }
      ended = size === 0 || body.done;
      // The end leaves in one packet with the last piece where that is known to be the last: an upstream that responds
      // without reading on and closes would answer a packet that comes later with a reset, and its response with a broken
      // connection.
      const trailers = chunked && ended ? requestTrailers(request, body) : "";
      const bytes = chunked ? framedAsChunk(0, size, ended && trailers === "") : room.subarray(0, size);
      const sent = upstream.send(bytes, trailers !== "");
      // Others use the buffer while this waits. What went wrong, if anything did, is found out again.
      if (sent < bytes.byteLength) yield* this.#sendOut(bytes.slice(Math.max(0, sent)));
      if (trailers !== "") yield* this.#sendOut(lastChunk(trailers));
      yield* connection.giveWay(size);
    }
    this.complete = true;
  }

  #sendOut(bytes: Uint8Array<ArrayBuffer>): Steps<void> {
    return this.upstream.sendOut(bytes, this.times.upstream);
  }

  /**
   * Ends it. The upstream's connection must be closed, and nobody be sending to the client.
   *
   * @returns a wait until nobody reads from the client any more
   */
  cancel(): Wait {
    this.#cancelled = true;
    this.refuse();
    if (!this.complete && !this.exchange.connection.closed) this.exchange.connection.interrupt();
    return (resume) => {
      this.#whenOver = resume;
      return this.#over;
    };
  }
}
