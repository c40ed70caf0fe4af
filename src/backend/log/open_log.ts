/** Opens the access log of a backend. */

import { processId } from "../../../ffi/mod.ts";
import type { Loop } from "../../loop/loop.ts";
import type { AccessLogRules } from "../../logs/rules.ts";
import { AccessLogs } from "../../output/access_logs.ts";
import { BATCH_TIME, type OutputEvent } from "../../output/line_file.ts";
import { RequestLog } from "./request_log.ts";

/** What of a backend its log depends on. */
export interface LogOptions {
  /** Which requests get a line, where and how; none unless given. */
  readonly accessLogs?: AccessLogRules | undefined;
  readonly name: string;
  /** This process is one of so many of that name, and a number behind the name says which. */
  readonly workerOf?: number;
  /** What lines say that it does; `fetch` unless given. */
  readonly kind?: string;
  /** Takes what people should know. */
  readonly report?: (event: OutputEvent) => void;
}

/** @returns undefined where nothing is logged */
export function openLog(options: LogOptions, { clock, deadlines }: Loop): RequestLog | undefined {
  const { accessLogs, name, workerOf, kind = "fetch", report } = options;
  if (accessLogs === undefined || accessLogs.logs.length === 0) return undefined;
  const logs = new AccessLogs(accessLogs, {
    batches: deadlines.list(BATCH_TIME),
    clock,
    report: (event) => report?.(event),
  });
  // Which of several processes it is, its number says.
  const ofMany = workerOf === undefined ? name : name.replace(/\.\d+$/, "");
  return new RequestLog(logs, { name: ofMany, process: processId(), kind });
}
