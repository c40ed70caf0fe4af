/** The service manager's watchdog (sd_watchdog_enabled(3), `WatchdogSec=` of systemd.service(5)). */

import { processId } from "../../../ffi/mod.ts";
import { notify, variableOf } from "./notify.ts";

/** Milliseconds within which the manager wants a sign of life (`WATCHDOG=1`) from this process; 0 where it wants none. */
export function watchdogTime(): number {
  const process = variableOf("WATCHDOG_PID");
  if (process !== undefined && process !== String(processId())) return 0;
  const microseconds = Number(variableOf("WATCHDOG_USEC") ?? 0);
  return Number.isSafeInteger(microseconds) && microseconds > 0 ? microseconds / 1_000 : 0;
}

/** Tells the manager again and again that this process lives, where it wants to know. @returns to be cleared in the end */
export function giveSignsOfLife(): ReturnType<typeof setInterval> | undefined {
  const time = watchdogTime();
  return time > 0 ? setInterval(() => notify("WATCHDOG=1"), time / 2) : undefined;
}
