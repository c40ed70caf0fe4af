/** A request and its content on their way to an application, beside the response that is waited for. */

import { HEADER, MAX_CONTENT, NO_MORE_CONTENT, putContentHeader } from "../../fastcgi/records.ts";
import { Course, type Steps, type Wait } from "../../loop/course.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import type { Connection } from "../connection/connection.ts";
import type { RequestBody } from "../http/request_body.ts";
import { room } from "../relay/relay_buffer.ts";
import type { UpstreamConnection } from "../relay/upstream_connection.ts";
import { UpstreamError } from "../relay/upstream_error.ts";

/** Where content comes from: a client, or memory. */
export type Content = Pick<RequestBody, "done" | "takeInto" | "more">;

/** Bytes of a request's beginning behind which there is room for all that a record of content can have, and for the end. */
const MOST_JOINED = room.length - HEADER - MAX_CONTENT - HEADER;

/**
 * Sends what begins a request, and its content. What is there leaves in one piece, mostly all of it and at once; the rest
 * goes in steps of its own, which take a piece only when the one before has left, so memory does not grow.
 */
export class StdinFeed {
  /** All of it was sent. */
  complete = false;
  /** What went wrong at the client's end. */
  failure: { readonly error: unknown } | undefined;
  /** The end of the content is sent, or about to be. */
  #ended = false;
  #cancelled = false;
  /** It has no steps to go. */
  #over = true;
  #whenOver: ((came: boolean) => void) | undefined;

  /**
   * @param client whose content it is
   * @param patience how long the application may take for a piece
   * @param content undefined for none
   */
  constructor(
    readonly client: Connection,
    readonly upstream: UpstreamConnection,
    readonly patience: Deadlines,
    readonly content: Content | undefined,
  ) {}

  /**
   * Begins it.
   *
   * @param request what begins the request, in memory of its own
   * @throws what is wrong with the client's content
   */
  begin(request: Uint8Array<ArrayBuffer>): void {
    let unsent: Uint8Array<ArrayBuffer> | undefined = request;
    if (request.length <= MOST_JOINED) {
      room.set(request);
      unsent = this.#send(this.#gather(request.length));
    }
    if (unsent === undefined && this.#ended) {
      this.complete = true;
      return;
    }
    // As long as content is under way, silence may be the client's.
    this.upstream.excuse();
    this.#over = false;
    Course.begin(this.#run(unsent));
  }

  /** Puts what has come of the content behind so many bytes in the shared buffer; how many there are then. */
  #gather(at: number): number {
    const { content } = this;
    const start = at + HEADER;
    const size = content?.done === false ? content.takeInto(room.subarray(start, start + MAX_CONTENT)) : 0;
    // Nothing has come yet.
    if (size === undefined) return at;
    let end = at;
    if (size > 0) {
      putContentHeader(room, at, size);
      end = start + size;
      if (!content!.done) return end;
    }
    this.#ended = true;
    room.set(NO_MORE_CONTENT, end);
    return end + NO_MORE_CONTENT.length;
  }

  /** Sends so many bytes of the shared buffer; what has not left, in memory of its own. */
  #send(length: number): Uint8Array<ArrayBuffer> | undefined {
    // What went wrong, if anything did, is found out again.
    const sent = Math.max(0, this.upstream.send(room, false, length));
    return sent === length ? undefined : room.slice(sent, length);
  }

  *#run(first: Uint8Array<ArrayBuffer> | undefined): Steps<void> {
    const { client, content, upstream, patience } = this;
    try {
      for (let unsent = first;;) {
        if (unsent !== undefined) yield* upstream.sendOut(unsent, patience);
        if (this.#ended) break;
        const length = this.#gather(0);
        unsent = length === 0 ? undefined : this.#send(length);
        if (length === 0) yield* content!.more();
        else yield* client.giveWay(length);
      }
      this.complete = true;
    } catch (error) {
      // An application that reads no further may have responded, or is about to: whoever reads from it finds out.
      if (!(error instanceof UpstreamError || this.#cancelled)) {
        this.failure = { error };
        upstream.close();
      }
    }
    upstream.demand(patience);
    this.#over = true;
    this.#whenOver?.(true);
  }

  /**
   * Ends it. The upstream's connection must be closed unless all was sent, and nobody be sending to the client.
   *
   * @returns a wait until nobody reads from the client any more
   */
  cancel(): Wait {
    this.#cancelled = true;
    if (!this.#over && !this.client.closed) this.client.interrupt();
    return (resume) => {
      this.#whenOver = resume;
      return this.#over;
    };
  }
}
