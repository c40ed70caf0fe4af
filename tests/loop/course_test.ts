import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { Course, DONE, promised, settled, type Steps } from "../../src/loop/course.ts";
import { Loop } from "../../src/loop/loop.ts";
import { withoutLeaks } from "../support/descriptors.ts";

/** Waits that a test ends. */
class Waits {
  readonly #resumes: ((came: boolean) => void)[] = [];
  /** What the next wait says of itself: there is nothing to wait for. */
  none = false;

  readonly begin = (resume: (came: boolean) => void): boolean => {
    if (!this.none) this.#resumes.push(resume);
    return this.none;
  };

  end(came = true): void {
    this.#resumes.shift()!(came);
  }
}

/** What has become of a course, in words. */
function watched(steps: Steps<void>): string[] {
  const seen: string[] = [];
  Course.begin(steps)?.whenOver(() => seen.push("done"), (error) => seen.push(String(error)));
  return seen;
}

Deno.test("Course.begin() is nothing where there was nothing to wait for, and throws what was thrown before a wait", () => {
  const waits = new Waits();
  waits.none = true;
  let came: boolean | undefined;
  assert.equal(
    Course.begin(function* (): Steps<void> {
      came = yield waits.begin;
    }()),
    undefined,
  );
  assert.equal(came, true);
  // deno-lint-ignore require-yield
  const failing = function* (): Steps<void> {
    throw new Error("at once");
  };
  assert.throws(() => Course.begin(failing()), /at once/);
});

Deno.test("a course goes on while whoever was waited for tells of it, and cleans up behind a failure", () => {
  const waits = new Waits();
  const done: unknown[] = [];
  const inner = function* (): Steps<string> {
    return (yield waits.begin) ? "came" : "late";
  };
  const seen = watched(function* () {
    try {
      done.push(yield* inner());
      done.push(yield* inner());
      throw new Error("behind a wait");
    } finally {
      done.push("cleaned up");
    }
  }());
  assert.deepEqual([done, seen], [[], []]);
  waits.end();
  assert.deepEqual([done, seen], [["came"], []]);
  waits.end(false);
  assert.deepEqual([done, seen], [["came", "late", "cleaned up"], ["Error: behind a wait"]]);
});

Deno.test("settled() is a value at once, a promise's value behind its turn, and its failure where it was waited for", () =>
  withoutLeaks(async () => {
    const loop = new Loop();
    const { promise, resolve } = Promise.withResolvers<number>();
    const got: unknown[] = [];
    const seen = watched(function* () {
      got.push(yield* settled(loop, 1));
      got.push(yield* settled(loop, promise));
      try {
        yield* settled(loop, Promise.reject(new Error("no")));
      } catch (error) {
        got.push(String(error));
      }
    }());
    assert.deepEqual(got, [1]);
    resolve(2);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([got, seen], [[1, 2, "Error: no"], ["done"]]);
    loop.close();
  }));

Deno.test("Course.of() has what steps come to, at once or behind a wait, and DONE comes to nothing as often as it is gone", () => {
  const waits = new Waits();
  const steps = function* (): Steps<boolean> {
    yield* DONE;
    return yield waits.begin;
  };
  const course = Course.of(steps());
  assert.equal(course.over, false);
  assert.throws(() => course.result, /under way/);
  const told: boolean[] = [];
  course.whenOver((result) => told.push(result), () => {});
  waits.end(false);
  assert.deepEqual([course.over, course.result, told], [true, false, [false]]);
  waits.none = true;
  assert.equal(Course.of(steps()).result, true);
  assert.equal(Course.begin(DONE), undefined);
  assert.deepEqual([DONE.next(true).done, DONE.next(true).done], [true, true]);
});

Deno.test("promised() begins steps at once, and settles as they end", async () => {
  const waits = new Waits();
  const begun: string[] = [];
  const steps = function* (fails: boolean): Steps<string> {
    begun.push("begun");
    const came = yield waits.begin;
    if (fails) throw new Error("behind a wait");
    return came ? "came" : "late";
  };
  const results = [promised(steps(false)), promised(steps(true))];
  assert.deepEqual(begun, ["begun", "begun"]);
  waits.end();
  waits.end();
  assert.equal(await results[0], "came");
  await assert.rejects(results[1]!, /behind a wait/);
  waits.none = true;
  await assert.rejects(promised(steps(true)), /behind a wait/);
});
