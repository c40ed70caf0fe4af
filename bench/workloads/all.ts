/** Every workload, in the order in which they run. */

import type { Workload } from "../measure.ts";
import { accessLog } from "./access_log.ts";
import { connections } from "./connections.ts";
import { download } from "./download.ts";
import { growth } from "./growth.ts";
import { keepAlive } from "./keep_alive.ts";
import { latency } from "./latency.ts";
import { metrics } from "./metrics.ts";
import { openConnections } from "./open_connections.ts";
import { startUp } from "./start_up.ts";
import { streams } from "./streams.ts";
import { switching } from "./switching.ts";
import { tls } from "./tls.ts";

/** In the order of {@linkcode WORKLOADS} in options.ts. */
export const ALL: readonly Workload[] = [
  connections,
  keepAlive,
  switching,
  accessLog,
  metrics,
  download,
  tls,
  streams,
  latency,
  growth,
  openConnections,
  startUp,
];
