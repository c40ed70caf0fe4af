/** How a front is: what `fdpass status` shows. docs/control.md has the meaning of each key. */

import type { Config } from "../../config/config.ts";
import type { Report } from "../../front/plan.ts";
import type { CounterName, Counters } from "../../front/core/counters.ts";
import { VERSION } from "../version.ts";

/** A backend as the Workers of a front see it. */
export interface BackendStatus {
  readonly name: string;
  readonly socket: string;
  /** What `fdpass up` runs there; `other` for what somebody else runs. */
  readonly kind: string;
  /** `up`: some Worker reaches it. `drained`: it was asked for that nothing new goes there. */
  readonly state: "up" | "down" | "drained";
  /** Why it cannot be reached, as far as that is known. */
  readonly reason?: string;
}

/** All of it. */
export interface FrontStatus {
  readonly version: string;
  readonly process: number;
  /** Milliseconds since the front has started. */
  readonly uptime: number;
  readonly generation: number;
  readonly listeners: readonly string[];
  /** Sums over all Workers. */
  readonly counters: Readonly<Record<CounterName, number>>;
  readonly workers: readonly Readonly<Record<CounterName, number>>[];
  readonly sites: readonly {
    readonly names: readonly string[];
    readonly routes: readonly { readonly path: string; readonly backends: readonly string[] }[];
  }[];
  readonly backends: readonly BackendStatus[];
  readonly refusals: readonly { readonly status: number; readonly why: string; readonly count: number }[];
}

/** Remembers of what Workers report what people want to know later. */
export class Observed {
  readonly #started = performance.now();
  /** How many channels each backend has, by name. */
  readonly #channels = new Map<string, number>();
  readonly #reasons = new Map<string, string>();
  readonly #refusals = new Map<string, { status: number; why: string; count: number }>();

  /** Takes a report. */
  take(report: Report): void {
    switch (report.type) {
      case "backend-found":
        this.#channels.set(report.backend, (this.#channels.get(report.backend) ?? 0) + 1);
        this.#reasons.delete(report.backend);
        return;
      case "backend-lost":
        this.#channels.set(report.backend, Math.max(0, (this.#channels.get(report.backend) ?? 0) - 1));
        this.#reasons.set(report.backend, report.reason);
        return;
      case "backend-awaited":
        this.#channels.set(report.backend, 0);
        this.#reasons.set(report.backend, report.reason);
        return;
      case "request-refused": {
        const { status, why, count } = report;
        const key = `${status} ${why}`;
        const known = this.#refusals.get(key) ?? { status, why, count: 0 };
        known.count += count;
        this.#refusals.set(key, known);
      }
    }
  }

  /** What is known now. */
  status(
    config: Config,
    drained: ReadonlySet<string>,
    counters: readonly Counters[],
    facts: { readonly generation: number; readonly listeners: readonly string[] },
  ): FrontStatus {
    const workers = counters.map((one) => one.read());
    const sum = { ...workers[0]! };
    for (const one of workers.slice(1)) {
      for (const name of Object.keys(sum) as CounterName[]) sum[name] += one[name];
    }
    const sites = [...new Set(config.listeners.flatMap((listener) => listener.sites))];
    return {
      version: VERSION,
      process: Deno.pid,
      uptime: Math.round(performance.now() - this.#started),
      ...facts,
      counters: sum,
      workers,
      sites: sites.map(({ names, routes }) => ({
        names,
        routes: routes.map(({ path, backends }) => ({ path, backends })),
      })),
      backends: config.backends.map((backend) => this.#backend(backend, drained)),
      refusals: [...this.#refusals.values()].sort((a, b) => b.count - a.count),
    };
  }

  #backend({ name, socket, runs }: Config["backends"][number], drained: ReadonlySet<string>): BackendStatus {
    const up = (this.#channels.get(name) ?? 0) > 0;
    const reason = up ? undefined : this.#reasons.get(name);
    return {
      name,
      socket,
      kind: runs?.kind ?? "other",
      state: drained.has(name) ? "drained" : up ? "up" : "down",
      ...reason === undefined ? {} : { reason },
    };
  }
}
