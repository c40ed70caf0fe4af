/**
 * Work that waits for sources now and then, written as one step after another and done without promises.
 *
 * What awaits a promise goes on in a turn of the isolate, and a loop that gives its isolate a turn after each event does half
 * as much as one that does not. Steps are a generator: it yields what it waits for, and goes on while its source tells of it.
 */

import type { Loop } from "./loop.ts";
import type { Wait } from "./wait.ts";

export type { Wait };

/** Steps towards a result. What a `yield` gives back is whether what was waited for has come. */
export type Steps<T> = Generator<Wait, T, boolean>;

/** No steps at all: of what is done already, as most of what is sent is. They can be gone as often as somebody likes. */
export const DONE: Steps<void> = nothing();
DONE.next(true);

function* nothing(): Steps<void> {}

/** Lets everybody else have a turn. */
export function* othersTurn(loop: Loop): Steps<void> {
  yield loop.others;
}

/** What has become of steps that have come to an end. */
type Outcome<T> = { readonly error: unknown } | { readonly result: T };

/** Steps that are under way. */
export class Course<T = void> {
  readonly #steps: Steps<T>;
  readonly #resume = (came: boolean): void => this.#go(came);
  #outcome: Outcome<T> | undefined;
  #done: ((result: T) => void) | undefined;
  #failed: ((error: unknown) => void) | undefined;

  private constructor(steps: Steps<T>) {
    this.#steps = steps;
  }

  /**
   * Goes as far as can be gone without a wait.
   *
   * @returns nothing where that is to the end, as it mostly is where there is nothing to ask anybody
   * @throws what the steps throw before their first wait
   */
  static begin(steps: Steps<void>): Course | undefined {
    if (steps === DONE) return undefined;
    const course = Course.of(steps);
    return course.over ? undefined : course;
  }

  /** The same for whoever asks for what they come to: it is over, or there will be somebody to be told. */
  static of<T>(steps: Steps<T>): Course<T> {
    const course = new Course(steps);
    course.#go(true);
    if (course.#outcome !== undefined && "error" in course.#outcome) throw course.#outcome.error;
    return course;
  }

  /** Whether the steps have come to their end. */
  get over(): boolean {
    return this.#outcome !== undefined;
  }

  /** What they have come to. @throws what they have thrown, and where they are not over */
  get result(): T {
    const outcome = this.#outcome;
    if (outcome === undefined) throw new Error("Cannot say what steps come to that are under way");
    if ("error" in outcome) throw outcome.error;
    return outcome.result;
  }

  /** Has one of two told, at the very end. Neither may throw: whoever tells of an event would get it. */
  whenOver(done: (result: T) => void, failed: (error: unknown) => void): void {
    this.#done = done;
    this.#failed = failed;
  }

  #go(came: boolean): void {
    let result: T;
    try {
      for (;;) {
        const next = this.#steps.next(came);
        if (next.done) {
          result = next.value;
          break;
        }
        if (!next.value(this.#resume)) return;
        came = true;
      }
    } catch (error) {
      this.#outcome = { error };
      return this.#failed?.(error);
    }
    this.#outcome = { result };
    this.#done?.(result);
  }
}

/** Steps as a promise of what they come to, for whoever goes on by promises. They are begun at once. */
export function promised<T>(steps: Steps<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const course = Course.of(steps);
    if (course.over) resolve(course.result);
    else course.whenOver(resolve, reject);
  });
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
