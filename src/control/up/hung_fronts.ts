/**
 * Notices a front whose control plane hangs: nothing is read again then, no message is written, and nobody watches its
 * Workers. It says once a second that it goes round.
 */

import { type ThreadState, threadState } from "../../../ffi/mod.ts";

/** Milliseconds between two looks. */
const TURN = 1_000;
/** Looks without a sign of life after which one hangs that waits for something: what {@linkcode HungWorkers} gives Workers. */
const WAITS = 6;
/** The same where it runs: a configuration of many thousand sites takes its time to read, a loop without end does not end. */
const RUNS = 60;

/** What was seen of one front since its last sign of life. */
interface Seen {
  /** Its number, and that of the thread that its control plane is. */
  readonly process: number;
  heard: boolean;
  state: ThreadState | undefined;
  waited: number;
  ran: number;
}

/** Watches the fronts of one supervisor, each from its first sign of life on. */
export class HungFronts {
  readonly #seen = new Map<unknown, Seen>();
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param hangs told once of one that hangs */
  constructor(readonly hangs: (process: number, seconds: number) => void) {}

  /** Begins. */
  begin(): void {
    this.#timer = setInterval(() => this.#look(), TURN);
  }

  /** Ends. */
  end(): void {
    clearInterval(this.#timer);
  }

  /** One has given a sign of life. @param front what it is told apart by */
  heard(front: unknown, process: number): void {
    const seen = this.#seen.get(front);
    if (seen !== undefined) seen.heard = true;
    else this.#seen.set(front, { process, heard: true, state: undefined, waited: 0, ran: 0 });
  }

  /** One has gone. */
  gone(front: unknown): void {
    this.#seen.delete(front);
  }

  // Looks are counted, and not the time: a supervisor that was stopped has not looked.
  #look(): void {
    for (const [front, seen] of this.#seen) {
      const { process, state: before } = seen;
      const state = seen.state = threadState(process, process);
      if (seen.heard || state === undefined) {
        seen.heard = false;
        seen.waited = seen.ran = 0;
        continue;
      }
      if (state.ran !== before?.ran) seen.ran++;
      // Else it waits for a processor: there are too few, and that is not its fault.
      else if (state.letter !== "R") seen.waited++;
      if (seen.waited < WAITS && seen.waited + seen.ran < RUNS) continue;
      this.#seen.delete(front);
      this.hangs(process, (seen.waited + seen.ran) * TURN / 1_000);
    }
  }
}
