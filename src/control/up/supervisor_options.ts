/** What `fdpass up` is told. */

import type { Config } from "../../config/config.ts";
import type { ControlPlace } from "../socket/control_path.ts";

/** How everything is run. */
export interface SupervisorOptions {
  /** What `fdpass front` is given as its configuration: a path, or `-` and the text for its standard input. */
  readonly source: string;
  readonly input?: string;
  /** Data-plane Workers of the front. */
  readonly workers: number;
  /** Further options for the front. */
  readonly frontArguments?: readonly string[];
  /** Where commands are taken, and what the front is to look in for sockets. */
  readonly control: ControlPlace;
  /** Reads the configuration again, for SIGHUP; absent where it came from a pipe. */
  readonly reload?: () => Promise<Config>;
  /** Called once everything is ready. */
  readonly ready?: () => void;
}
