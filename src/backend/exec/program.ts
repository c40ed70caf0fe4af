/** One running program, from its start until it has been reaped. */

import {
  close,
  type Descriptor,
  EPOLLIN,
  reap,
  reapProcess,
  SIGKILL,
  signalGroup,
  SIGTERM,
} from "../../../ffi/mod.ts";
import type { Steps } from "../../loop/course.ts";
import { type Deadlines, Timed } from "../../loop/deadlines.ts";
import type { Loop } from "../../loop/loop.ts";
import type { Source } from "../../loop/poller.ts";
import type { StandardError } from "./standard_error.ts";

/** How a program has ended. */
export interface ProgramEnd {
  /** In words; undefined for the exit code 0. */
  readonly how: string | undefined;
  /** Whether a signal ended it: it did not come to the end of what it was doing. */
  readonly killed: boolean;
  /** Whether it was asked to end, by {@linkcode Program.terminate} or for running too long. */
  readonly asked: boolean;
}

/** What a program needs around it. */
export interface ProgramContext {
  readonly loop: Loop;
  /** From SIGTERM to SIGKILL. */
  readonly graces: Deadlines;
  /** What an end may take that is expected: see {@linkcode Program.endsSoon}. */
  readonly moments: Deadlines;
  readonly standardError: StandardError;
  /** It has run for as long as it may, and is being ended. */
  readonly onLate: () => void;
  readonly onEnd: (end: ProgramEnd) => void;
}

/** Names of signals that end programs, by number: signal(7), x86 and ARM. */
const SIGNALS: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
  24: "SIGXCPU",
  25: "SIGXFSZ",
  31: "SIGSYS",
};

/** A child process that leads a session and a process group. Its deadline is the one for all of it. */
export class Program extends Timed implements Source {
  /** It ran for too long, and was ended for that. */
  late = false;
  #asked = false;
  #ended = false;
  #end: ProgramEnd | undefined;
  /** Somebody waits for its end. */
  #moment: Moment | undefined;

  /** @param pidfd owned by this object */
  constructor(readonly process: number, readonly pidfd: Descriptor, readonly context: ProgramContext) {
    super();
    context.loop.poller.add(pidfd, EPOLLIN, this);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Asks the program and everything in its group to end, and makes it end when it takes too long. */
  terminate(): void {
    if (this.#asked || this.#ended) return;
    this.#asked = true;
    signalGroup(this.process, SIGTERM);
    this.context.graces.start(this);
  }

  /** Ends the program and everything in its group. */
  kill(): void {
    if (this.#ended) return;
    this.#asked = true;
    signalGroup(this.process, SIGKILL);
  }

  override expire(): void {
    if (this.#asked) return this.kill();
    this.late = true;
    this.context.onLate();
    this.terminate();
  }

  /** It has ended. */
  ready(): void {
    // Until it is reaped, its number stands for its group and nothing else: what it leaves behind goes with it.
    if (this.#asked) signalGroup(this.process, SIGKILL);
    const ending = reap(this.pidfd);
    if (ending === undefined) return;
    this.#letGo();
    // No child of this process any more: whoever started this one has SIGCHLD ignored, and the kernel has reaped it.
    const { code, signal } = typeof ending === "number" ? { code: 0, signal: undefined } : ending;
    const how = signal === undefined
      ? code === 0 ? undefined : `exit code ${code}`
      : SIGNALS[signal] ?? `signal ${signal}`;
    const end: ProgramEnd = { how, killed: signal !== undefined, asked: this.#asked };
    this.#end = end;
    this.context.onEnd(end);
    this.#moment?.pass(true);
  }

  /**
   * Waits a moment for its end, which is expected. One waits at a time.
   *
   * @returns undefined when it goes on. However late this process itself is: the loop tells of an end before it tells of
   *   the time
   */
  *endsSoon(): Steps<ProgramEnd | undefined> {
    if (this.#end === undefined) {
      yield (resume) => {
        this.#moment = new Moment(resume);
        this.context.moments.start(this.#moment);
        return false;
      };
      this.#moment = undefined;
    }
    return this.#end;
  }

  /** Watches it no longer; it goes on. */
  forget(): void {
    if (!this.#ended) this.#letGo();
  }

  #letGo(): void {
    this.#ended = true;
    this.stopDeadline();
    this.context.loop.poller.remove(this.pidfd);
    close(this.pidfd);
    this.context.standardError.finish();
  }
}

/** A deadline of its own, beside the one for all of a program. */
class Moment extends Timed {
  constructor(readonly resume: (came: boolean) => void) {
    super();
  }

  /** It is over. @param came whether what was waited for has come */
  pass(came: boolean): void {
    this.stopDeadline();
    this.resume(came);
  }

  override expire(): void {
    this.pass(false);
  }
}

/** Ends a program that cannot be watched, and waits for that. */
export function endAtOnce(process: number): void {
  signalGroup(process, SIGKILL);
  reapProcess(process);
}
