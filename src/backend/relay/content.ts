/** The content of a response on its way to the client, framed as the client can read it (RFC 9112, 6 and 7). */

import { ChunkedDecoder } from "../../http/chunked.ts";
import type { Steps } from "../../loop/course.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import type { Loop } from "../../loop/loop.ts";
import type { Connection } from "../connection/connection.ts";
import type { Exchange } from "../http/exchange.ts";
import { framedAsChunk, lastChunk, room } from "./relay_buffer.ts";
import { splice, WORTH_SPLICING } from "./spliced.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";
import { UpstreamError } from "./upstream_error.ts";

/** Bytes that may pass without a pause, before everybody else has a turn. */
const FAIR = 1 << 20;

const ZERO = new TextEncoder().encode("0");

/** Relays the content of one response. It reads only when what it read before has left, so memory does not grow. */
export class ContentRelay {
  #sinceTurn = 0;
  readonly #loop: Loop;
  readonly client: Connection;
  #splices: boolean;
  /** Between two chunks, where something may be put in. */
  #between = false;

  /**
   * @param chunked whether the client gets chunks; otherwise it counts bytes, or waits for the connection's end
   * @param deadlines for the upstream, from one piece to the next
   */
  constructor(
    readonly upstream: UpstreamConnection,
    readonly exchange: Exchange,
    readonly chunked: boolean,
    readonly deadlines: Deadlines,
  ) {
    this.client = exchange.connection;
    this.#loop = this.client.home.loop;
    // What the kernel passes on is not coded.
    this.#splices = upstream.splices && !exchange.coded;
  }

  /** Relays so many bytes. */
  *counted(length: number): Steps<void> {
    const { upstream } = this;
    for (let rest = length; rest > 0;) {
      if (upstream.length === 0 && rest >= WORTH_SPLICING && this.#splices) {
        rest -= yield* splice(upstream, this.client, rest, this.deadlines);
        this.#splices = false;
        continue;
      }
      yield* this.#fill("its response ends before its content does");
      upstream.share();
      const from = upstream.start;
      const to = from + Math.min(upstream.length, rest);
      rest -= to - from;
      upstream.start = to;
      yield* this.#send(from, to, false);
    }
  }

  /**
   * Relays up to the last chunk. Sizes of chunks are a matter of one connection.
   *
   * @param trailers what of the upstream's trailer section goes on; only where the client gets chunks
   */
  *untilLastChunk(trailers: (section: string) => string): Steps<void> {
    const { upstream } = this;
    const decoder = new ChunkedDecoder();
    for (;;) {
      yield* this.#fill("its response ends before its last chunk");
      upstream.share();
      const from = upstream.start;
      let to = from;
      let verdict: ReturnType<ChunkedDecoder["next"]>;
      do {
        verdict = decoder.next(room, upstream.start, upstream.end);
        upstream.start = decoder.consumed;
        if (verdict === "reject") throw new UpstreamError(`its response is malformed: ${decoder.why}`);
        if (verdict !== "data") break;
        room.copyWithin(to, decoder.dataStart, decoder.dataEnd);
        to += decoder.dataEnd - decoder.dataStart;
      } while (upstream.length > 0);
      if (verdict !== "end") {
        yield* this.#send(from, to, false);
        continue;
      }
      const section = this.chunked ? trailers(decoder.trailers) : "";
      if (this.exchange.coded) {
        yield* this.#code(from, to);
        return yield* this.exchange.finish(lastChunk(section));
      }
      yield* this.#send(from, to, section === "");
      if (section !== "") {
        const end = lastChunk(section);
        this.client.framing += end.length;
        yield* this.client.sendOn(end);
      }
      return;
    }
  }

  /** Relays up to the end of the connection. */
  *untilEnd(): Steps<void> {
    const { upstream } = this;
    for (;;) {
      yield* this.#fill(undefined);
      if (upstream.length === 0) return yield* this.#send(0, 0, true);
      upstream.share();
      const { start, end } = upstream;
      upstream.start = end;
      yield* this.#send(start, end, false);
    }
  }

  /**
   * Sends a byte that says nothing, while the upstream is waited for and chunks are sent: a zero in front of the size of
   * the next one (RFC 9112, 7.1). A client that is gone answers with a reset.
   */
  probe(): void {
    if (this.exchange.coded) this.exchange.probe();
    else if (this.#between) this.client.framing += Math.max(0, this.client.send(ZERO, false));
  }

  /** Waits until there is something. @param early what it means when the connection ends instead, if it may not */
  *#fill(early: string | undefined): Steps<void> {
    const { upstream } = this;
    while (upstream.length === 0) {
      if (!upstream.take()) {
        this.#sinceTurn = 0;
        if (this.exchange.coded) yield* this.exchange.flush();
        this.#between = this.chunked;
        yield* upstream.untilReadable(this.deadlines);
        this.#between = false;
      } else if (upstream.ended) {
        if (early === undefined) return;
        throw new UpstreamError(early);
      }
    }
  }

  /** Sends `room[from, to)`. What does not leave at once is copied first: others use the buffer meanwhile. */
  *#send(from: number, to: number, last: boolean): Steps<void> {
    if (this.exchange.coded) {
      yield* this.#code(from, to);
      if (last) yield* this.exchange.finish();
      return;
    }
    // What follows the content in the buffer would be overwritten by its framing.
    this.upstream.keep();
    const bytes = this.chunked ? framedAsChunk(from, to, last) : room.subarray(from, to);
    this.client.framing += bytes.byteLength - (to - from);
    if (bytes.byteLength > 0) {
      const sent = this.client.send(bytes, false);
      if (sent < bytes.byteLength) {
        return yield* this.client.sendOn(bytes.slice(Math.max(0, sent)));
      }
    }
    this.#sinceTurn += to - from;
    if (this.#sinceTurn < FAIR) return;
    this.#sinceTurn = 0;
    yield this.#loop.others;
  }

  /** Sends `room[from, to)` through a coding, which copies it first, and frames what it makes of it. */
  *#code(from: number, to: number): Steps<void> {
    this.upstream.keep();
    yield* this.exchange.write(room.subarray(from, to), true);
  }
}
