/** Where the lines of a front go: its messages, and what it answers itself. */

import { accessLogRules } from "../../config/access_logs.ts";
import type { Config } from "../../config/config.ts";
import type { AccessLogRules } from "../../logs/rules.ts";
import type { Loop } from "../../loop/loop.ts";
import { endMessages, type Log } from "../log/log.ts";
import { followMessages, LogPrograms, type LogTargets } from "../log/log_targets.ts";
import type { PrivateDirectory } from "../processes/private_directory.ts";

/** The targets of logs, and the programs among them where those are this process's. */
export class FrontLogs {
  readonly #programs: LogPrograms;
  readonly #targets: LogTargets;

  /** @param targets who runs the programs that logs go to; this process unless given */
  constructor(loop: Loop, directory: PrivateDirectory, log: Log, targets?: LogTargets) {
    this.#programs = new LogPrograms(loop, directory, log);
    this.#targets = targets ?? this.#programs;
  }

  /**
   * Has all programs that a configuration names run, before it is in force.
   *
   * @throws {CommandError | ErrnoError} where one cannot be started
   */
  of(config: Config): AccessLogRules | undefined {
    if (this.#targets === this.#programs) this.#programs.startAll(config);
    return this.#targets.resolve(accessLogRules(config));
  }

  /** Messages go where the first configuration says. */
  begin(config: Config): void {
    followMessages(config, this.#targets);
  }

  /** Another configuration is in force. */
  follow(config: Config): void {
    followMessages(config, this.#targets);
    this.#programs.keep(config);
  }

  /** It is the old one that stays in force: what was started for another one ends. */
  stay(config: Config): void {
    this.#programs.keep(config);
  }

  /** @returns when the programs have ended, or been told to */
  async close(): Promise<void> {
    endMessages();
    await this.#programs.close();
  }
}
