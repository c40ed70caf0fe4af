/** What has happened in the last minute: the difference between two statuses. */

import {
  CLASSES,
  type FrontStatus,
  type HandoffStatus,
  type RouteStatus,
  type UpstreamStatus,
} from "../../front/front_status.ts";
import { type Latency, quantile } from "../../front/latency.ts";

/** One route of one backend. */
export interface RouteLately {
  readonly backend: string;
  readonly kind: string;
  /** Since the start. */
  readonly route: RouteStatus;
  /** Requests a second, by class, lately. */
  readonly requests: number;
  readonly failed: number;
  /** Microseconds; of the time since the start where nothing has happened lately. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
}

/** One server that a backend asks. */
export interface UpstreamLately {
  readonly backend: string;
  /** Since the start. */
  readonly upstream: UpstreamStatus;
  /** A second, lately. */
  readonly requests: number;
  /** Lately. */
  readonly failures: number;
  readonly failedChecks: number;
}

/** What can be told of two statuses. */
export class Lately {
  readonly routes: readonly RouteLately[];
  /** Seconds between the two. */
  readonly seconds: number;
  readonly #before: FrontStatus | undefined;

  /** @param before about a minute ago, where that is known */
  constructor(readonly now: FrontStatus, before: FrontStatus | undefined) {
    this.#before = before !== undefined && before.uptime < now.uptime ? before : undefined;
    this.seconds = Math.max(0.001, (now.uptime - (this.#before?.uptime ?? 0)) / 1_000);
    this.routes = [...now.backends, ...now.former].flatMap((backend) =>
      backend.routes.filter(({ requests, connections }) => connections > 0 || sumOf(requests) > 0)
        .map((route) => this.#route(backend, route))
    );
  }

  #route({ name: backend, kind }: HandoffStatus, route: RouteStatus): RouteLately {
    const before = this.#of(backend)?.routes
      .find((other) => other.site === route.site && other.route === route.route);
    const counts = difference(route.latency, before?.latency);
    return {
      backend,
      kind,
      route,
      requests: (sumOf(route.requests) - sumOf(before?.requests)) / this.seconds,
      failed: (route.requests["5xx"] - (before?.requests["5xx"] ?? 0)) / this.seconds,
      p50: quantile(counts, 0.5),
      p99: quantile(counts, 0.99),
    };
  }

  #of(name: string): HandoffStatus | undefined {
    return this.#before?.backends.find((backend) => backend.name === name);
  }

  /** Of a backend's hand-offs: the 99th of a hundred, in microseconds. */
  handoff({ name, latency }: HandoffStatus): number | undefined {
    return quantile(difference(latency, this.#of(name)?.latency), 0.99);
  }

  /** Of a backend, lately: hand-offs that it has refused, and that were lost. */
  troubled({ name, handoffs }: HandoffStatus): { readonly refused: number; readonly lost: number } {
    const before = this.#of(name)?.handoffs;
    return {
      refused: handoffs.refused - (before?.refused ?? 0),
      lost: handoffs.lost - (before?.lost ?? 0),
    };
  }

  /** The servers that backends ask, as long as some process has them: whom, and what it was lately. */
  get upstreams(): readonly UpstreamLately[] {
    return this.now.backends.flatMap((backend) =>
      backend.upstreams.filter(({ state }) => state !== "unknown").map((upstream) => {
        const before = this.#of(backend.name)?.upstreams.find((other) =>
          other.upstream === upstream.upstream
        );
        return {
          backend: backend.name,
          upstream,
          requests: (upstream.requests - (before?.requests ?? 0)) / this.seconds,
          failures: upstream.failures - (before?.failures ?? 0),
          failedChecks: upstream.failedChecks - (before?.failedChecks ?? 0),
        };
      })
    );
  }

  /** Of all requests. */
  quantile(share: number): number | undefined {
    return quantile(this.counts, share);
  }

  /** Of all requests, by how long they have taken: see DURATION_BOUNDS. */
  get counts(): readonly number[] {
    const counts: number[] = [];
    for (const { backend, route } of this.routes) {
      const before = this.#of(backend)?.routes
        .find((other) => other.site === route.site && other.route === route.route);
      difference(route.latency, before?.latency).forEach((count, place) => {
        counts[place] = (counts[place] ?? 0) + count;
      });
    }
    return counts;
  }

  /** How often something was refused in that time. */
  refused(status: number, why: string): number {
    const count = (of: FrontStatus | undefined) =>
      of?.refusals.find((other) => other.status === status && other.why === why)?.count ?? 0;
    return count(this.now) - count(this.#before);
  }
}

/** All requests of a route. */
export function sumOf(requests: RouteStatus["requests"] | undefined): number {
  return requests === undefined ? 0 : CLASSES.reduce((sum, name) => sum + requests[name], 0);
}

function difference(now: Latency, before: Latency | undefined): number[] {
  return now.counts.map((count, place) => Math.max(0, count - (before?.counts[place] ?? 0)));
}
