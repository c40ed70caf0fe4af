import assert from "node:assert/strict";
import { freezeThread, isFrozen, threadId, threadState } from "../../ffi/mod.ts";
import { runFixture } from "./children.ts";

Deno.test("freezeThread() has a thread execute nothing any more, and the others go on", async () => {
  const { code, stdout, stderr } = await runFixture("frozen.ts");
  assert.equal(code, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), {
    running: false,
    found: true,
    goesOn: false,
    letter: "S",
    nobody: [false, false, true],
  });
});

Deno.test("threadState() says what a thread does, this one", () => {
  assert.equal(threadState(threadId())!.letter, "R");
  assert.equal(isFrozen(threadId()), false);
  assert.equal(freezeThread(-1), false);
});
