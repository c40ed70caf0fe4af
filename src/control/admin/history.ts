/** What has happened of late: a look at the figures now and then, so that rates can be told. */

import type { FrontStatus } from "../front/front_status.ts";

/** Milliseconds between two looks, and how many are kept: five minutes. */
const PAUSE = 2_000;
const MOST_POINTS = 150;
/** Of so many looks a whole status is kept, and so many of them: a minute. */
const EVERY = 5;
const MOST_STATUSES = 6;

/** Totals at one moment. */
export interface Point {
  /** Milliseconds since the front's start. */
  readonly at: number;
  readonly requests: number;
  /** Responses 5xx of backends. */
  readonly failed: number;
  /** Refused by the front itself. */
  readonly refused: number;
  readonly waiting: number;
}

/** The totals of a status. */
export function pointOf({ uptime, backends, former, refusals, counters }: FrontStatus): Point {
  let requests = 0;
  let failed = 0;
  for (const { routes } of [...backends, ...former]) {
    for (const { requests: by } of routes) {
      requests += Object.values(by).reduce((sum, count) => sum + count, 0);
      failed += by["5xx"];
    }
  }
  const refused = refusals.reduce((sum, { count }) => sum + count, 0);
  return { at: uptime, requests, failed, refused, waiting: counters.waiting };
}

/** Looks every two seconds, for as long as it is started. */
export class History {
  readonly points: Point[] = [];
  readonly #statuses: FrontStatus[] = [];
  #looks = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(readonly status: () => FrontStatus) {}

  start(): void {
    this.#timer ??= setInterval(() => this.look(), PAUSE);
    // It keeps nobody from ending.
    Deno.unrefTimer(this.#timer);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Takes a look. */
  look(): void {
    const status = this.status();
    this.points.push(pointOf(status));
    if (this.points.length > MOST_POINTS) this.points.shift();
    if (this.#looks++ % EVERY !== 0) return;
    this.#statuses.push(status);
    if (this.#statuses.length > MOST_STATUSES) this.#statuses.shift();
  }

  /** How it was about a minute ago, or as long ago as is known. */
  get before(): FrontStatus | undefined {
    return this.#statuses[0];
  }
}
