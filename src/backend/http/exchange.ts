/** One request and its response. */

import type { RequestHead } from "../../http/request_head.ts";
import { encodeResponseHead } from "../../http/response_head.ts";
import { DONE, settled, type Steps } from "../../loop/course.ts";
import { type Choice, codedFields } from "../compression/choice.ts";
import { WHOLE } from "../compression/compressor.ts";
import type { Connection } from "../connection/connection.ts";
import { CodedContent } from "./coded_content.ts";
import type { ContentTerms } from "./content_terms.ts";
import { type Fields, isText, listed } from "./field_text.ts";
import { FramedContent } from "./framed_content.ts";
import { type Framing, framingOf } from "./framing.ts";
import { latin1Bytes } from "./head_text.ts";
import type { Input } from "./input.ts";
import { CAPITALS, handlerLines, type Spelling } from "./own_fields.ts";
import { checkMayRespond } from "./may_respond.ts";
import { advance, type Progress } from "./progress.ts";
import { ReceivedRequest } from "./received_request.ts";
import { RequestBody } from "./request_body.ts";
import { kept, ResponseBuffer } from "./response_buffer.ts";
import { responseHeadText } from "./response_head_text.ts";
import type { ScopeGuard } from "./scope_guard.ts";

export type { Field } from "./head_text.ts";

const CONTINUE = encodeResponseHead(100, []) as Uint8Array<ArrayBuffer>;
const joined = new ResponseBuffer();
/** Bytes of long content that are coded at a time. */
const PIECE = 65_536;

/**
 * What a backend kind works with: the request's head in strings, its content to be read, and the ways to respond. Made
 * when the head is complete; nothing of it refers to the buffer that the head was in.
 */
export class Exchange extends ReceivedRequest {
  readonly body: RequestBody;
  /** Whether another request may follow on the connection. May be turned off until the response's head is sent. */
  persistent: boolean;
  /** What was responded (0 for nothing yet), its head as it was sent, and what had left on the connection before it. */
  status = 0;
  responseHead = "";
  sentBefore = 0;
  framingBefore = 0;
  /** Variables that whoever answers sets for the rules about fields of the response; none unless given. */
  environment: Readonly<Record<string, string>> | undefined;
  /** Whether the response is an error, or a redirect, that the kind says and no application. */
  local = false;
  #progress: Progress = "none";
  #framing: Framing = "counted";
  /** How the fields of the response are spelt that are said here. */
  spelling: Spelling = CAPITALS;
  /** What is sent piece by piece. */
  #content: FramedContent | CodedContent | undefined;

  /**
   * @param head has just been parsed in the input's bytes; its offsets are used here and not kept
   * @param guard has admitted the request
   * @param persistent whether this end would let another request follow
   * @param number requests on the connection so far, this one included
   * @param terms what is asked of the content
   */
  constructor(
    connection: Connection,
    input: Input,
    head: RequestHead,
    guard: ScopeGuard,
    persistent: boolean,
    number = 1,
    terms?: ContentTerms,
  ) {
    super(connection, input, head, guard, number);
    this.persistent = persistent && head.keepAlive;
    input.start = head.end;
    const awaited = head.expectContinue ? () => this.#continue() : undefined;
    this.body = new RequestBody(input, head.contentLength, head.chunked, awaited, terms);
  }

  /** How far the response has come. */
  get progress(): Progress {
    return this.#progress;
  }

  /** Whether (part of) a response has been sent, or somebody else sends it. */
  get responded(): boolean {
    return this.#progress !== "none";
  }

  /** Whether nothing but the connection's end tells the client where the content ends. */
  get endsByClosing(): boolean {
    return this.#framing === "closing";
  }

  #to(progress: Progress): void {
    this.#progress = advance(this.#progress, progress);
  }

  /**
   * Lets the connection leave HTTP, for whoever is about to take it over.
   *
   * @returns what was read behind the request
   */
  leave(): Uint8Array<ArrayBuffer> {
    this.#to("left");
    this.status ||= 101;
    this.persistent = false;
    return this.input.rest();
  }

  /** Makes the connection a tunnel: whoever asks for that sends the response. Afterwards the connection ends here. */
  beginTunnel(): void {
    this.#to("content");
    this.#note(101);
    this.persistent = false;
  }

  #note(status: number): void {
    this.status = status;
    this.sentBefore = this.connection.sent;
    this.framingBefore = this.connection.framing;
  }

  #continue(): void {
    // RFC 9110, 10.1.1: only to a client that waits, and only while no final response has begun.
    if (this.responded) return;
    const sent = this.connection.send(CONTINUE, false);
    // Who leaves so many responses unread that this finds no room is not told: it must not wait for ever (10.1.1). Half of
    // it would be the beginning of the response.
    if (sent > 0 && sent < CONTINUE.length) this.connection.close();
  }

  // --- responding -------------------------------------------------------------------------------------------------

  /**
   * Sends a response whose content is all there.
   *
   * @param fields Content-Length, Transfer-Encoding and Connection among them are left out: framing is done here
   * @param content text goes out as UTF-8; of bytes, up to 64 KiB are lent until this returns
   * @returns steps until it has left: none where it has left at once, as most do
   */
  respond(
    status: number,
    fields: Fields,
    content: string | Uint8Array<ArrayBuffer>,
    reason?: string,
  ): Steps<void> {
    checkMayRespond(this, status);
    const choice = this.#choose(status, fields, content.length);
    if (choice?.filter !== undefined) return this.#respondCoded(status, choice, kept(content), reason);
    return this.#respondWhole(status, choice?.fields ?? fields, content, reason);
  }

  /** What becomes of a response where its process makes some smaller; nothing for one that stays as it is for everybody. */
  #choose(status: number, fields: Fields, length: number | undefined): Choice | undefined {
    return this.connection.home.compressor?.choose(this, status, fields, length);
  }

  #respondWhole(
    status: number,
    fields: Fields,
    content: string | Uint8Array<ArrayBuffer>,
    reason: string | undefined,
  ): Steps<void> {
    const head = this.#headText(status, fields, content.length, reason);
    this.#to("whole");
    const length = joined.put(head, content);
    // Too long to be joined, or not ASCII; then a text has another length than was said.
    if (length < 0) return this.#respondApart(status, fields, kept(content), reason);
    const size = this.#framing === "contentless" ? head.length : length;
    // What ends the connection leaves together with its end, in one packet. That follows at once, unless somebody still
    // reads the request.
    const sent = this.connection.sendFirst(joined.bytes, size, !this.persistent && this.body.done);
    // The memory is everybody's: what does not leave at once is copied.
    return sent === size ? DONE : this.connection.sendOn(joined.bytes.slice(Math.max(0, sent), size));
  }

  *#respondCoded(
    status: number,
    choice: Choice,
    bytes: Uint8Array<ArrayBuffer>,
    reason: string | undefined,
  ): Steps<void> {
    const { compressor, loop } = this.connection.home;
    if (this.method === "HEAD" || bytes.byteLength > WHOLE) {
      // What is long is coded in pieces, between those of others.
      yield* this.#start(status, choice.fields, choice.filter, bytes.byteLength, true, reason);
      for (let at = 0; !this.contentless && at < bytes.byteLength; at += PIECE) {
        yield* this.write(bytes.subarray(at, at + PIECE), true);
      }
      return;
    }
    // Another thread codes: what it says comes by a promise.
    const coded = yield* settled(loop, loop.elsewhere(compressor!.whole(bytes, choice.filter!)));
    const fields = coded === undefined ? choice.fields : codedFields(choice.fields, choice.filter!);
    checkMayRespond(this, status);
    yield* this.#respondWhole(status, fields, coded ?? bytes, reason);
  }

  *#respondApart(
    status: number,
    fields: Fields,
    bytes: Uint8Array<ArrayBuffer>,
    reason?: string,
  ): Steps<void> {
    this.connection.setNoDelay();
    const head = latin1Bytes(this.#headText(status, fields, bytes.byteLength, reason));
    yield* this.connection.sendOut(head, !this.contentless);
    if (!this.contentless) yield* this.connection.sendOut(bytes);
  }

  /**
   * Sends a response's head; its content follows with {@linkcode write} and {@linkcode finish}, or by other means when
   * its length is given.
   *
   * @param length bytes of content where they are known; otherwise the end is marked by chunks or by closing
   * @param more whether content follows at once
   * @returns steps until the head has left; from now on {@linkcode contentless} says whether content is to follow at all
   */
  start(
    status: number,
    fields: Fields,
    length?: number,
    more = false,
    reason?: string,
  ): Steps<void> {
    checkMayRespond(this, status);
    const choice = this.#choose(status, fields, length);
    return this.#start(status, choice?.fields ?? fields, choice?.filter, length, more, reason);
  }

  #start(
    status: number,
    fields: Fields,
    filter: Choice["filter"],
    length: number | undefined,
    more: boolean,
    reason: string | undefined,
  ): Steps<void> {
    const said = filter === undefined ? fields : codedFields(listed(fields), filter);
    const head = latin1Bytes(this.#headText(status, said, filter === undefined ? length : undefined, reason));
    this.#to("head");
    // Head and content, or pieces of content, are several packets.
    this.connection.setNoDelay();
    const framed = new FramedContent(this.connection, this.#framing);
    this.#content = filter === undefined || this.contentless
      ? framed
      : new CodedContent(framed, this.connection.home.compressor!.begin(filter), length);
    return this.connection.sendOut(head, more && !this.contentless);
  }

  /** Whether no content follows the head: it is for HEAD, or of a status that has none. */
  get contentless(): boolean {
    return this.#framing === "contentless";
  }

  /** Sends a piece of content, as long as the client reads. @param more whether more follows at once */
  write(piece: Uint8Array<ArrayBuffer>, more = false): Steps<void> {
    if (this.contentless || piece.byteLength === 0) return DONE;
    this.#to("content");
    return this.#content!.send(piece, more);
  }

  /** Whether content is coded on its way: then all of it has to come by {@linkcode write}, whatever its length. */
  get coded(): boolean {
    return this.#content instanceof CodedContent;
  }

  /** Sends what a coding holds back, before a wait of which nobody knows how long it takes. */
  flush(): Steps<void> {
    return this.#content instanceof CodedContent ? this.#content.flush() : DONE;
  }

  /** Gives back what a coding holds: the response is over, or will not be finished. */
  release(): void {
    if (this.#content instanceof CodedContent) this.#content.close();
  }

  /** Sends a byte that says nothing, as {@linkcode FramedContent.probe}. */
  probe(): boolean {
    return this.#content?.probe() ?? false;
  }

  /** Marks the end of content sent by {@linkcode write}. @param mark the last chunk, where trailer fields follow it */
  finish(mark?: Uint8Array<ArrayBuffer>): Steps<void> {
    this.#to("whole");
    return this.#content!.end(mark);
  }

  #headText(
    status: number,
    fields: Fields,
    length: number | undefined,
    reason: string | undefined,
  ): string {
    this.#framing = framingOf(this.method, this.minor, status, length);
    // Nothing could follow.
    if (this.#framing === "closing") this.persistent = false;
    const said = this.rules?.response(listed(fields), status, this.local, this.environment) ?? fields;
    const handler = isText(said) ? said : handlerLines(said);
    if (handler.close) this.persistent = false;
    // A body that the client was never asked for would be taken for the next request; so would one that is broken.
    if (!this.body.done && (this.body.unasked || this.body.broken || this.body.tooLong)) {
      this.persistent = false;
    }
    // RFC 9931: behind a CONNECT a client that did not wait for the answer has sent the tunnel's first bytes.
    if (this.method === "CONNECT") this.persistent = false;
    const connection = !this.persistent ? "close" : this.minor === 0 ? "keep-alive" : undefined;
    this.#note(status);
    return this.responseHead = responseHeadText(handler, {
      status,
      reason,
      framing: this.#framing,
      length,
      connection,
      spelling: this.spelling,
    });
  }
}
