import assert from "node:assert/strict";
import { Programs } from "../../../src/backend/exec/programs.ts";
import type { Program, ProgramEnd } from "../../../src/backend/exec/program.ts";
import { findCommand } from "../../../src/backend/exec/command.ts";
import { adopt, close, pipe } from "../../../ffi/mod.ts";
import { Course, type Steps } from "../../../src/loop/course.ts";
import { Loop } from "../../../src/loop/loop.ts";
import { ManualClock } from "../../support/clock.ts";
import { withoutLeaks } from "../../support/descriptors.ts";
import { processState } from "../../support/proc.ts";
import { until } from "../../support/waiting.ts";

const ENVIRONMENT = ["PATH=/usr/bin:/bin"];

/** Runs a script, and one turn of its loop long after the time that an end is waited for. */
async function endsSoon(script: string, look: (program: Program) => boolean): Promise<unknown> {
  const clock = new ManualClock();
  const loop = new Loop(clock.read);
  const [input, output] = pipe().map(adopt);
  try {
    const command = findCommand(["sh", "-c", script], ENVIRONMENT);
    const run = { stdin: input!, stdout: output!, environment: [], about: { site: "" } };
    const program = new Programs(loop, { command, environment: ENVIRONMENT }).start(run);
    assert.ok(typeof program === "object");
    await until(() => look(program), "the program to be as far as that");
    let seen: ProgramEnd | undefined;
    const course = Course.begin(function* (): Steps<void> {
      seen = yield* program.endsSoon();
    }());
    assert.ok(course !== undefined, "it has to be waited for");
    let over = false;
    course.whenOver(() => over = true, (error) => assert.fail(String(error)));
    clock.now += 60_000;
    const count = loop.poller.wait(0);
    loop.now = clock.now;
    loop.poller.tell(count);
    loop.deadlines.expire(loop.now);
    assert.ok(over);
    program.kill();
    while (!program.ended) loop.poller.tell(loop.poller.wait(10));
    return seen;
  } finally {
    close(input!);
    close(output!);
    loop.close();
  }
}

Deno.test("a program that has ended is told from one that goes on, however late this process looks", () =>
  withoutLeaks(async () => {
    const ended = await endsSoon("kill -SEGV $$", ({ process }) => processState(process) === "Z");
    assert.deepEqual(ended, { how: "SIGSEGV", killed: true, asked: false });
    assert.equal(await endsSoon("sleep 1000", ({ process }) => processState(process) === "S"), undefined);
  }));
