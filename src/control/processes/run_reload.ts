/** One reload, the same for everything that is reloaded: what the service manager hears of it, and what people do. */

import { type ControlAnswer, DONE, FAILED, REFUSED } from "../../protocol/control.ts";
import { EXIT_USAGE, explain, reasonOf } from "../failure.ts";
import type { Log } from "../log/log.ts";
import { notify, notifyReloading } from "./notify.ts";

/** What is reloaded. */
export interface Reload {
  /** Whether the process is coming to an end: nothing is begun any more, and what goes wrong is no news. */
  readonly stopping: () => boolean;
  /**
   * Reads and applies. It rejects when it cannot, and has left everything as it was.
   *
   * @returns what whoever has asked for it is told; nothing where there is nothing to say
   */
  readonly apply: () => Promise<ControlAnswer | void>;
  /** Says that what was there before stays, and why. */
  readonly failed: (reason: string) => void;
  /** What this process is doing, as `systemctl status` shows it. */
  readonly status?: () => string;
}

/**
 * Reloads. It never rejects: a reload that fails changes nothing.
 *
 * @returns when it is over, what has become of it: refused where what is to be read is at fault, failed where it could
 * not be applied
 */
export async function runReload({ stopping, apply, failed, status }: Reload): Promise<ControlAnswer> {
  const ending: ControlAnswer = { code: FAILED, text: "Cannot reload: it is coming to an end" };
  if (stopping()) return ending;
  notifyReloading();
  let answer: ControlAnswer = { code: DONE, text: "" };
  try {
    answer = await apply() ?? answer;
    if (stopping()) answer = ending;
  } catch (error) {
    answer = { code: explain(error).code === EXIT_USAGE ? REFUSED : FAILED, text: reasonOf(error) };
    if (!stopping()) failed(answer.text);
  }
  // Whatever came of it, it is over.
  if (!stopping()) notify(status === undefined ? "READY=1" : `READY=1\nSTATUS=${status()}`);
  return answer;
}

/** Says that the configuration in force stays, once for each thing that is wrong with the new one. */
export function configurationStays(log: Log): Reload["failed"] {
  return (reasons) => {
    for (const reason of reasons.split("\n")) {
      log.error("reload-refused", "the new configuration is not used, the old one stays: {reason}", {
        reason,
      });
    }
  };
}
