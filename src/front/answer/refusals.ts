/** What the front says itself, and how it says goodbye so that the client can read it. */

import { type Descriptor, EAGAIN, libc, MSG_DONTWAIT, MSG_NOSIGNAL, settle } from "../../../ffi/mod.ts";
import { answer, type AnswerStatus } from "../../http/answers.ts";
import { HTTP_1_1_REQUIRED } from "../../http/http2.ts";
import { httpDate } from "../../http/response_head.ts";
import { changeResponse } from "../../rules/fields.ts";
import type { Answer } from "../../rules/site.ts";
import type { Core } from "../core/core.ts";
import { Repeats } from "../core/repeats.ts";
import type { ErrorAnswers } from "./error_answers.ts";
import { localPortOf, RefusalLines, type RefusedConnection, type RefusedRequest } from "./refusal_lines.ts";

const { recv, send } = libc;

/** Bytes read away in one go. */
const SCRATCH = 65_536;
const NOTHING = new Uint8Array(0);

/** A refusal, as people are told of it. */
interface Refusal {
  readonly status: number;
  readonly why: string;
  /** First name of the site; empty where it has none, or that is not known. */
  readonly site: string;
  /** The port that the client has connected to. */
  readonly port: number;
  /** Of the first of its kind: as the client sent it, cut. */
  readonly client: string;
  readonly host: string;
  readonly target: string;
}

/**
 * Answers requests with errors, and with what rules answer by themselves, redirects among it. Answers are kept for the second in which their Date is right; people are told at
 * most once a second, however many clients are refused.
 */
export class Refusals {
  readonly #scratch = new Uint8Array(SCRATCH);
  #answers = new Map<string, Uint8Array<ArrayBuffer>>();
  #second = 0;
  readonly #told: Repeats<Refusal>;
  /** Lines of the access log. */
  readonly lines: RefusalLines;

  constructor(core: Core) {
    this.#told = new Repeats(
      core,
      (refusal, count) => core.report({ type: "request-refused", ...refusal, count }),
    );
    this.lines = new RefusalLines(core);
  }

  /**
   * Answers; then our side is to be ended. The rest is to be read away before the socket is closed: closing with unread
   * bytes would reset the connection, and the reset would overtake the answer (RFC 9112, 9.6).
   *
   * @param why for people, and in the text
   * @param head whether the request is a HEAD, whose answer has no content
   * @param ruled what rules say of the answer
   */
  answer(
    connection: RefusedConnection,
    status: AnswerStatus,
    why: string,
    head: boolean,
    ruled?: Answer,
  ): void {
    const { fd, errors } = connection;
    const request = this.lines.lookAt(connection);
    if (ruled === undefined || isNews(ruled)) this.tell(status, why, request, connection);
    const now = Date.now();
    const bytes = ruled === undefined
      ? errors.answer(status, head, now) ?? this.#answer(status, why, head, now)
      : ruledAnswer(ruled, errors, head, false);
    // A fresh socket's buffer takes it whole. A client that has stopped reading a kept connection gets what fits.
    settle(send(fd, bytes, BigInt(bytes.byteLength), MSG_DONTWAIT | MSG_NOSIGNAL));
    this.lines.write(connection, status, why, bytes, "-", ruled?.state);
  }

  /** Before {@linkcode answerRuled}: tells people, and looks at what the line is to have as long as it can be seen. */
  announce(connection: RefusedConnection, ruled: Answer): void {
    const news = isNews(ruled);
    if (!news && !this.lines.active) return;
    const request = this.lines.lookAt(connection);
    if (news) this.tell(ruled.status, ruled.why, request, connection);
  }

  /** Answers what rules say, and lets another request follow. @returns whether all of it could be sent */
  answerRuled(connection: RefusedConnection, ruled: Answer, head: boolean): boolean {
    const bytes = ruledAnswer(ruled, connection.errors, head, true);
    const { length } = bytes;
    const sent = settle(send(connection.fd, bytes, BigInt(length), MSG_DONTWAIT | MSG_NOSIGNAL));
    this.lines.write(connection, ruled.status, ruled.why, bytes, "+", ruled.state);
    return sent === length;
  }

  /** Answers a client that speaks HTTP/2. @param why for people */
  answerHttp2(connection: RefusedConnection, why: string): void {
    const { fd } = connection;
    this.tell(505, why, this.lines.unseen(connection), connection);
    settle(
      send(fd, HTTP_1_1_REQUIRED, BigInt(HTTP_1_1_REQUIRED.byteLength), MSG_DONTWAIT | MSG_NOSIGNAL),
    );
    this.lines.write(connection, 505, why, HTTP_1_1_REQUIRED);
  }

  /** Answers nothing: the client would not understand it. */
  unanswered(connection: RefusedConnection, why: string): void {
    this.tell(0, why, this.lines.unseen(connection), connection);
    this.lines.write(connection, 0, why, NOTHING, "X");
  }

  /** Reads some of the rest away. Returns whether the client has ended its side, or is gone. */
  readAway(fd: Descriptor): boolean {
    const length = settle(recv(fd, this.#scratch, BigInt(SCRATCH), MSG_DONTWAIT));
    return length <= 0 && length !== -EAGAIN;
  }

  #answer(status: AnswerStatus, why: string, head: boolean, now: number): Uint8Array<ArrayBuffer> {
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#answers = new Map();
    }
    const key = `${status} ${head} ${why}`;
    let bytes = this.#answers.get(key);
    if (bytes === undefined) {
      bytes = new Uint8Array(answer(status, { why, head, date: httpDate(now) }));
      this.#answers.set(key, bytes);
    }
    return bytes;
  }

  /**
   * The first of its kind is told at once, those of the next second together.
   *
   * @param status 0 for no answer
   * @param request what is known of it
   */
  tell(
    status: number,
    why: string,
    { client, authority, target }: RefusedRequest,
    connection: RefusedConnection,
  ): void {
    const { site } = connection;
    connection.findLocal();
    const port = localPortOf(connection);
    const example = { client, host: cut(authority), target: cut(target) };
    this.#told.add(`${status} ${port} ${site} ${why}`, { status, why, site, port, ...example });
  }
}

/** Whether people are told of an answer that rules give: not of redirects, nor that a client is asked who it is. */
function isNews({ status, state }: Answer): boolean {
  return status >= 400 && (status !== 401 || state?.view.field("authorization") !== undefined);
}

/** An answer that rules give, with what they say of its fields. */
function ruledAnswer(
  { status, why, fields, operations }: Answer,
  errors: ErrorAnswers,
  head: boolean,
  persistent: boolean,
): Uint8Array<ArrayBuffer> {
  const document = errors.document(status);
  return new Uint8Array(answer(status, {
    why,
    head,
    persistent,
    date: httpDate(Date.now()),
    fields: [...fields, ...changeResponse([], operations, status, true)],
    ...document === undefined ? {} : { document },
  }));
}

/** Characters of a client's text that are told. */
const LONGEST = 200;

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
}
