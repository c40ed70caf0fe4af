/** A front that takes over from the one that runs, as `fdpass upgrade` has it. */

import { reasonOf } from "../failure.ts";
import type { Log } from "../log/log.ts";
import { SupervisedProcess, type SupervisedProcessOptions } from "../processes/supervised_process.ts";

/**
 * Starts it.
 *
 * @param old the one that runs: it goes on where this comes to nothing
 * @param options of one that takes over
 * @param timeout milliseconds until it has to be ready
 * @returns the new front; a text says why there is none
 */
export async function replaceFront(
  old: SupervisedProcess,
  options: SupervisedProcessOptions,
  timeout: number,
  log: Log,
): Promise<SupervisedProcess | string> {
  const front = new SupervisedProcess({ ...options, attempt: true });
  old.leaves = true;
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`it was not ready within ${timeout / 1_000} s`)), timeout);
    });
    await Promise.race([front.ready, late]);
    return front;
  } catch (error) {
    front.kill();
    old.leaves = false;
    const reason = reasonOf(error);
    log.warn("take-over-failed", "the new front has not taken over, the old one goes on: {reason}", {
      reason,
    });
    return reason;
  } finally {
    clearTimeout(timer);
  }
}
