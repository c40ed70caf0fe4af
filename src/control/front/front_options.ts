/** What `fdpass front` is told. */

import type { Config } from "../../config/config.ts";
import type { LogTargets } from "../log/log_targets.ts";
import type { ControlPlace } from "../socket/control_path.ts";

/** How a front is run. */
export interface FrontOptions {
  /** Data-plane Workers. */
  readonly workers: number;
  /** Where commands are taken. */
  readonly control: ControlPlace;
  /** Where a supervisor is asked for listening sockets; without one this process opens them. */
  readonly keeper?: string | undefined;
  /** Whether the front that takes commands there is to be succeeded. */
  readonly takeOver?: boolean;
  /** Who runs the programs that logs go to; this process unless given. */
  readonly logTargets?: LogTargets | undefined;
  /** Whether a supervisor ends this process. */
  readonly supervised?: boolean;
  /** Reads the configuration again, for SIGHUP; absent where it came from a pipe. */
  readonly reload?: () => Promise<Config>;
}
