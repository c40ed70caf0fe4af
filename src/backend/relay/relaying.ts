/** One request on one upstream connection, and its response. */

import { resetConnection } from "../../../ffi/mod.ts";
import { type HeaderField, upgradeProtocols } from "../../http/hop_by_hop.ts";
import { isWorthReading } from "../../http/head_growth.ts";
import { responseHeadText } from "../../http/response_head.ts";
import type { ResponseFraming, ResponseParser } from "../../http/response_parser.ts";
import { announcedTrailers, relayedTrailers } from "../../http/trailers.ts";
import { DONE, type Steps } from "../../loop/course.ts";
import { type Deadlines, Timed } from "../../loop/deadlines.ts";
import { ConnectionLost } from "../connection/connection.ts";
import type { Exchange } from "../http/exchange.ts";
import { latin1Bytes } from "../http/head_text.ts";
import { LENT, ResponseBuffer } from "../http/response_buffer.ts";
import { ContentRelay } from "./content.ts";
import type { RelayedRequest } from "./request_head.ts";
import { ReceivedResponse } from "./received_response.ts";
import { ResponseFields, type View } from "./response_fields.ts";
import { Tunnel } from "./tunnel.ts";
import { Upload } from "./upload.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";
import { ReplacedError, UpstreamError } from "./upstream_error.ts";

/** Memory of the heads that are sent to upstreams. */
const asked = new ResponseBuffer();

/** What all requests of a relay share. */
export interface RelayContext {
  readonly parser: ResponseParser;
  /** Told the status of each final response, and 101, as soon as its head has come. */
  readonly heard?: (status: number) => void;
  readonly deadlines: {
    /** For the upstream: from one byte to the next. */
    readonly upstream: Deadlines;
    readonly continue: Deadlines;
  };
}

/** Milliseconds that an upstream will keep a connection, or Infinity; undefined when the connection is at its end. */
export type Patience = number | undefined;

/**
 * Relays one exchange, as long as its client is there.
 *
 * A client that has closed its connection and one that has only ended its side look the same from here. Before there is a
 * response, both are taken for gone after a moment, as nginx does (499): quick responses still reach those who only ended
 * their side, and the upstream does not work on for nobody. Once the response has begun, what is sent finds it out.
 */
export class Relaying extends Timed {
  #gone = false;
  #endsWithConnection = false;
  #content: ContentRelay | undefined;
  /** How much of a response has been looked at, and is not all of its head. */
  #seen = 0;
  /** What the upstream says of how long it keeps its connection. */
  #kept: string | undefined;

  /** @param upstream owned by the caller, but closed here when it cannot be used again */
  constructor(
    readonly context: RelayContext,
    readonly exchange: Exchange,
    readonly upstream: UpstreamConnection,
    readonly request: RelayedRequest,
    readonly view: View,
  ) {
    super();
  }

  /**
   * Asks the upstream, and passes on what it says.
   *
   * @returns whether the upstream's connection can take another request
   * @throws {UpstreamError} when there was no response, or not all of it; the upstream's connection is closed then
   * @throws {ConnectionLost} when the client is gone; the same
   */
  *run(): Steps<Patience> {
    const { exchange, upstream, request, context: { deadlines } } = this;
    const { connection } = exchange;
    connection.onGone(() => this.#leave(), () => this.#ended());
    upstream.answered = false;
    let upload: Upload | undefined;
    try {
      const unsent = this.#ask();
      if (unsent !== undefined) yield* upstream.sendOut(unsent, deadlines.upstream, this.#contentFollows);
      // A chunked body of no content is not done before its last chunk was read.
      if (!exchange.body.done) {
        upload = new Upload(exchange, upstream, request, deadlines);
        upload.begin();
      }
      const patience = yield* this.#respond(upload);
      if (patience !== undefined && upload?.complete !== false) return patience;
      upstream.close();
      if (upload !== undefined) yield upload.cancel();
      return undefined;
    } catch (error) {
      upstream.close();
      if (upload !== undefined) yield upload.cancel();
      if (this.#endsWithConnection && !connection.closed) {
        // The client takes the connection's end for the end of the content: it must not look like one.
        resetConnection(connection.fd);
      }
      if (upload?.failure !== undefined) throw upload.failure.error;
      if (this.#gone || connection.closed) throw new ConnectionLost("Cannot relay: the client is gone");
      throw error;
    } finally {
      this.stopDeadline();
      connection.onGone(undefined);
    }
  }

  /** Whether content follows the head at once. */
  get #contentFollows(): boolean {
    return !this.exchange.body.done && !this.request.expectsContinue;
  }

  /** Sends the head of the request, with what has come of its content; what has not left, in memory of its own. */
  #ask(): Uint8Array<ArrayBuffer> | undefined {
    const { exchange: { body }, upstream, request } = this;
    let length = asked.put(request.head, "");
    // It has no room there, or is not ASCII.
    if (length < 0) return latin1Bytes(request.head);
    const hasRoom = length < asked.bytes.length;
    if (hasRoom && typeof request.framing === "number" && this.#contentFollows) {
      length += body.takeInto(asked.bytes.subarray(length)) ?? 0;
    }
    const sent = Math.max(0, upstream.send(asked.bytes, this.#contentFollows, length));
    // The memory is everybody's. What went wrong, if anything did, is found out again.
    return sent === length ? undefined : asked.bytes.slice(sent, length);
  }

  /** The client is gone, or might as well be: nobody waits for the upstream any more. */
  #leave(): void {
    this.#gone = true;
    this.upstream.close();
  }

  /** The client has ended its side. */
  #ended(): void {
    if (this.exchange.responded) this.#content?.probe();
    else this.exchange.connection.home.times.abort.start(this);
  }

  /** It has had its moment. What has been sent since then, if anything, is answered with a reset where it is gone. */
  override expire(): void {
    if (this.exchange.responded) return;
    // A client that ends its side behind long content is not gone while that is being read.
    if (this.exchange.body.done) this.#leave();
    else this.#ended();
  }

  /** Passes responses on up to the final one. */
  *#respond(upload: Upload | undefined): Steps<Patience> {
    const { exchange, upstream, request, context: { deadlines } } = this;
    for (;;) {
      const head = this.#readHead();
      if (head === undefined) {
        upstream.check(yield upstream.input(deadlines.upstream));
        continue;
      }
      if (head.status >= 200 || head.status === 101) this.context.heard?.(head.status);
      if (head.status >= 200) {
        upload?.refuse();
        const sent = this.#respondAtOnce(head);
        if (sent === undefined) yield* this.#respondInPieces(head);
        else yield* sent;
        return this.#patience(head);
      }
      if (head.status === 101) {
        if (!request.upgrade) throw new UpstreamError("it changed the protocol, which it was not asked for");
        yield* this.#changeProtocol(head);
        return undefined;
      }
      // 100 is said by whoever reads the content, to a client that waits for it. HTTP/1.0 knows no such responses.
      upstream.keep();
      if (head.status === 100) upload?.open();
      else if (exchange.minor === 1) {
        const { list } = new ResponseFields(head.head, head.minor, this.view);
        yield* exchange.connection.sendOn(latin1Bytes(responseHeadText(head.status, list, head.reason)));
      }
    }
  }

  /** Reads the head of a response out of what has come; nothing where more has to. */
  #readHead(): ReceivedResponse | undefined {
    const { upstream, context: { parser } } = this;
    for (;;) {
      const { bytes, start, end, length } = upstream;
      const verdict = isWorthReading(bytes, start, this.#seen, end, parser.longest)
        ? parser.parse(bytes, start, end)
        : "more";
      this.#seen = verdict === "more" ? length : 0;
      if (verdict === "head") {
        upstream.start = parser.end;
        return new ReceivedResponse(parser, bytes, start, this.exchange.method);
      }
      if (verdict === "reject") throw new UpstreamError(`its response is malformed: ${parser.why}`);
      if (!upstream.take()) return undefined;
      if (upstream.ended) {
        const why = upstream.length === 0
          ? "it ended the connection without a response"
          : "its response ends in its head";
        throw new UpstreamError(why, 502, !upstream.answered);
      }
    }
  }

  /**
   * Responds with what is all there, in one piece.
   *
   * @returns nothing where it is not
   */
  #respondAtOnce(head: ReceivedResponse): Steps<void> | undefined {
    const { exchange, upstream } = this;
    const { framing, length } = head;
    if (framing !== "length" || length! > upstream.length) return undefined;
    const { status, reason, fields } = this.#finalHead(head);
    const { bytes, start } = upstream;
    const end = start + length!;
    upstream.start = end;
    const content = length! > LENT ? bytes.slice(start, end) : bytes.subarray(start, end);
    const sent = exchange.respond(status, fields, content, reason);
    upstream.keep();
    return sent;
  }

  *#respondInPieces(head: ReceivedResponse): Steps<void> {
    const { exchange, upstream } = this;
    const { framing, length } = head;
    const { status, reason, fields } = this.#finalHead(head);
    const known = framing === "length" || framing === "none" ? length : undefined;
    const announced = this.#trails(framing, known) ? announcedTrailers(head.fields) : "";
    if (announced !== "") fields.add("Trailer", announced);
    const started = exchange.start(status, fields, known, upstream.length > 0, reason);
    if (started !== DONE) {
      // Others use the buffer meanwhile.
      upstream.keep();
      yield* started;
    }
    if (!exchange.contentless) yield* this.#relayContent(head, known);
  }

  /**
   * The final head as the client gets it.
   *
   * @throws {ReplacedError} where something else is said in its place
   */
  #finalHead(head: ReceivedResponse): { status: number; reason: string | undefined; fields: ResponseFields } {
    const { exchange, view } = this;
    // A page that comes without an error of its own has that of the request.
    const status = head.status < 400 && exchange.insteadOf || head.status;
    const reason = status === head.status ? head.reason : undefined;
    const fields = new ResponseFields(head.head, head.minor, view);
    this.#kept = fields.keepAlive;
    if (head.status >= 400 && isReplaced(status, view.rules.errorOverride)) {
      // Who has to show who they are has to know how.
      throw new ReplacedError(
        status,
        fields.list.filter(([name]) => /^(www|proxy)-authenticate$/i.test(name)),
      );
    }
    return { status, reason, fields };
  }

  /** Whether the client gets trailer fields: it asked for them, and both sides have chunks. */
  #trails(framing: ResponseFraming, length: number | undefined): boolean {
    return this.request.takesTrailers && framing === "chunked" && length === undefined &&
      this.exchange.method !== "HEAD";
  }

  *#relayContent({ framing, fields }: ReceivedResponse, length: number | undefined): Steps<void> {
    const { exchange, upstream, context: { deadlines } } = this;
    this.#endsWithConnection = exchange.endsByClosing;
    const chunked = length === undefined && exchange.minor === 1;
    const content = new ContentRelay(upstream, exchange, chunked, deadlines.upstream);
    this.#content = content;
    if (framing === "length") yield* content.counted(length!);
    else if (framing === "chunked") {
      const trails = this.#trails(framing, length);
      yield* content.untilLastChunk((section) => trails ? relayedTrailers(section, fields) : "");
    } else yield* content.untilEnd();
    this.#endsWithConnection = false;
  }

  /** Whether the connection can be kept, and how long. `Keep-Alive: timeout=5` is what an upstream says of itself. */
  #patience(head: ReceivedResponse): Patience {
    if (!head.keepAlive || head.framing === "close") return undefined;
    if (this.#kept === undefined) return Infinity;
    const seconds = /(?:^|[\s,])timeout=(\d{1,6})/i.exec(this.#kept)?.[1];
    return seconds === undefined ? Infinity : 1000 * Number(seconds);
  }

  *#changeProtocol(head: ReceivedResponse): Steps<void> {
    const { exchange, upstream, context: { deadlines } } = this;
    const protocols = upgradeProtocols(head.fields);
    if (protocols === "") throw new UpstreamError("it changed the protocol and does not say to which");
    upstream.keep();
    exchange.beginTunnel();
    // From here on a client that has ended its side and is sent an end counts as gone, with bytes of its still unread.
    exchange.connection.onGone(undefined);
    const passed = new ResponseFields(head.head, head.minor, this.view).list;
    const fields: HeaderField[] = [
      ...exchange.rules?.response(passed, head.status, false, exchange.environment) ?? passed,
      ["Connection", "Upgrade"],
      ["Upgrade", protocols],
    ];
    yield* exchange.connection.sendOn(latin1Bytes(responseHeadText(101, fields, head.reason)));
    // What the client has sent behind its request is the first of the new protocol.
    const early = exchange.input.rest();
    exchange.input.start = exchange.input.end;
    yield* new Tunnel(exchange.connection, upstream, early, deadlines.upstream).run();
  }
}

function isReplaced(status: number, override: readonly number[] | "all" | undefined): boolean {
  return override === "all" || override?.includes(status) === true;
}
