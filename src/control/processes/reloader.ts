/** Reloads one after another, however quickly they are asked for. */

import type { ControlAnswer } from "../../protocol/control.ts";

/**
 * Runs a reload at a time. Asked for while one is under way, it runs once more afterwards, no matter how often it was
 * asked: what is read last is what is used last, and nothing piles up.
 */
export class Reloader {
  #current: Promise<ControlAnswer> | undefined;
  /** The reload after the one that is under way, if somebody waits for it. */
  #next: Promise<ControlAnswer> | undefined;

  /** @param reload reads and applies; deals with its own failures, and says what has become of it */
  constructor(readonly reload: () => Promise<ControlAnswer>) {}

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
    if (this.#current === undefined) return this.#start();
    return this.#next ??= this.#current.then(() => {
      this.#next = undefined;
      return this.#start();
    });
  }

  #start(): Promise<ControlAnswer> {
    const run = this.reload().finally(() => {
      if (this.#current === run) this.#current = undefined;
    });
    this.#current = run;
    return run;
  }
}
