/** One of the servers of a relay: its connections, and whether it can be used. */

import { type BalancedMember, RETRY_AFTER } from "../../../config/balancing.ts";
import type { Upstream } from "../../../config/upstream.ts";
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
  /** Requests that it has now, that it has had, and those that came to nothing for want of it. */
  busy = 0;
  elected = 0;
  failures = 0;
  /** Questions whether it is well, and those of them that have failed. */
  checks = 0;
  failedChecks = 0;
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

  /** What its requests share. */
  readonly context: RelayContext;

  /**
   * @param pool owned by whoever made it
   * @param context of all members, with its times
   * @param isFailure whether a status says that it does not work; undefined for one whose responses say nothing of it
   */
  constructor(
    readonly terms: BalancedMember,
    readonly upstream: Upstream,
    readonly pool: UpstreamPool,
    readonly listener: MemberListener,
    context: RelayContext,
    isFailure: ((status: number) => boolean) | undefined,
  ) {
    this.weight = terms.weight ?? 1;
    this.context = isFailure === undefined
      ? context
      : { ...context, heard: (status) => this.#heard(status, isFailure(status)) };
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
    this.failures++;
    if (this.terms.ignoreErrors) return;
    const wasUp = this.isUp;
    this.#failure = kind;
    this.#leftAloneUntil = this.pool.loop.clock() + this.#retryAfter;
    if (wasUp) this.listener.memberDown(this, reason);
  }

  /** The head of a response has come. @param isFailure whether its status says that the member does not work */
  #heard(status: number, isFailure: boolean): void {
    if (isFailure) return this.fail("status", `it answered ${status}`);
    this.listener.memberWorks();
    if (this.#failure === undefined) return;
    this.#forget();
    if (this.isUp) this.listener.memberUp(this);
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
    if (this.isUp === wasUp) return;
    if (wasUp) this.listener.memberDown(this, reason);
    else this.listener.memberUp(this);
  }

  #forget(): void {
    this.#failure = undefined;
    this.#leftAloneUntil = -Infinity;
  }
}
