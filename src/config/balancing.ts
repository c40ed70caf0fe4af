/** Several servers behind one relay: who they are, how one of them is chosen, and when one is left out. */

import type { Condition } from "../rules/expression.ts";

/** How a relay chooses among its servers: as Apache's balancers do, and by their words. */
export interface Balancing {
  /** At least one. */
  readonly members: readonly BalancedMember[];
  /** See {@linkcode BALANCING_METHODS}; `requests` unless given. */
  readonly method?: BalancingMethod;
  /** How clients come to the one again that has their session; nobody does unless given. */
  readonly sticky?: Sticky;
  /** Statuses after which a member counts as failed. The client gets the answer all the same. */
  readonly failOnStatus?: readonly number[];
  /** Whether a member that did not respond in time counts as failed; false unless given. */
  readonly failOnTimeout?: boolean;
  /** Members that are asked at most after one that cannot be reached; all others unless given. */
  readonly attempts?: number;
  /** Whether members that have failed are asked all the same where all have; true unless given. */
  readonly forceRecovery?: boolean;
  /** Milliseconds that a request waits for a member that can be used, where none can; 0 unless given. */
  readonly wait?: number;
}

/**
 * What is evened out: how many requests each has had, how many bytes of theirs have passed, or how many it has at the
 * moment.
 */
export type BalancingMethod = typeof BALANCING_METHODS[number];

export const BALANCING_METHODS = ["requests", "traffic", "busyness"] as const;

/** One server. */
export interface BalancedMember {
  /** As `formatUpstream` of src/config/upstream.ts writes it. */
  readonly upstream: string;
  /** Its share beside the others, from 1 to 100; 1 unless given. */
  readonly weight?: number;
  /** What sessions call it. */
  readonly route?: string;
  /** The route of the one that has its sessions while it cannot be used. */
  readonly redirect?: string;
  /** Members of a later set are used where none of an earlier one can be; 0 unless given. */
  readonly set?: number;
  /** `standby`: used where no other of its set can be. `spare`: in the place of one that cannot. */
  readonly role?: "standby" | "spare";
  /** It gets no request. */
  readonly disabled?: boolean;
  /** It gets requests of its own sessions, and no other. */
  readonly draining?: boolean;
  /** It never counts as failed: a request that finds it gone goes to nobody else. */
  readonly ignoreErrors?: boolean;
  /** Milliseconds after which one that has failed is tried again; 60,000 unless given. */
  readonly retryAfter?: number;
  /** As of a relay with one server; what that says unless given. */
  readonly timeout?: number;
  readonly connectTimeout?: number;
  readonly maxUpstream?: number;
  /** How it is asked whether it is well; not at all unless given. */
  readonly check?: HealthCheck;
}

/** Where a request says to which member its session belongs. */
export interface Sticky {
  /** A cookie, such as `JSESSIONID`. */
  readonly cookie: string;
  /** A parameter of the path or the query, which comes before the cookie; of the same name unless given. */
  readonly parameter?: string;
  /** What stands before the route in a value, where it is first; empty: the value is the route. `.` unless given. */
  readonly separator?: string;
  /** Whether `;` ends a parameter, besides `?` and `&`; false unless given. */
  readonly semicolonEnds?: boolean;
  /** Whether the relay gives clients that cookie, with the route of the member that they got. */
  readonly insert?: boolean;
  /** Whether a session goes to nobody else where its member cannot be used: its requests get 503. */
  readonly strict?: boolean;
}

/** Questions to a server at intervals, whether anybody asks something or not. */
export interface HealthCheck {
  /** `TCP`: whether it takes a connection. */
  readonly method: HealthCheckMethod;
  /** What is asked for, below the base of the URL. */
  readonly path: string;
  /** 1 unless given; with 0 it answers without chunks. */
  readonly minor?: 0 | 1;
  /** Milliseconds. */
  readonly interval: number;
  /** Milliseconds for the whole of one question. */
  readonly timeout: number;
  /** Good answers in a row that bring it back, and failures in a row that take it out. */
  readonly rise: number;
  readonly fall: number;
  /** Statuses that are good, both ends included; 200 to 399 unless given. */
  readonly statuses?: readonly (readonly [first: number, last: number])[];
  /** What has to hold of the response, in place of its status. */
  readonly condition?: Condition;
}

export type HealthCheckMethod = typeof HEALTH_CHECK_METHODS[number];

export const HEALTH_CHECK_METHODS = ["TCP", "OPTIONS", "HEAD", "GET"] as const;

/** What applies where a configuration says nothing; milliseconds. */
export const HEALTH_CHECK_DEFAULTS = {
  method: "GET",
  path: "/",
  interval: 10_000,
  timeout: 5_000,
  rise: 2,
  fall: 3,
} as const satisfies HealthCheck;

/** Milliseconds that a member is left alone when it has failed, unless it says otherwise. */
export const RETRY_AFTER = 60_000;

/** Whether a value can be the separator of routes, or the name of a cookie. */
export function isSeparator(text: string): boolean {
  return /^[!-~]?$/.test(text) && !/[;,="\s]/.test(text);
}

/** RFC 6265, 4.1.1: a token. */
export function isCookieName(text: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/.test(text);
}

/** What may stand in a cookie as it is (RFC 6265, 4.1.1: cookie-octet). */
export function isRoute(text: string): boolean {
  return /^[!#-+\--:<-[\]-~]{1,128}$/.test(text);
}
