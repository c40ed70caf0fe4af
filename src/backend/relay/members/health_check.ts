/** Questions to a member at intervals: whether it is well, whoever asks it something besides. */

import { Buffer } from "node:buffer";
import type { HealthCheck } from "../../../config/balancing.ts";
import { isWorthReading } from "../../../http/head_growth.ts";
import type { ResponseParser } from "../../../http/response_parser.ts";
import { Course, type Steps } from "../../../loop/course.ts";
import { type Deadlines, Timed } from "../../../loop/deadlines.ts";
import type { Loop } from "../../../loop/loop.ts";
import { holds } from "../../../rules/expression.ts";
import type { RequestState } from "../../../rules/request.ts";
import type { UpstreamConnection } from "../upstream_connection.ts";
import { UpstreamError } from "../upstream_error.ts";
import { type PoolOptions, UpstreamPool } from "../upstream_pool.ts";
import type { Member } from "./member.ts";

/** A number from 0 up to, and not, 1. */
export type Chance = () => number;

/** Milliseconds in which all members are asked for the first time. */
const FIRST = 1_000;
/** How much intervals differ, so that processes and members do not come to ask at the same moment. */
const SPREAD = 0.2;
/** Bytes of content that a condition sees. */
const CONTENT = 65_536;
/** Statuses that are good where nothing is said. */
const GOOD = [[200, 399]] as const;

/** The end of one question's time. */
class Patience extends Timed {
  constructor(readonly over: () => void) {
    super();
  }

  override expire(): void {
    this.over();
  }
}

/** Asks one member, one question at a time: the next one is put when the one before is over. */
export class HealthChecker extends Timed {
  readonly #pool: UpstreamPool;
  readonly #intervals: Deadlines;
  readonly #times: Deadlines;
  readonly #head: Uint8Array<ArrayBuffer>;
  /** Good answers, and failures, in a row. */
  #good = 0;
  #bad = 0;
  #isWell = true;
  #closed = false;
  #asked: UpstreamConnection | undefined;

  /**
   * @param parser used between two waits only
   * @param chance spreads questions over time
   * @param securing does TLS, where the member speaks it
   */
  constructor(
    readonly loop: Loop,
    readonly member: Member,
    readonly check: HealthCheck,
    readonly parser: ResponseParser,
    readonly chance: Chance,
    securing?: PoolOptions["securing"],
  ) {
    super();
    const { upstream } = member;
    // No connection is kept, and none is taken from requests.
    this.#pool = new UpstreamPool(loop, upstream, {
      ...securing === undefined ? {} : { securing },
      connectTimeout: check.timeout,
      maxIdle: 0,
    });
    this.#intervals = loop.deadlines.list(check.interval);
    this.#times = loop.deadlines.list(check.timeout);
    const target = check.method === "OPTIONS" && check.path === "" ? "*" : upstream.base + check.path || "/";
    this.#head = Buffer.from(
      `${check.method} ${target} HTTP/1.${check.minor ?? 1}\r\nHost: ${upstream.authority}\r\n` +
        `User-Agent: fdpass (health check)\r\nConnection: close\r\n\r\n`,
      "latin1",
    ) as Uint8Array<ArrayBuffer>;
    this.#intervals.startFor(this, Math.min(FIRST, check.interval) * chance());
  }

  /** The time for the next question. */
  override expire(): void {
    Course.begin(this.#question());
  }

  *#question(): Steps<void> {
    const failure = yield* this.#ask();
    if (this.#closed) return;
    this.#judge(failure);
    this.#intervals.startFor(this, this.check.interval * (1 + SPREAD * (this.chance() - 0.5)));
  }

  #judge(failure: string | undefined): void {
    const { rise, fall } = this.check;
    this.member.counters.checked(failure === undefined);
    if (failure === undefined) {
      this.#bad = 0;
      if (++this.#good < rise && !this.#isWell) return;
      this.#isWell = true;
    } else {
      this.#good = 0;
      if (++this.#bad < fall && this.#isWell) return;
      this.#isWell = false;
    }
    this.member.checked(this.#isWell, `its checks have failed: ${failure ?? ""}`);
  }

  /** One question. @returns why it has failed; nothing if it has not */
  *#ask(): Steps<string | undefined> {
    let late = false;
    const patience = new Patience(() => {
      late = true;
      this.#asked?.close();
    });
    this.#times.start(patience);
    try {
      const connection = this.#asked = yield* this.#pool.connect();
      if (late) throw new UpstreamError("");
      return this.check.method === "TCP" ? undefined : yield* this.#askOn(connection);
    } catch (error) {
      if (late) return "it did not respond in time";
      // Whatever goes wrong with a question is a failure of it, and of nothing else.
      return error instanceof UpstreamError ? error.why : String(error);
    } finally {
      patience.stopDeadline();
      this.#asked?.close();
      this.#asked = undefined;
    }
  }

  *#askOn(connection: UpstreamConnection): Steps<string | undefined> {
    yield* connection.sendOut(this.#head, this.#times);
    let status = yield* this.#readHead(connection);
    while (status < 200) status = yield* this.#readHead(connection);
    const { statuses = GOOD, condition } = this.check;
    if (condition === undefined) {
      return statuses.some(([first, last]) => status >= first && status <= last)
        ? undefined
        : `it answered ${status}`;
    }
    const variables = new Map([["HC_BODY", yield* this.#readContent(connection)]]);
    const response = { status, field: () => undefined };
    const state = { variables, variable: () => "" } as unknown as RequestState;
    return holds(condition, { state, response, groups: [] })
      ? undefined
      : `what is expected of its answer (${status}) does not hold`;
  }

  *#readHead(connection: UpstreamConnection): Steps<number> {
    const { parser } = this;
    for (let seen = 0;;) {
      const { bytes, start, end, length } = connection;
      const verdict = isWorthReading(bytes, start, seen, end, parser.longest)
        ? parser.parse(bytes, start, end)
        : "more";
      seen = length;
      if (verdict === "head") {
        connection.start = parser.end;
        return parser.status;
      }
      if (verdict === "reject") throw new UpstreamError(`its response is malformed: ${parser.why}`);
      if (!connection.take()) yield* connection.untilReadable(this.#times);
      else if (connection.ended) throw new UpstreamError("it ended the connection without a response");
    }
  }

  /** The content up to its end, or as far as it is looked at: a character for each byte. */
  *#readContent(connection: UpstreamConnection): Steps<string> {
    while (!connection.ended && connection.length < CONTENT) {
      if (!connection.take()) yield* connection.untilReadable(this.#times);
    }
    const { bytes, start, end } = connection;
    return Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(CONTENT, end - start)).toString(
      "latin1",
    );
  }

  /** Asks nothing more. */
  close(): void {
    this.#closed = true;
    this.stopDeadline();
    this.#pool.close();
  }
}
