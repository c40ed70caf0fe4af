/** What a front counts, as metrics. docs/metrics.md says the same for people; a test compares the two. */

import type { CounterName } from "../../front/core/counters.ts";
import { DURATION_BOUNDS } from "../../protocol/durations.ts";
import {
  CLASSES,
  type FrontStatus,
  type HandoffStatus,
  type RouteStatus,
  type UpstreamStatus,
} from "../front/front_status.ts";
import type { Latency } from "../front/latency.ts";
import type { Distribution, Exposition, Family, Labels } from "./exposition.ts";

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

/** Writes all of a front's metrics. */
export function writeMetrics(out: Exposition, status: FrontStatus): void {
  let family = "";
  for (const [name, counted] of Object.entries(COUNTED)) {
    if (counted.name !== family) out.family(counted);
    family = counted.name;
    out.sample(counted.name, counted.labels ?? {}, status.counters[name as keyof typeof COUNTED]);
  }
  out.family(ANSWERS);
  for (const { status: code, why, count } of status.answers) {
    out.sample(ANSWERS.name, { status: String(code), reason: why }, count);
  }
  out.family(WAIT);
  out.histogram(WAIT.name, {}, distribution(status.waited));
  const backends = [...status.backends, ...status.former];
  writeHandoffs(out, backends);
  writeRequests(out, backends);
  writeProcesses(out, backends);
  writeUpstreams(out, backends);
  const one = (family: Family, value: number, labels: Labels = {}) => {
    out.family(family);
    out.sample(family.name, labels, value);
  };
  const { draining, missing, version, generation, reloads, started } = status;
  one(READY, Number(!draining && missing.length === 0));
  one(BUILD, 1, { version });
  one(GENERATION, generation);
  out.family(RELOADS);
  out.sample(RELOADS.name, { result: "applied" }, reloads.applied);
  out.sample(RELOADS.name, { result: "refused" }, reloads.refused);
  one(RELOADED, Number(reloads.lastApplied));
  one(RELOAD_TIME, reloads.appliedAt / 1_000);
  out.family(BACKEND_UP);
  for (const { name, state } of status.backends) {
    out.sample(BACKEND_UP.name, { backend: name }, Number(state !== "down"));
  }
  one(STARTED, started / 1_000);
}

function writeHandoffs(out: Exposition, backends: readonly HandoffStatus[]): void {
  const each = (family: Family, write: (backend: HandoffStatus, labels: Labels) => void) => {
    out.family(family);
    for (const backend of backends) write(backend, { backend: backend.name });
  };
  each(SENT, ({ handoffs }, labels) => out.sample(SENT.name, labels, handoffs.sent));
  each(HANDOFFS, ({ handoffs }, labels) => {
    for (const result of ["acknowledged", "refused", "lost"] as const) {
      out.sample(HANDOFFS.name, { ...labels, result }, handoffs[result]);
    }
  });
  each(RETURNED, ({ handoffs }, labels) => out.sample(RETURNED.name, labels, handoffs.returned));
  each(HANDOVER, ({ latency }, labels) => out.histogram(HANDOVER.name, labels, distribution(latency)));
  each(
    UNACKNOWLEDGED,
    ({ unacknowledged }, labels) => out.sample(UNACKNOWLEDGED.name, labels, unacknowledged),
  );
  each(ACTIVE, ({ active }, labels) => out.sample(ACTIVE.name, labels, active));
}

function writeRequests(out: Exposition, backends: readonly HandoffStatus[]): void {
  const all = backends.flatMap(({ name: backend, kind, routes }) =>
    routes.map((status) => ({ status, labels: { backend, kind, site: status.site, route: status.route } }))
  );
  const each = (family: Family, write: (route: RouteStatus, labels: Labels) => void) => {
    out.family(family);
    for (const { status, labels } of all) write(status, labels);
  };
  each(TAKEN, ({ connections }, labels) => out.sample(TAKEN.name, labels, connections));
  each(REQUESTS, ({ requests }, labels) => {
    for (const code of CLASSES) {
      if (requests[code] > 0) out.sample(REQUESTS.name, { ...labels, code }, requests[code]);
    }
  });
  each(DURATION, ({ latency }, labels) => out.histogram(DURATION.name, labels, distribution(latency)));
  each(RECEIVED, ({ received }, labels) => out.sample(RECEIVED.name, labels, received));
  each(SAID, ({ sent }, labels) => out.sample(SAID.name, labels, sent));
}

function writeProcesses(out: Exposition, backends: readonly HandoffStatus[]): void {
  out.family(HANDSHAKES);
  for (const { name: backend, kind, process } of backends) {
    if (kind !== "tls" || process === undefined) continue;
    const { handshakes, resumed, failedHandshakes } = process;
    out.sample(HANDSHAKES.name, { backend, result: "full" }, handshakes - resumed);
    out.sample(HANDSHAKES.name, { backend, result: "resumed" }, resumed);
    out.sample(HANDSHAKES.name, { backend, result: "failed" }, failedHandshakes);
  }
  out.family(LIMITED);
  for (const { name: backend, process } of backends) {
    if (process === undefined) continue;
    out.sample(LIMITED.name, { backend, what: "requests" }, process.limitedRequests);
    out.sample(LIMITED.name, { backend, what: "connections" }, process.limitedConnections);
  }
}

function writeUpstreams(out: Exposition, backends: readonly HandoffStatus[]): void {
  const all = backends.flatMap(({ name: backend, upstreams }) =>
    upstreams.map((status) => ({ status, labels: { backend, upstream: status.upstream } }))
  );
  const each = (family: Family, value: (status: UpstreamStatus) => number | undefined) => {
    out.family(family);
    for (const { status, labels } of all) {
      const sample = value(status);
      if (sample !== undefined) out.sample(family.name, labels, sample);
    }
  };
  each(UPSTREAM_UP, ({ state }) => state === "unknown" ? undefined : Number(state === "up"));
  each(UPSTREAM_ACTIVE, ({ active }) => active);
  each(UPSTREAM_REQUESTS, ({ requests }) => requests);
  each(UPSTREAM_FAILURES, ({ failures }) => failures);
  each(UPSTREAM_CHECKS, ({ checks }) => checks);
  each(UPSTREAM_FAILED_CHECKS, ({ failedChecks }) => failedChecks);
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
