/**
 * Work that waits for sources now and then, written as one step after another and done without promises.
 *
 * What awaits a promise goes on in a turn of the isolate, and a loop that gives its isolate a turn after each event does half
 * as much as one that does not. Steps are a generator: it yields what it waits for, and goes on while its source tells of it.
 */

import type { Loop } from "./loop.ts";

/**
 * Begins a wait.
 *
 * @param resume to be called once when it is over, later than this returns; told whether what was waited for has come
 * @returns whether there is nothing to wait for; then nobody is told
 */
export type Wait = (resume: (came: boolean) => void) => boolean;

/** Steps towards a result. What a `yield` gives back is whether what was waited for has come. */
export type Steps<T> = Generator<Wait, T, boolean>;

/** What has become of steps that have come to an end. */
type Outcome = { readonly error: unknown } | "done";

/** Steps that are under way. */
export class Course {
  readonly #steps: Steps<void>;
  readonly #resume = (came: boolean): void => this.#go(came);
  #outcome: Outcome | undefined;
  #done: (() => void) | undefined;
  #failed: ((error: unknown) => void) | undefined;

  private constructor(steps: Steps<void>) {
    this.#steps = steps;
  }

  /**
   * Goes as far as can be gone without a wait.
   *
   * @returns nothing where that is to the end, as it mostly is where there is nothing to ask anybody
   * @throws what the steps throw before their first wait
   */
  static begin(steps: Steps<void>): Course | undefined {
    const course = new Course(steps);
    course.#go(true);
    if (course.#outcome === undefined) return course;
    if (course.#outcome !== "done") throw course.#outcome.error;
    return undefined;
  }

  /** Has one of two told, at the very end. Neither may throw: whoever tells of an event would get it. */
  whenOver(done: () => void, failed: (error: unknown) => void): void {
    this.#done = done;
    this.#failed = failed;
  }

  #go(came: boolean): void {
    try {
      for (;;) {
        const { done, value: wait } = this.#steps.next(came);
        if (done) break;
        if (!wait(this.#resume)) return;
        came = true;
      }
    } catch (error) {
      this.#outcome = { error };
      return this.#failed?.(error);
    }
    this.#outcome = "done";
    this.#done?.();
  }
}

/** Waits for a promise within steps, where there is one; its value. @throws what it is rejected with */
export function* settled<T>(loop: Loop, work: Promise<T> | T): Steps<T> {
  if (!(work instanceof Promise)) return work;
  let outcome: { readonly value: T } | undefined;
  let failure: { readonly error: unknown } | undefined;
  yield (resume) => {
    loop.beside(work, (value) => {
      outcome = { value };
      resume(true);
    }, (error) => {
      failure = { error };
      resume(true);
    });
    return false;
  };
  if (failure !== undefined) throw failure.error;
  return outcome!.value;
}
