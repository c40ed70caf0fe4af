/** How a front is: what `fdpass status` shows. docs/control.md has the meaning of each key. */

import type { Config, Site } from "../../config/config.ts";
import type { Report } from "../../front/plan.ts";
import type { CounterName, Counters } from "../../front/core/counters.ts";
import { SERIES_COUNTERS, SERIES_DURATIONS } from "../../protocol/counters_page.ts";
import { VERSION } from "../version.ts";
import { type Latency, latencyOf } from "./latency.ts";
import { Pages } from "./pages.ts";
import type { BackendSum, SeriesSum, UpstreamSum } from "./sums.ts";
import { addedCounters, type AnswerCount, Tallies } from "./tallies.ts";

/** What the processes of a backend have counted of one route. */
export interface RouteStatus {
  readonly site: string;
  /** Empty for routes that no configuration has named. */
  readonly route: string;
  /** Connections taken for it. */
  readonly connections: number;
  /** Requests by the class of their status; `0xx`: the client had gone before it was answered. */
  readonly requests: Readonly<Record<typeof CLASSES[number], number>>;
  /** Bytes. */
  readonly received: number;
  readonly sent: number;
  /** From when the head was whole to the end of the response. */
  readonly latency: Latency;
}

/** What the processes of a backend know of one server, or application, that they ask. */
export interface UpstreamStatus extends Omit<UpstreamSum, "processes" | "down"> {
  /** `down`: some process has found that it cannot be used now. `unknown`: no process has it now. */
  readonly state: "up" | "down" | "unknown";
}

/** Classes of statuses. */
export const CLASSES = ["0xx", "1xx", "2xx", "3xx", "4xx", "5xx"] as const;

/** A backend as the Workers of a front see it. */
export interface BackendStatus extends HandoffStatus {
  readonly socket: string;
  /** Numbers of the processes that take connections there, as the front sees them. */
  readonly processes: readonly number[];
  /** `up`: some Worker reaches it. `drained`: it was asked for that nothing new goes there. */
  readonly state: "up" | "down" | "drained";
  /** Why it cannot be reached, as far as that is known. */
  readonly reason?: string;
}

/** What was counted of hand-offs to a backend. */
export interface HandoffStatus {
  readonly name: string;
  /** Sent, and what has become of them. `lost`: the channel ended, or it took too long. `returned`: connections that came back. */
  readonly handoffs: Readonly<Record<"sent" | "acknowledged" | "refused" | "lost" | "returned", number>>;
  /** Hand-offs under way. */
  readonly unacknowledged: number;
  /** Connections that its processes hold, as they have said last. */
  readonly active: number;
  /** From accept, or from when the connection came back, to the acknowledgement. */
  readonly latency: Latency;
  /** What its processes do, as the configuration or they themselves say; `other` for what is not known here. */
  readonly kind: string;
  /** What its processes have counted themselves; absent where they count nothing. */
  readonly process?: BackendSum["process"];
  readonly routes: readonly RouteStatus[];
  /** Those whom its processes ask, where they are relays or pass requests on to applications. */
  readonly upstreams: readonly UpstreamStatus[];
}

/** What has become of reloads. */
export interface ReloadStatus {
  readonly applied: number;
  readonly refused: number;
  /** Whether the last one was applied; true before the first. */
  readonly lastApplied: boolean;
  /** When the configuration in force was applied, in milliseconds since 1970. */
  readonly appliedAt: number;
}

/** What the process knows of itself. */
interface Facts {
  readonly generation: number;
  readonly listeners: readonly string[];
  readonly draining: boolean;
}

/** All of it. */
export interface FrontStatus {
  readonly version: string;
  readonly process: number;
  /** When the front was started, in milliseconds since 1970. */
  readonly started: number;
  /** Milliseconds since then. */
  readonly uptime: number;
  /** It accepts nothing any more. */
  readonly draining: boolean;
  /** Routes that have had no backend yet since the start, as `example.com/files/`; none once there was a moment without. */
  readonly missing: readonly string[];
  readonly reloads: ReloadStatus;
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
  /** Backends that earlier configurations have named: what was counted does not go. */
  readonly former: readonly HandoffStatus[];
  /** What connections have waited for a backend, of those that had to. */
  readonly waited: Latency;
  /** Everything that the front has answered itself, and what it has closed unanswered (status 0). */
  readonly answers: readonly AnswerCount[];
  /** Those of them that were no success and no redirect. */
  readonly refusals: readonly AnswerCount[];
}

/** What is said of a configuration. */
interface Described {
  readonly config: Config;
  readonly sites: readonly Site[];
  readonly shown: FrontStatus["sites"];
  /** Of backends. */
  readonly names: ReadonlySet<string>;
}

/** Remembers of what Workers report what people want to know later. */
export class Observed {
  readonly #started = performance.now();
  readonly #startedAt = Date.now();
  /** Backends that were reachable once. */
  readonly #seen = new Set<string>();
  /** Every route has had a backend. */
  #complete = false;
  #reloads: ReloadStatus = { applied: 0, refused: 0, lastApplied: true, appliedAt: Date.now() };
  /** How many channels each backend has, by name. */
  readonly #channels = new Map<string, number>();
  readonly #reasons = new Map<string, string>();
  /** By Worker and backend. */
  readonly #processes = new Map<string, readonly number[]>();
  #described: Described | undefined;
  /** What the Workers count. */
  readonly tallies: Tallies;
  /** What backends count. */
  readonly pages: Pages = new Pages();

  /** @param workers how many there are */
  constructor(workers: number) {
    this.tallies = new Tallies(workers);
  }

  /** Takes a report. @param worker whose it is, from 0 */
  take(report: Report, worker: number): void {
    switch (report.type) {
      case "backend-found":
        this.#channels.set(report.backend, (this.#channels.get(report.backend) ?? 0) + 1);
        this.#reasons.delete(report.backend);
        this.#seen.add(report.backend);
        return;
      case "backend-lost":
        this.#channels.set(report.backend, Math.max(0, (this.#channels.get(report.backend) ?? 0) - 1));
        this.#reasons.set(report.backend, report.reason);
        return;
      case "backend-awaited":
        this.#channels.set(report.backend, 0);
        this.#reasons.set(report.backend, report.reason);
        return;
      case "counters":
        return this.pages.take(report.backend, report.fd);
      case "backend-processes":
        this.#processes.set(`${worker} ${report.backend}`, report.processes);
        return;
      case "reason":
        return this.tallies.named(worker, report);
    }
  }

  /** A reload has come to its end. */
  reloaded(applied: boolean): void {
    const { applied: good, refused: bad, appliedAt } = this.#reloads;
    this.#reloads = {
      applied: good + Number(applied),
      refused: bad + Number(!applied),
      lastApplied: applied,
      appliedAt: applied ? Date.now() : appliedAt,
    };
  }

  /** Routes none of whose backends was reachable yet. What has been whole once stays so for whoever asks. */
  #missing({ listeners }: Config, sites: readonly Site[]): readonly string[] {
    if (this.#complete) return [];
    const handshakes = listeners.flatMap(({ tls }) =>
      tls === undefined || this.#seen.has(tls.backend) ? [] : "TLS"
    );
    const missing = sites.flatMap(({ names, routes }) =>
      routes.filter(({ backends }) => backends.length > 0 && !backends.some((name) => this.#seen.has(name)))
        .map(({ path }) => `${names[0] ?? ""}${path}`)
    );
    missing.push(...new Set(handshakes));
    this.#complete = missing.length === 0;
    return missing;
  }

  /** What is known now. */
  status(
    config: Config,
    drained: ReadonlySet<string>,
    counters: readonly Counters[],
    facts: Facts,
  ): FrontStatus {
    const workers = counters.map((one) => one.read());
    const answers = this.tallies.answers(counters);
    const sums = this.pages.read();
    const { sites, shown, names } = this.#of(config);
    return {
      version: VERSION,
      process: Deno.pid,
      started: this.#startedAt,
      uptime: Math.round(performance.now() - this.#started),
      missing: this.#missing(config, sites),
      reloads: this.#reloads,
      ...facts,
      counters: addedCounters(workers),
      workers,
      sites: shown,
      backends: config.backends.map((backend) => this.#backend(backend, sums, drained)),
      former: this.tallies.backends.filter((name) => !names.has(name)).map((name) =>
        this.#handoffs(name, "other", sums.get(name))
      ),
      waited: latencyOf(this.tallies.waited(counters)),
      answers,
      refusals: answers.filter(({ status }) => status === 0 || status >= 400),
    };
  }

  /** What does not change as long as a configuration is in force. */
  #of(config: Config): Described {
    if (this.#described?.config === config) return this.#described;
    const sites = [...new Set(config.listeners.flatMap((listener) => listener.sites))];
    const shown = sites.map(({ names, routes }) => ({
      names,
      routes: routes.map(({ path, backends }) => ({ path, backends })),
    }));
    return this.#described = {
      config,
      sites,
      shown,
      names: new Set(config.backends.map(({ name }) => name)),
    };
  }

  #backend(
    { name, socket, runs }: Config["backends"][number],
    sums: ReadonlyMap<string, BackendSum>,
    drained: ReadonlySet<string>,
  ): BackendStatus {
    const up = (this.#channels.get(name) ?? 0) > 0;
    const reason = up ? undefined : this.#reasons.get(name);
    const processes = this.tallies.workers.flatMap((worker) =>
      this.#processes.get(`${worker} ${name}`) ?? []
    );
    return {
      ...this.#handoffs(name, runs?.kind ?? "other", sums.get(name)),
      socket,
      processes: [...new Set(processes)].sort((a, b) => a - b),
      state: drained.has(name) ? "drained" : up ? "up" : "down",
      ...reason === undefined ? {} : { reason },
    };
  }

  #handoffs(name: string, kind: string, sum: BackendSum | undefined): HandoffStatus {
    const { handover, active, ...handoffs } = this.tallies.backend(name);
    const { sent, acknowledged, refused, lost } = handoffs;
    return {
      name,
      handoffs,
      // Read one after another while they change.
      unacknowledged: Math.max(0, sent - acknowledged - refused - lost),
      active,
      latency: latencyOf(handover),
      kind: kind === "other" ? sum?.kind ?? kind : kind,
      ...sum === undefined ? {} : { process: sum.process },
      routes: (sum?.series ?? []).filter(({ counters }) => counters.some((count) => count > 0)).map(
        routeStatus,
      ),
      upstreams: (sum?.upstreams ?? []).map(upstreamStatus),
    };
  }
}

const PLACES = Object.fromEntries(SERIES_COUNTERS.map((name, place) => [name, place])) as Record<
  typeof SERIES_COUNTERS[number],
  number
>;

function routeStatus({ site, route, counters }: SeriesSum): RouteStatus {
  const of = (name: keyof typeof PLACES) => counters[PLACES[name]]!;
  return {
    site,
    route,
    connections: of("connections"),
    requests: {
      "0xx": of("0xx"),
      "1xx": of("1xx"),
      "2xx": of("2xx"),
      "3xx": of("3xx"),
      "4xx": of("4xx"),
      "5xx": of("5xx"),
    },
    received: of("received"),
    sent: of("sent"),
    latency: latencyOf({ counts: [...counters.subarray(SERIES_DURATIONS)], sum: of("duration") / 1_000 }),
  };
}

function upstreamStatus({ processes, down, ...counted }: UpstreamSum): UpstreamStatus {
  return { ...counted, state: processes === 0 ? "unknown" : down > 0 ? "down" : "up" };
}
