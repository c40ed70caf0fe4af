/** One request on one connection to an application, and its response. */

import type { Steps } from "../../loop/course.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import { ConnectionLost } from "../connection/connection.ts";
import { Answering, OutputError } from "../exec/cgi/answering.ts";
import type { Exchange } from "../http/exchange.ts";
import type { UpstreamConnection } from "../relay/upstream_connection.ts";
import { UpstreamError } from "../relay/upstream_error.ts";
import { ResponseStream } from "./response_stream.ts";
import { type Content, StdinFeed } from "./stdin_feed.ts";

/** Asks for one exchange, as long as its client is there. */
export class Asking {
  #gone = false;
  readonly #stream: ResponseStream;
  readonly #feed: StdinFeed;

  /**
   * @param upstream owned by the caller, but closed here when it cannot be used again
   * @param request what begins the request
   * @param content undefined for none
   * @param patience how long the application may be silent, or take for a piece of content
   */
  constructor(
    readonly exchange: Exchange,
    readonly upstream: UpstreamConnection,
    readonly request: Uint8Array<ArrayBuffer>,
    content: Content | undefined,
    patience: Deadlines,
  ) {
    const { connection } = exchange;
    this.#stream = new ResponseStream(upstream, patience, connection.home.loop);
    this.#feed = new StdinFeed(connection, upstream, patience, content);
  }

  /** What the application wrote to its standard error: lines that are not empty. */
  get said(): readonly string[] {
    return this.#stream.said;
  }

  /**
   * Sends the request, and passes on what the application says.
   *
   * @returns where a local redirect leads, if the application answers with one
   * @throws {UpstreamError} when there is no response, and nothing was sent
   * @throws {ConnectionLost} when the client is gone, or must not take what it has for the whole
   */
  *run(): Steps<string | undefined> {
    const { exchange, exchange: { connection }, upstream } = this;
    const stream = this.#stream;
    const feed = this.#feed;
    connection.onGone(() => this.#leave());
    upstream.answered = false;
    try {
      feed.begin(this.request);
      const location = yield* new Answering(exchange, stream, stream).run();
      // What a response with a Content-Length leaves behind it is its end.
      while (!stream.ended) yield* stream.read();
      return location;
    } catch (error) {
      upstream.close();
      if (feed.failure !== undefined) throw feed.failure.error;
      if (this.#gone) throw new ConnectionLost("Cannot respond: the client is gone");
      if (!(error instanceof OutputError)) throw error;
      throw stream.fault ?? new UpstreamError(error.why);
    } finally {
      connection.onGone(undefined);
      // The response is whole, but the content was not wanted.
      if (!stream.whole || !feed.complete) upstream.close();
      yield feed.cancel();
    }
  }

  #leave(): void {
    this.#gone = true;
    this.upstream.close();
  }
}
