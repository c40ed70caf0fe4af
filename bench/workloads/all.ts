/** Every workload, in the order in which they run. */

import type { Workload } from "../measure.ts";
import { accessLog } from "./access_log.ts";
import { apacheSender } from "./apache_sender.ts";
import { connections } from "./connections.ts";
import { download } from "./download.ts";
import { growth } from "./growth.ts";
import { idleClients } from "./idle_clients.ts";
import { keepAlive } from "./keep_alive.ts";
import { latency } from "./latency.ts";
import { metrics } from "./metrics.ts";
import { openConnections } from "./open_connections.ts";
import { relay } from "./relay.ts";
import { startUp } from "./start_up.ts";
import { files } from "./static.ts";
import { streams } from "./streams.ts";
import { switching } from "./switching.ts";
import { systemCalls } from "./system_calls.ts";
import { tls } from "./tls.ts";
import { websockets } from "./websockets.ts";

/** In the order of {@linkcode WORKLOADS} in options.ts. */
export const ALL: readonly Workload[] = [
  connections,
  apacheSender,
  keepAlive,
  relay,
  files,
  switching,
  accessLog,
  metrics,
  download,
  tls,
  streams,
  websockets,
  idleClients,
  latency,
  growth,
  openConnections,
  startUp,
  systemCalls,
];
