/** The access log of a backend that nobody else runs programs for. */

import type { AccessLogRules } from "../../logs/rules.ts";
import { Loop } from "../../loop/loop.ts";
import type { Log } from "../log/log.ts";
import { LogPrograms } from "../log/log_targets.ts";
import { PrivateDirectory } from "../processes/private_directory.ts";

/** What a backend's lines go to. */
export class BackendLogs {
  #loop: Loop | undefined;
  #programs: LogPrograms | undefined;
  readonly #directory = new PrivateDirectory(undefined);
  readonly rules: AccessLogRules | undefined;

  /**
   * @param given as the command line has it
   * @param children whether other processes write, too: then they get the rules as these can follow them
   * @throws {CommandError | ErrnoError | RunDirectoryError} when a program cannot be started
   */
  constructor(given: AccessLogRules | undefined, log: Log, children = false) {
    if (!given?.logs.some(({ to }) => to.startsWith("|") || children && to === "-")) {
      this.rules = given;
      return;
    }
    this.#loop = new Loop();
    this.#programs = new LogPrograms(this.#loop, this.#directory, log);
    this.rules = children ? this.#programs.forChildren(given) : this.#programs.resolve(given);
    void this.#loop.run();
  }

  /** Ends the programs, when nobody writes any more. */
  async close(): Promise<void> {
    await this.#programs?.close();
    this.#loop?.stop();
    this.#directory.remove();
  }
}
