/** The content of a request on its way to an application, beside the response that is waited for. */

import { encodeContent, NO_MORE_CONTENT } from "../../fastcgi/records.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import type { Exchange } from "../http/exchange.ts";
import type { RequestBody } from "../http/request_body.ts";
import type { UpstreamConnection } from "../relay/upstream_connection.ts";
import { UpstreamError } from "../relay/upstream_error.ts";

/** Content whose length is not known beforehand is collected, since the application is told it: so many bytes of a request, */
const MOST_COLLECTED = 8_388_608;
/** and of all requests of the process at a time. */
const MOST_COLLECTING = 67_108_864;
let collecting = 0;

/** The content of one request, all of it in memory. */
export class Collected {
  readonly pieces: Uint8Array<ArrayBuffer>[] = [];
  length = 0;

  /** Reads all of a body. @returns why it is not taken, if it is not; what has been read must be {@linkcode release}d then as well */
  async read(body: RequestBody): Promise<"too long" | "too many" | undefined> {
    for (let piece = await body.read(); piece !== undefined; piece = await body.read()) {
      this.length += piece.length;
      collecting += piece.length;
      if (this.length > MOST_COLLECTED) return "too long";
      if (collecting > MOST_COLLECTING) return "too many";
      this.pieces.push(piece);
    }
    return undefined;
  }

  /** It is needed no more. */
  release(): void {
    collecting -= this.length;
    this.length = 0;
    this.pieces.length = 0;
  }
}

/** Sends content. It reads a piece only when the one before has left, so memory does not grow. */
export class StdinFeed {
  /** What went wrong at the client's end. */
  failure: { readonly error: unknown } | undefined;
  /** All of it was sent. */
  complete = false;
  #cancelled = false;
  readonly #settled: Promise<void>;

  /** @param collected what has been read of it already: all, if anything */
  constructor(
    readonly exchange: Exchange,
    readonly upstream: UpstreamConnection,
    readonly patience: Deadlines,
    collected: Collected | undefined,
  ) {
    // As long as content is under way, silence may be the client's.
    upstream.excuse();
    this.#settled = this.#run(collected).finally(() => upstream.demand(patience));
  }

  async #run(collected: Collected | undefined): Promise<void> {
    try {
      for (const piece of collected?.pieces ?? []) await this.#send(piece);
      const { body } = this.exchange;
      for (let piece = await body.read(); piece !== undefined; piece = await body.read()) {
        await this.#send(piece);
      }
      await this.upstream.sendAll(NO_MORE_CONTENT, this.patience);
      this.complete = true;
    } catch (error) {
      // An application that reads no further may have responded, or is about to: whoever reads from it finds out.
      if (error instanceof UpstreamError || this.#cancelled) return;
      this.failure = { error };
      this.upstream.close();
    }
  }

  async #send(piece: Uint8Array<ArrayBuffer>): Promise<void> {
    for (const part of encodeContent(piece)) await this.upstream.sendAll(part, this.patience, true);
  }

  /**
   * Ends it; settles when nobody reads from the client any more. The upstream's connection must be closed unless all was
   * sent, and nobody be sending to the client.
   */
  async cancel(): Promise<void> {
    this.#cancelled = true;
    const { connection, body } = this.exchange;
    if (!this.complete && !body.done && !connection.closed) connection.interrupt();
    await this.#settled;
  }
}
