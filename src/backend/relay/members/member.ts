/** One of the servers of a relay: its connections, and whether it can be used. */

import { type BalancedMember, RETRY_AFTER } from "../../../config/balancing.ts";
import type { Upstream } from "../../../config/upstream.ts";
import type { UpstreamCounters } from "../../counters/upstream_counters.ts";
import type { RelayContext } from "../relaying.ts";
import type { UpstreamPool } from "../upstream_pool.ts";

/** What has made a member one that is left out. */
export type FailureKind = "unreached" | "status" | "timeout";

/** Told when a member is left out, and when it is back. */
export interface MemberListener {
  memberDown(member: Member, reason: string): void;
  memberUp(member: Member): void;
  /** One has answered as it should. */
  memberWorks(): void;
}

/** A member, as it is now. Times are the loop's, in milliseconds. */
export class Member {
  /** Requests that it has now. */
  busy = 0;
  /** Bytes that have passed, either way. */
  traffic = 0;
  /** How far it is ahead of its turn, or behind; as `lbstatus` of mod_proxy. */
  standing = 0;
  readonly weight: number;
  /** Until when it is left alone; -Infinity for one that has not failed. */
  #leftAloneUntil = -Infinity;
  #failure: FailureKind | undefined;
  /** Questions at intervals have found that it is not well. */
  #isUnwell = false;
  /** The last request that went there got no connection, or no response. */
  #isAway = false;

  /** What its requests share. */
  readonly context: RelayContext;

  /**
   * @param pool owned by whoever made it
   * @param context of all members, with its times
   * @param isFailure whether a status says that it does not work; undefined for one whose responses say nothing of it
   * @param counters what is counted of it, for people
   */
  constructor(
    readonly terms: BalancedMember,
    readonly upstream: Upstream,
    readonly pool: UpstreamPool,
    readonly listener: MemberListener,
    context: RelayContext,
    isFailure: ((status: number) => boolean) | undefined,
    readonly counters: UpstreamCounters,
  ) {
    this.weight = terms.weight ?? 1;
    this.context = { ...context, heard: (status) => this.#heard(status, isFailure?.(status) ?? false) };
  }

  get #retryAfter(): number {
    return this.terms.retryAfter ?? RETRY_AFTER;
  }

  /** Whether it counts as well: neither a request nor a question has found otherwise since it was. */
  get isUp(): boolean {
    return this.#failure === undefined && !this.#isUnwell;
  }

  /** Whether a request may be sent to it. One that has failed may be tried when it was left alone for long enough. */
  isUsable(now: number): boolean {
    return !this.terms.disabled && !this.#isUnwell && now >= this.#leftAloneUntil;
  }

  /** When it may be tried again without anybody's finding it well; Infinity where that does not come by itself. */
  get dueAt(): number {
    return this.terms.disabled || this.#isUnwell ? Infinity : this.#leftAloneUntil;
  }

  /** A request has found that it does not work. */
  fail(kind: FailureKind, reason: string): void {
    if (this.terms.ignoreErrors) return;
    const wasUp = this.isUp;
    this.#failure = kind;
    this.#leftAloneUntil = this.pool.loop.clock() + this.#retryAfter;
    this.#count();
    if (wasUp) this.listener.memberDown(this, reason);
  }

  /** A request goes to it. */
  begin(): void {
    this.busy++;
    this.counters.begin();
  }

  /** One is over. @param failed whether it has come to nothing for want of it @param isAway whether it could not be reached */
  end(failed: boolean, isAway: boolean): void {
    this.busy--;
    this.counters.end(failed);
    if (isAway) {
      this.#isAway = true;
      this.#count();
    }
  }

  /** The head of a response has come. @param isFailure whether its status says that the member does not work */
  #heard(status: number, isFailure: boolean): void {
    this.#isAway = false;
    if (isFailure) {
      this.counters.failed();
      return this.fail("status", `it answered ${status}`);
    }
    this.listener.memberWorks();
    if (this.#failure !== undefined) {
      this.#forget();
      if (this.isUp) this.listener.memberUp(this);
    }
    this.#count();
  }

  /** For people it is down as well where it is never left out, and cannot be reached. */
  #count(): void {
    this.counters.isUp = this.isUp && !this.#isAway;
  }

  /** It is tried before its time, since there is nobody else. */
  recover(): void {
    this.#leftAloneUntil = -Infinity;
  }

  /** Questions at intervals have found that it is well, or that it is not. */
  checked(isWell: boolean, reason: string): void {
    const wasUp = this.isUp;
    this.#isUnwell = !isWell;
    // Who could not be reached can be: there is no need to wait for the end of its time.
    if (isWell && this.#failure === "unreached") this.#forget();
    if (isWell) this.#isAway = false;
    this.#count();
    if (this.isUp === wasUp) return;
    if (wasUp) this.listener.memberDown(this, reason);
    else this.listener.memberUp(this);
  }

  #forget(): void {
    this.#failure = undefined;
    this.#leftAloneUntil = -Infinity;
  }
}
