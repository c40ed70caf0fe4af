/** What a front counts, as metrics. docs/metrics.md says the same for people; a test compares the two. */

import type { CounterName } from "../../front/core/counters.ts";
import { DURATION_BOUNDS } from "../../protocol/durations.ts";
import { CLASSES, type FrontStatus, type HandoffStatus, type UpstreamStatus } from "../front/front_status.ts";
import type { Latency } from "../front/latency.ts";
import type { Distribution, Exposition, Family, Labels } from "./exposition.ts";
import { LabelSet } from "./label_set.ts";
import type { TextBytes } from "./text_bytes.ts";

/** A counter of the data plane as a metric. Several may be of one family, with labels that tell them apart. */
interface Counted extends Family {
  readonly labels?: Labels;
}

const CONNECTIONS: Family = {
  name: "fdpass_connections",
  type: "gauge",
  help: "Client connections that the front owns now, by what they are doing.",
};

/** Counters that are there by backend or by reason as well, and are written as those: their sum is the same. */
const APART = ["sent", "handedOver", "reclaimed", "returned", "refused"] as const;

/** Every other counter of a Worker. A new one gets its line here, and one in docs/metrics.md. */
export const COUNTED: Readonly<Record<Exclude<CounterName, typeof APART[number]>, Counted>> = {
  accepted: counter("fdpass_connections_accepted_total", "Client connections accepted."),
  dropped: counter("fdpass_connections_dropped_total", "Connections that ended without a request."),
  open: { ...CONNECTIONS, labels: { state: "owned" } },
  waiting: { ...CONNECTIONS, labels: { state: "waiting" } },
  parked: { ...CONNECTIONS, labels: { state: "parked" } },
};

const ANSWERS = counter(
  "fdpass_answers_total",
  "Requests that the front has answered itself, by status and reason; status 0: connections closed unanswered.",
);
const WAIT: Family = {
  name: "fdpass_wait_duration_seconds",
  type: "histogram",
  help: "What connections have waited for a backend, of those that had to.",
};
const SENT = counter("fdpass_handoffs_sent_total", "Hand-offs sent to a backend, repeated ones included.");
const HANDOFFS = counter(
  "fdpass_handoffs_total",
  "What has become of hand-offs: acknowledged, refused by the backend, or lost (no answer in time, or its channel ended).",
);
const RETURNED = counter("fdpass_connections_returned_total", "Connections that a backend has given back.");
const HANDOVER: Family = {
  name: "fdpass_handoff_duration_seconds",
  type: "histogram",
  help: "From accept, or from when a backend gave the connection back, to the acknowledgement.",
};
const UNACKNOWLEDGED = gauge("fdpass_handoffs_unacknowledged", "Hand-offs under way to a backend.");
const ACTIVE = gauge(
  "fdpass_backend_active_connections",
  "Connections that the processes of a backend hold, as they have said last.",
);
const TAKEN = counter(
  "fdpass_backend_connections_total",
  "Connections that the processes of a backend have taken, by site and route.",
);
const REQUESTS = counter(
  "fdpass_requests_total",
  "Requests that backends have answered, by class of their status; 0xx: the client had gone before.",
);
const DURATION: Family = {
  name: "fdpass_request_duration_seconds",
  type: "histogram",
  help: "From when a request's head was whole to the end of its response.",
};
const RECEIVED = counter("fdpass_request_bytes_total", "Bytes of requests, heads included.");
const SAID = counter("fdpass_response_bytes_total", "Bytes of responses, heads included.");
const HANDSHAKES = counter(
  "fdpass_tls_handshakes_total",
  "TLS handshakes: full, resumed (an earlier session went on), or failed.",
);
const LIMITED = counter(
  "fdpass_backend_limited_total",
  "What the processes of a backend have refused because a client asked too much.",
);
const UPSTREAM_UP = gauge(
  "fdpass_upstream_up",
  "Whether every process of a backend can use one of its upstreams, as far as that is known.",
);
const UPSTREAM_ACTIVE = gauge("fdpass_upstream_active_requests", "Requests that an upstream has now.");
const UPSTREAM_REQUESTS = counter("fdpass_upstream_requests_total", "Requests that went to an upstream.");
const UPSTREAM_FAILURES = counter(
  "fdpass_upstream_failures_total",
  "Requests that came to nothing for want of an upstream, and answers that say that it does not work.",
);
const UPSTREAM_CHECKS = counter("fdpass_upstream_checks_total", "Health checks of an upstream.");
const UPSTREAM_FAILED_CHECKS = counter(
  "fdpass_upstream_checks_failed_total",
  "Health checks of an upstream that have failed.",
);
const READY = gauge("fdpass_ready", "1 when every route has had a backend and the front does not drain.");
const BUILD = gauge("fdpass_build_info", "1; the version of the front is a label.");
const GENERATION = gauge("fdpass_config_generation", "Configurations applied since the start.");
const RELOADS = counter("fdpass_config_reloads_total", "Reloads of the configuration, by result.");
const RELOADED = gauge("fdpass_config_last_reload_successful", "Whether the last reload was applied.");
const RELOAD_TIME = gauge(
  "fdpass_config_last_reload_success_timestamp_seconds",
  "When the configuration in force was applied.",
);
const BACKEND_UP = gauge("fdpass_backend_up", "Whether a backend can be reached.");
const STARTED = gauge("process_start_time_seconds", "When the front was started.");

/** All families, in the order in which they are written. */
export const FAMILIES: readonly Family[] = [
  ...new Map(Object.values(COUNTED).map((family) => [family.name, family])).values(),
  ANSWERS,
  WAIT,
  SENT,
  HANDOFFS,
  RETURNED,
  HANDOVER,
  UNACKNOWLEDGED,
  ACTIVE,
  TAKEN,
  REQUESTS,
  DURATION,
  RECEIVED,
  SAID,
  HANDSHAKES,
  LIMITED,
  UPSTREAM_UP,
  UPSTREAM_ACTIVE,
  UPSTREAM_REQUESTS,
  UPSTREAM_FAILURES,
  UPSTREAM_CHECKS,
  UPSTREAM_FAILED_CHECKS,
  READY,
  BUILD,
  GENERATION,
  RELOADS,
  RELOADED,
  RELOAD_TIME,
  BACKEND_UP,
  STARTED,
];

/** Writes all of a front's metrics, again and again. */
export class Metrics {
  readonly #labels = LabelSet.none();

  /** @param out where, for this object alone */
  constructor(readonly out: Exposition) {}

  /** The whole text: valid until the next one is written. */
  write(status: FrontStatus): TextBytes {
    const { out } = this;
    out.begin();
    const backends = [...status.backends, ...status.former].map((backend) => ({
      ...backend,
      labels: this.#labels.with("backend", backend.name),
    }));
    this.#writeFront(status);
    this.#writeHandoffs(backends);
    this.#writeRequests(backends);
    this.#writeProcesses(backends);
    this.#writeUpstreams(backends);
    this.#writeConfiguration(status);
    return out.end();
  }

  #sample(family: Family, labels: LabelSet, value: number): void {
    this.out.sample(family.name, labels.labels, value);
  }

  #each<T>(family: Family, all: readonly T[], write: (one: T) => void): void {
    this.out.family(family);
    for (const one of all) write(one);
  }

  #writeFront({ counters, answers, waited }: FrontStatus): void {
    const { out } = this;
    let family = "";
    for (const [name, counted] of Object.entries(COUNTED)) {
      if (counted.name !== family) out.family(counted);
      family = counted.name;
      out.sample(counted.name, counted.labels ?? this.#labels.labels, counters[name as keyof typeof COUNTED]);
    }
    this.#each(ANSWERS, answers, ({ status, why, count }) => {
      this.#sample(ANSWERS, this.#labels.with("status", String(status)).with("reason", why), count);
    });
    out.family(WAIT);
    out.histogram(WAIT.name, this.#labels.labels, distribution(waited));
  }

  #writeHandoffs(all: readonly Labelled[]): void {
    this.#each(SENT, all, ({ labels, handoffs }) => this.#sample(SENT, labels, handoffs.sent));
    this.#each(HANDOFFS, all, ({ labels, handoffs }) => {
      for (const result of ["acknowledged", "refused", "lost"] as const) {
        this.#sample(HANDOFFS, labels.with("result", result), handoffs[result]);
      }
    });
    this.#each(RETURNED, all, ({ labels, handoffs }) => this.#sample(RETURNED, labels, handoffs.returned));
    this.#each(HANDOVER, all, ({ labels, latency }) => {
      this.out.histogram(HANDOVER.name, labels.labels, distribution(latency));
    });
    this.#each(UNACKNOWLEDGED, all, ({ labels, unacknowledged }) => {
      this.#sample(UNACKNOWLEDGED, labels, unacknowledged);
    });
    this.#each(ACTIVE, all, ({ labels, active }) => this.#sample(ACTIVE, labels, active));
  }

  #writeRequests(backends: readonly Labelled[]): void {
    const all = backends.flatMap(({ labels, kind, routes }) => {
      const ofKind = labels.with("kind", kind);
      return routes.map((status) => ({
        status,
        labels: ofKind.with("site", status.site).with("route", status.route),
      }));
    });
    this.#each(TAKEN, all, ({ labels, status }) => this.#sample(TAKEN, labels, status.connections));
    this.#each(REQUESTS, all, ({ labels, status: { requests } }) => {
      for (const code of CLASSES) {
        if (requests[code] > 0) this.#sample(REQUESTS, labels.with("code", code), requests[code]);
      }
    });
    this.#each(DURATION, all, ({ labels, status }) => {
      this.out.histogram(DURATION.name, labels.labels, distribution(status.latency));
    });
    this.#each(RECEIVED, all, ({ labels, status }) => this.#sample(RECEIVED, labels, status.received));
    this.#each(SAID, all, ({ labels, status }) => this.#sample(SAID, labels, status.sent));
  }

  #writeProcesses(all: readonly Labelled[]): void {
    this.#each(HANDSHAKES, all, ({ labels, kind, process }) => {
      if (kind !== "tls" || process === undefined) return;
      const { handshakes, resumed, failedHandshakes } = process;
      this.#sample(HANDSHAKES, labels.with("result", "full"), handshakes - resumed);
      this.#sample(HANDSHAKES, labels.with("result", "resumed"), resumed);
      this.#sample(HANDSHAKES, labels.with("result", "failed"), failedHandshakes);
    });
    this.#each(LIMITED, all, ({ labels, process }) => {
      if (process === undefined) return;
      this.#sample(LIMITED, labels.with("what", "requests"), process.limitedRequests);
      this.#sample(LIMITED, labels.with("what", "connections"), process.limitedConnections);
    });
  }

  #writeUpstreams(backends: readonly Labelled[]): void {
    const all = backends.flatMap(({ labels, upstreams }) =>
      upstreams.map((status) => ({ status, labels: labels.with("upstream", status.upstream) }))
    );
    const each = (family: Family, value: (status: UpstreamStatus) => number | undefined) => {
      this.#each(family, all, ({ status, labels }) => {
        const sample = value(status);
        if (sample !== undefined) this.#sample(family, labels, sample);
      });
    };
    each(UPSTREAM_UP, ({ state }) => state === "unknown" ? undefined : Number(state === "up"));
    each(UPSTREAM_ACTIVE, ({ active }) => active);
    each(UPSTREAM_REQUESTS, ({ requests }) => requests);
    each(UPSTREAM_FAILURES, ({ failures }) => failures);
    each(UPSTREAM_CHECKS, ({ checks }) => checks);
    each(UPSTREAM_FAILED_CHECKS, ({ failedChecks }) => failedChecks);
  }

  #writeConfiguration(
    { draining, missing, version, generation, reloads, backends, started }: FrontStatus,
  ): void {
    const one = (family: Family, value: number, labels = this.#labels) => {
      this.out.family(family);
      this.#sample(family, labels, value);
    };
    one(READY, Number(!draining && missing.length === 0));
    one(BUILD, 1, this.#labels.with("version", version));
    one(GENERATION, generation);
    this.#each(RELOADS, ["applied", "refused"] as const, (result) => {
      this.#sample(RELOADS, this.#labels.with("result", result), reloads[result]);
    });
    one(RELOADED, Number(reloads.lastApplied));
    one(RELOAD_TIME, reloads.appliedAt / 1_000);
    this.#each(BACKEND_UP, backends, ({ name, state }) => {
      this.#sample(BACKEND_UP, this.#labels.with("backend", name), Number(state !== "down"));
    });
    one(STARTED, started / 1_000);
  }
}

/** A backend with the label that all of its figures have. */
interface Labelled extends HandoffStatus {
  readonly labels: LabelSet;
}

function distribution({ counts, sum }: Latency): Distribution {
  return { bounds: DURATION_BOUNDS, counts, sum };
}

function counter(name: string, help: string): Family {
  return { name, type: "counter", help };
}

function gauge(name: string, help: string): Family {
  return { name, type: "gauge", help };
}
