/** Reloads one after another, however quickly they are asked for. */

import type { ControlAnswer } from "../../protocol/control.ts";

/** Reloads in a row that need not wait. */
const FREE = 3;
/** Milliseconds that the next one waits, and each further one twice as long, up to the last. */
const FIRST_PAUSE = 100;
const LAST_PAUSE = 5_000;
/** Milliseconds without a reload after which one is the first again. */
const QUIET = 10_000;

/** What it takes from the system. */
export interface Pace {
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  /** Settles after so many milliseconds. */
  readonly pause: (milliseconds: number) => Promise<void>;
}

const PACE: Pace = {
  now: () => performance.now(),
  pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

/**
 * Runs a reload at a time. Asked for while one is under way, it runs once more afterwards, no matter how often it was
 * asked: what is read last is what is used last, and nothing piles up. Of many in a row, each waits longer than the one
 * before: a script that signals without end would have processes replaced without end.
 */
export class Reloader {
  #current: Promise<ControlAnswer> | undefined;
  /** The reload after the one that is under way, if somebody waits for it. */
  #next: Promise<ControlAnswer> | undefined;
  /** How many there were without a quiet time between them, and when the last of them was over. */
  #row = 0;
  #over = -Infinity;

  /** @param reload reads and applies; deals with its own failures, and says what has become of it */
  constructor(readonly reload: () => Promise<ControlAnswer>, readonly pace: Pace = PACE) {}

  /** Whether one waits already, so that another request changes nothing. */
  get waiting(): boolean {
    return this.#next !== undefined;
  }

  /** Whether one is under way, so that another one has to wait. */
  get busy(): boolean {
    return this.#current !== undefined;
  }

  /**
   * Asks for a reload.
   *
   * @returns what has become of it: of one that has begun after this was called
   */
  request(): Promise<ControlAnswer> {
    if (this.#current === undefined) return this.#start(this.#paced());
    return this.#next ??= this.#current.then(() => {
      this.#next = undefined;
      return this.#start(this.#paced());
    });
  }

  /** Does something else in the place of a reload: when none is under way. */
  async instead(act: () => Promise<ControlAnswer>): Promise<ControlAnswer> {
    while (this.#current !== undefined) await this.#current;
    return await this.#start(act());
  }

  #start(begun: Promise<ControlAnswer>): Promise<ControlAnswer> {
    const run = begun.finally(() => {
      this.#over = this.pace.now();
      if (this.#current === run) this.#current = undefined;
    });
    this.#current = run;
    return run;
  }

  #paced(): Promise<ControlAnswer> {
    const { now, pause } = this.pace;
    this.#row = now() - this.#over > QUIET ? 1 : this.#row + 1;
    if (this.#row <= FREE) return this.reload();
    return pause(Math.min(FIRST_PAUSE * 2 ** (this.#row - FREE - 1), LAST_PAUSE)).then(() => this.reload());
  }
}
