/** The content of a request on its way to the upstream, beside the response that is waited for. */

import { chunkHead, CRLF } from "../../http/chunked.ts";
import { type Deadlines, Timed } from "../../loop/deadlines.ts";
import type { Exchange } from "../http/exchange.ts";
import { lastChunk } from "./relay_buffer.ts";
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

/** Sends the content of a request that is not all here. It reads a piece only when the one before has left, so memory does not grow. */
export class Upload extends Timed {
  /** Settles, never rejects, when nothing more will be read or sent. */
  readonly settled: Promise<void>;
  /** All of it was sent. */
  complete = false;
  /** What went wrong at the client's end. */
  failure: { readonly error: unknown } | undefined;
  readonly #gate = Promise.withResolvers<boolean>();
  #cancelled = false;

  constructor(
    readonly exchange: Exchange,
    readonly upstream: UpstreamConnection,
    readonly request: RelayedRequest,
    readonly times: UploadDeadlines,
  ) {
    super();
    if (request.expectsContinue) times.continue.start(this);
    else this.#gate.resolve(true);
    // As long as content is under way, silence may be the client's.
    upstream.excuse();
    this.settled = this.#run().finally(() => upstream.demand(times.upstream));
    exchange.connection.home.loop.beside(this.settled, () => {}, () => {});
  }

  /** The upstream wants the content. The client is told when it is read (`RequestBody`). */
  open(): void {
    this.stopDeadline();
    this.#gate.resolve(true);
  }

  /** The upstream has responded without wanting the content: what was not asked for stays unasked. */
  refuse(): void {
    this.stopDeadline();
    this.#gate.resolve(false);
  }

  /** The upstream has not said 100 in time: it may not know of it. */
  override expire(): void {
    this.#gate.resolve(true);
  }

  async #run(): Promise<void> {
    if (!await this.#gate.promise) return;
    try {
      const { body } = this.exchange;
      const chunked = this.request.framing === "chunked";
      let ended = false;
      for (let piece = await body.read(); piece !== undefined; piece = await body.read()) {
        ended = body.done;
        if (chunked) await this.#sendChunk(piece, ended);
        else await this.#sendAll(piece);
      }
      if (chunked && !ended) await this.#sendAll(this.#lastChunk());
      this.complete = true;
    } catch (error) {
      // An upstream that reads no further may have responded, or is about to: whoever reads from it finds out.
      if (error instanceof UpstreamError || this.#cancelled) return;
      this.failure = { error };
      this.upstream.close();
    }
  }

  /**
   * Sends a piece as a chunk.
   *
   * @param last whether it is known to be the last one. Then the end leaves in one packet with it: an upstream that
   *   responds without reading on and closes would answer a packet that comes later with a reset, and its response with a
   *   broken connection
   */
  async #sendChunk(piece: Uint8Array<ArrayBuffer>, last: boolean): Promise<void> {
    await this.#sendAll(chunkHead(piece.byteLength) as Uint8Array<ArrayBuffer>, true);
    await this.#sendAll(piece, true);
    await this.#sendAll(CRLF as Uint8Array<ArrayBuffer>, last);
    if (last) await this.#sendAll(this.#lastChunk());
  }

  #lastChunk(): Uint8Array<ArrayBuffer> {
    return lastChunk(requestTrailers(this.request, this.exchange.body));
  }

  #sendAll(bytes: Uint8Array<ArrayBuffer>, more = false): Promise<void> {
    return this.upstream.sendAll(bytes, this.times.upstream, more);
  }

  /**
   * Ends it; settles when nobody reads from the client any more. The upstream's connection must be closed, and nobody
   * be sending to the client.
   */
  async cancel(): Promise<void> {
    this.#cancelled = true;
    this.refuse();
    if (!this.complete && !this.exchange.connection.closed) this.exchange.connection.interrupt();
    await this.settled;
  }
}
