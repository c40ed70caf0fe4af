/** The servers of one relay: made with its first need of them, chosen from, and closed with it. */

import type { Balancing } from "../../../config/balancing.ts";
import { formatUpstream, readUpstream, type Upstream } from "../../../config/upstream.ts";
import type { Steps } from "../../../loop/course.ts";
import { type Deadlines, Timed } from "../../../loop/deadlines.ts";
import type { Loop } from "../../../loop/loop.ts";
import { type Connection, ConnectionLost } from "../../connection/connection.ts";
import type { Home } from "../../connection/home.ts";
import { UpstreamCounters } from "../../counters/upstream_counters.ts";
import { ResponseParser } from "../../../http/response_parser.ts";
import { Absence } from "../absence.ts";
import { type PoolOptions, UpstreamPool } from "../upstream_pool.ts";
import { type Choice, Chooser } from "./choice.ts";
import { type Chance, HealthChecker } from "./health_check.ts";
import { Member, type MemberListener } from "./member.ts";
import type { AboutSite } from "../../../logs/rules.ts";

/** What a relay with several servers, or with one that is asked how it is, tells people of them. */
export type MemberEvent =
  | { readonly type: "upstream-down"; readonly upstream: string; readonly reason: string }
  | { readonly type: "upstream-up"; readonly upstream: string }
  /** None can be used, and requests get 503. */
  | { readonly type: "upstreams-down" };

/** How members are made. */
export interface MembersOptions extends PoolOptions {
  readonly upstream: Upstream;
  /** Several servers, or what else there is to say of one; unless given there is the one, which never counts as failed. */
  readonly balancing?: Balancing;
  readonly report?: (event: MemberEvent, about?: AboutSite) => void;
  /** Spreads questions over time; by chance unless given. */
  readonly chance?: Chance;
}

/** Bytes of a response's head. */
const HEAD = 32_768;
/** Milliseconds for 100 (Continue): an upstream that does not know of it says nothing. */
const CONTINUE = 1_000;

/** Somebody who waits until there is a member that can be used, or until one may be tried again. */
class Waiter extends Timed {
  constructor(readonly over: (came: boolean) => void) {
    super();
  }

  override expire(): void {
    this.over(true);
  }
}

/** All servers of a relay. */
export class Members implements MemberListener {
  readonly list: readonly Member[];
  /** The only one, where nothing is to be chosen. */
  readonly only: Member | undefined;
  readonly #chooser: Chooser;
  readonly #waiting = new Set<Waiter>();
  readonly #waits: Deadlines;
  /** Of no length: who has waited goes on by the loop, and not in the midst of what somebody else does. */
  readonly #soon: Deadlines;
  readonly #checkers: readonly HealthChecker[];
  /** Members are asked at most after the first. */
  readonly attempts: number;
  /** People know that nobody can be used. */
  readonly #none = new Absence();

  readonly loop: Loop;

  constructor({ loop, counters }: Pick<Home, "loop" | "counters">, readonly options: MembersOptions) {
    this.loop = loop;
    const { upstream, balancing, timeout = 60_000 } = options;
    const terms = balancing?.members ?? [{ upstream: "", ignoreErrors: true }];
    const parser = new ResponseParser({ head: HEAD });
    const continuing = loop.deadlines.list(CONTINUE);
    const { failOnStatus = [] } = balancing ?? {};
    const isFailure = balancing && ((status: number) => failOnStatus.includes(status));
    this.list = terms.map((own) => {
      const { connectTimeout, maxUpstream } = own;
      const pool = {
        ...options,
        timeout: own.timeout ?? timeout,
        ...connectTimeout === undefined ? {} : { connectTimeout },
        ...maxUpstream === undefined ? {} : { maxUpstream },
      };
      const at = balancing === undefined ? upstream : upstreamOf(own.upstream);
      const patience = loop.deadlines.list(pool.timeout);
      const deadlines = { upstream: patience, continue: continuing };
      return new Member(
        own,
        at,
        new UpstreamPool(loop, at, pool),
        this,
        { parser, deadlines },
        isFailure,
        // Who gets no request is none whose figures anybody wants.
        own.disabled ? new UpstreamCounters("") : counters.upstream(formatUpstream(at)),
      );
    });
    this.only = balancing === undefined ? this.list[0] : undefined;
    this.#chooser = new Chooser(this.list, balancing ?? { members: terms });
    this.#waits = loop.deadlines.list(0);
    this.#soon = loop.deadlines.list(0);
    this.#checkers = this.list.flatMap((member) => {
      const { check } = member.terms;
      if (check === undefined || member.terms.disabled) return [];
      return new HealthChecker(loop, member, check, parser, options.chance ?? Math.random, options.securing);
    });
    this.attempts = balancing?.attempts ?? this.list.length - 1;
  }

  /** A member for a request; see {@linkcode Chooser.choose}. */
  choose(route: string | undefined, tried: ReadonlySet<Member>): Choice | undefined {
    return this.#chooser.choose(route, this.loop.clock(), tried);
  }

  /**
   * The same for a request that may wait.
   *
   * @throws {ConnectionLost} when its client has gone meanwhile
   */
  *await(route: string | undefined, client: Connection): Steps<Choice | undefined> {
    const end = this.loop.clock() + (this.options.balancing?.wait ?? 0);
    for (;;) {
      const choice = this.choose(route, new Set());
      const now = this.loop.clock();
      if (choice !== undefined || now >= end) return choice;
      const due = Math.min(...this.list.map(({ dueAt }) => dueAt));
      yield (resume) => this.#wait(client, due > now ? Math.min(end, due) : end, resume);
      if (client.closed) throw new ConnectionLost("Cannot relay: the client is gone");
    }
  }

  #wait(client: Connection, until: number, resume: (came: boolean) => void): false {
    const waiter = new Waiter((came) => {
      client.onGone(undefined);
      this.#waiting.delete(waiter);
      resume(came);
    });
    this.#waiting.add(waiter);
    this.#waits.startUntil(waiter, until);
    client.onGone(() => this.#soon.start(waiter));
    return false;
  }

  /** A request found nobody. @param about the site that it came to */
  tellNone(about: AboutSite): void {
    if (this.#none.begins(about)) this.options.report?.({ type: "upstreams-down" }, about);
  }

  memberDown({ terms: { upstream } }: Member, reason: string): void {
    this.options.report?.({ type: "upstream-down", upstream, reason });
  }

  memberUp({ terms: { upstream } }: Member): void {
    this.options.report?.({ type: "upstream-up", upstream });
    this.#none.ends(() => {});
    for (const waiter of this.#waiting) this.#soon.start(waiter);
  }

  memberWorks(): void {
    this.#none.ends(() => {});
  }

  /** Asks nothing at intervals any more. */
  forget(): void {
    for (const checker of this.#checkers) checker.close();
  }

  /** Closes all connections. */
  close(): void {
    this.forget();
    for (const waiter of this.#waiting) this.#soon.start(waiter);
    for (const { pool } of this.list) pool.close();
  }
}

/** @throws {TypeError} for what was never checked */
export function upstreamOf(text: string): Upstream {
  const reading = readUpstream(text, (path) => path);
  if ("fault" in reading) throw new TypeError(reading.fault);
  return reading.value;
}
