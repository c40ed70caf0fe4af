/** Where the lines of several processes go: what a configuration says, as each of them can open it. */

import { FileStatus, processId } from "../../../ffi/mod.ts";
import { accessLogRules, messageRules } from "../../config/access_logs.ts";
import type { Config } from "../../config/config.ts";
import {
  type AccessLogRules,
  type MessageRules,
  type ProcessMessages,
  STANDARD_ERROR,
  STANDARD_OUTPUT,
} from "../../logs/rules.ts";
import type { Loop } from "../../loop/loop.ts";
import { fifoOfProgram } from "../../output/open_output.ts";
import type { PrivateDirectory } from "../processes/private_directory.ts";
import { directMessages, type Log } from "./log.ts";
import { LogProgram } from "./log_program.ts";

/** Turns the logs of rules into what can be opened by whoever is to write them. */
export interface LogTargets {
  /** @throws {CommandError | ErrnoError} when a program cannot be started */
  target(to: string): string;
  /** The same for messages to people. */
  messageTarget(to: string): string;
  resolve(rules: AccessLogRules | undefined): AccessLogRules | undefined;
}

/** A name for a program's FIFO that whoever knows the program knows, too (FNV-1a, 64 bits). */
function fifoName(program: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(program)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return `log-${hash.toString(16)}`;
}

/** Of the process that answers for the logs: it runs the programs. */
export class LogPrograms implements LogTargets {
  readonly #programs = new Map<string, LogProgram>();
  /** Those of earlier configurations, that processes may still write to. */
  #leaving: readonly LogProgram[] = [];

  constructor(readonly loop: Loop, readonly directory: PrivateDirectory, readonly log: Log) {}

  /**
   * Starts what does not run yet. What is not named any more goes on: others may still write to it.
   *
   * @throws {CommandError | ErrnoError} when a program cannot be started
   */
  resolve(rules: AccessLogRules | undefined): AccessLogRules | undefined {
    return rules && replaceTargets(rules, (to) => this.target(to));
  }

  target(to: string): string {
    if (!to.startsWith("|")) return to;
    let program = this.#programs.get(to);
    if (program === undefined) {
      const path = this.directory.join(fifoName(to));
      program = new LogProgram(this.loop, to.slice(1), path, this.log);
      this.#programs.set(to, program);
    }
    return fifoOfProgram(program.path, to);
  }

  messageTarget(to: string): string {
    const target = this.target(to);
    const program = this.#programs.get(to);
    if (program !== undefined) program.hasMessages = true;
    return target;
  }

  /** What a child is told, which finds the rest by itself: see {@linkcode ParentsTargets}. */
  forChildren(rules: AccessLogRules | undefined): AccessLogRules | undefined {
    const resolved = this.resolve(rules);
    return resolved && replaceTargets(resolved, (to) => to === STANDARD_OUTPUT ? outputOf(processId()) : to);
  }

  /** Starts all that a configuration names. */
  startAll(config: Config): void {
    for (const to of targetsOf(config)) this.target(to);
  }

  /** Lets those end that a configuration does not name, now that it is in force. */
  keep(config: Config): void {
    const named = new Set(targetsOf(config));
    this.#leaving = this.#leaving.filter(({ runs }) => runs);
    for (const [to, program] of this.#programs) {
      if (named.has(to)) continue;
      program.retire();
      this.#leaving = [...this.#leaving, program];
      this.#programs.delete(to);
    }
  }

  /** @returns when all programs have ended, or been told to */
  async close(): Promise<void> {
    const all = [...this.#programs.values(), ...this.#leaving];
    await Promise.all(all.map((program) => program.close()));
  }
}

/** Of a child that reads the configuration itself: its parent runs the programs. */
export class ParentsTargets implements LogTargets {
  /** @param directory the parent's private one */
  constructor(readonly parent: number, readonly directory: string) {}

  resolve(rules: AccessLogRules | undefined): AccessLogRules | undefined {
    return rules && replaceTargets(rules, (to) => this.target(to));
  }

  target(to: string): string {
    if (to.startsWith("|")) return fifoOfProgram(`${this.directory}/${fifoName(to)}`, to);
    return to === STANDARD_OUTPUT ? outputOf(this.parent) : to;
  }

  messageTarget(to: string): string {
    return this.target(to);
  }
}

/** Wherever lines and messages go. */
function targetsOf(config: Config): string[] {
  const { main, sites } = messageRules(config);
  return [...accessLogRules(config)?.logs ?? [], main, ...sites].flatMap(({ to }) => to ?? []);
}

/**
 * Has messages of this process go by a configuration.
 *
 * @throws {CommandError | ErrnoError} when a program cannot be started
 */
export function followMessages(config: Config, targets: LogTargets): void {
  directMessages(resolveMessages(messageRules(config), targets));
}

/** Where messages go, as whoever writes them can open it. */
export function resolveMessages(
  { main, sites, ...rest }: ProcessMessages,
  targets: LogTargets,
): ProcessMessages {
  const resolve = <Rules extends MessageRules>(rules: Rules): Rules =>
    rules.to === undefined ? rules : { ...rules, to: targets.messageTarget(rules.to) };
  return { ...rest, main: resolve(main), sites: sites.map(resolve) };
}

function replaceTargets(rules: AccessLogRules, replace: (to: string) => string): AccessLogRules {
  return { ...rules, logs: rules.logs.map((log) => ({ ...log, to: replace(log.to) })) };
}

/** Standard output of another process, or, where that is a socket, which cannot be opened, standard error: children have that. */
function outputOf(process: number): string {
  const path = `/proc/${process}/fd/1`;
  return isSocket(path) ? STANDARD_ERROR : path;
}

function isSocket(path: string): boolean {
  const status = new FileStatus();
  return status.readTarget(path) === 0 && status.type === "socket";
}
