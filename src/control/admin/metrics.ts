/** What a front counts, as metrics. docs/metrics.md says the same for people; a test compares the two. */

import type { CounterName } from "../../front/core/counters.ts";
import type { FrontStatus } from "../front/front_status.ts";
import type { Exposition, Family, Labels } from "./exposition.ts";

/** A counter of the data plane as a metric. Several may be of one family, with labels that tell them apart. */
interface Counted extends Family {
  readonly labels?: Labels;
}

const CONNECTIONS: Family = {
  name: "fdpass_connections",
  type: "gauge",
  help: "Client connections that the front owns now, by what they are doing.",
};

/** Each counter of a Worker. A new one gets its line here, and one in docs/metrics.md. */
export const COUNTED: Readonly<Record<CounterName, Counted>> = {
  accepted: counter("fdpass_connections_accepted_total", "Client connections accepted."),
  sent: counter("fdpass_handoffs_sent_total", "Hand-offs sent to backends, repeated ones included."),
  handedOver: counter("fdpass_handoffs_acknowledged_total", "Connections that a backend has taken."),
  reclaimed: counter(
    "fdpass_handoffs_reclaimed_total",
    "Hand-offs that came to nothing: refused, or not acknowledged.",
  ),
  returned: counter("fdpass_connections_returned_total", "Connections that backends have given back."),
  refused: counter("fdpass_requests_answered_total", "Requests that the front has answered itself."),
  dropped: counter("fdpass_connections_dropped_total", "Connections that ended without a request."),
  open: { ...CONNECTIONS, labels: { state: "owned" } },
  waiting: { ...CONNECTIONS, labels: { state: "waiting" } },
  parked: { ...CONNECTIONS, labels: { state: "parked" } },
};

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
    out.sample(counted.name, counted.labels ?? {}, status.counters[name as CounterName]);
  }
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

function counter(name: string, help: string): Family {
  return { name, type: "counter", help };
}

function gauge(name: string, help: string): Family {
  return { name, type: "gauge", help };
}
