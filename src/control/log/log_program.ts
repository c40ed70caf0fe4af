/** A program whose standard input is a log: `"|rotatelogs access-%F.log 86400"`. Kept running. */

import {
  adopt,
  close,
  describeErrno,
  type Descriptor,
  duplicate,
  EPOLLIN,
  expect,
  makeFifo,
  openFifo,
  openForReading,
  openProcess,
  reap,
  signalGroup,
  SIGTERM,
  spawn,
  StringArray,
  unlink,
} from "../../../ffi/mod.ts";
import { type Command, findCommand } from "../../backend/exec/command.ts";
import { baseEnvironment } from "../../backend/exec/environment.ts";
import { wordsOf } from "../../config/apache/lines.ts";
import type { Loop } from "../../loop/loop.ts";
import type { Source } from "../../loop/poller.ts";
import { Detour } from "./detour.ts";
import type { Log } from "./log.ts";

/** Milliseconds before a program that has ended is started again. */
const RESTART = 1_000;
/** Milliseconds after which a program that runs stays: its next end is told again. */
const STEADY = 60_000;
/** Milliseconds that it has for what is left in the pipe, at the end. */
const LAST_WORDS = 2_000;
const STANDARD_ERROR = 2;

/**
 * The program and the FIFO that it reads. This process holds the FIFO open at both ends, so a program that ends loses
 * nothing that lies in it, and whoever writes notices nothing. The program ends when nobody writes any more.
 */
export class LogProgram implements Source {
  readonly #fifo: Descriptor;
  readonly #command: Command;
  readonly #environment = baseEnvironment();
  /** Messages to people go there: what a program does not read that ends again and again, standard error gets. */
  hasMessages = false;
  #detour: Detour | undefined;
  #pid = 0;
  #startedAt = -Infinity;
  /** People know that it does not stay. */
  #told = false;
  /** The one that runs was on trial, and reads the rest of its copy. */
  #passed = false;
  #watched: Descriptor | undefined;
  #restart: ReturnType<typeof setTimeout> | undefined;
  #closing = false;
  readonly #ended = Promise.withResolvers<void>();

  /**
   * @param text what stands behind the `|`
   * @param path where the FIFO is to be
   * @param steady milliseconds after which it stays
   * @throws {CommandError} when there is no such program
   * @throws {ErrnoError} when it cannot be started
   */
  constructor(
    readonly loop: Loop,
    readonly text: string,
    readonly path: string,
    readonly log: Log,
    readonly steady = STEADY,
  ) {
    this.#command = findCommand(commandWords(text), this.#environment);
    unlink(path);
    expect(makeFifo(path, 0o600), `Cannot make a pipe at "${path}"`);
    this.#fifo = adopt(expect(openFifo(path), `Cannot open the pipe "${path}"`));
    this.#start();
  }

  #start(): void {
    // Another open file, which is read as programs expect it: waiting.
    const stdin = this.#detour?.beginTrial() ??
      adopt(expect(openForReading(this.path), `Cannot open the pipe "${this.path}"`));
    const stderr = adopt(expect(duplicate(adopt(STANDARD_ERROR)), "Cannot duplicate standard error"));
    const { path, argv } = this.#command;
    const pid = spawn({
      path,
      argv,
      envp: new StringArray(this.#environment),
      stdin,
      stdout: stderr,
      stderr,
    });
    close(stdin);
    close(stderr);
    if (pid < 0) return this.#startAgain(describeErrno(-pid));
    this.#pid = pid;
    this.#startedAt = this.loop.clock();
    this.#watched = adopt(expect(openProcess(pid), "Cannot watch a process"));
    this.loop.poller.add(this.#watched, EPOLLIN, this);
    this.loop.wake();
  }

  ready(): void {
    const ending = this.#watched === undefined ? undefined : reap(this.#watched);
    if (ending === undefined) return;
    this.loop.poller.remove(this.#watched!);
    close(this.#watched!);
    this.#watched = undefined;
    if (this.#closing) return this.#ended.resolve();
    if (this.#detour === undefined && this.#passed) return this.#startDirectly();
    const how = typeof ending === "number"
      ? "unknown"
      : ending.signal === undefined
      ? `exit code ${ending.code}`
      : `signal ${ending.signal}`;
    this.#startAgain(how);
  }

  #startAgain(how: string): void {
    const stayed = this.loop.clock() - this.#startedAt >= this.steady && this.#detour === undefined;
    this.#detour?.endTrial();
    if (this.hasMessages && !stayed) {
      this.#detour ??= new Detour(this.loop, this.#fifo, this.steady, () => this.#pass());
    }
    if (stayed || !this.#told) {
      this.log.warn(
        "log-program-ended",
        "the log program {program} ended ({how}); starting it again in {delay} ms, and each time that it ends{meanwhile}",
        {
          program: this.text,
          how,
          delay: RESTART,
          meanwhile: this.#detour === undefined ? "" : "; messages go to standard error until it stays",
        },
      );
    }
    this.#told = true;
    if (this.#closing) return;
    this.#restart = setTimeout(() => {
      this.#restart = undefined;
      this.#start();
    }, RESTART);
  }

  /** It has stayed: it comes to its end by itself now that its copy does, and another one reads the FIFO. */
  #pass(): void {
    this.#detour?.close();
    this.#detour = undefined;
    this.#passed = true;
  }

  #startDirectly(): void {
    this.#passed = this.#told = false;
    this.log.warn("log-program-stays", "the log program {program} stays; messages go there again", {
      program: this.text,
    });
    this.#start();
  }

  /** Lets it come to its end, whenever the last one who writes has gone. */
  retire(): void {
    if (this.#closing) return;
    this.#closing = true;
    const isMissing = this.#restart !== undefined;
    clearTimeout(this.#restart);
    // What lies in the pipe is read to its end, by another one if need be.
    if (this.#detour !== undefined) this.#detour.close();
    else if (isMissing) this.#start();
    close(this.#fifo);
    unlink(this.path);
  }

  /** Whether it runs. */
  get runs(): boolean {
    return this.#watched !== undefined;
  }

  /** Lets it come to its end, now that nobody else writes. @returns when it has ended, or been told to */
  async close(): Promise<void> {
    this.retire();
    if (this.#watched === undefined) return;
    const late = setTimeout(() => {
      signalGroup(this.#pid, SIGTERM);
      this.#ended.resolve();
    }, LAST_WORDS);
    await this.#ended.promise;
    clearTimeout(late);
  }
}

/** httpd: `|$` has a shell read the command. */
function commandWords(text: string): readonly string[] {
  if (text.startsWith("$")) return ["/bin/sh", "-c", text.slice(1).trim()];
  const reading = wordsOf(text);
  return "words" in reading ? reading.words : [text];
}
