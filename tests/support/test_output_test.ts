import assert from "node:assert/strict";
import { countsOf, durationsOf, processorSeconds } from "./test_output.ts";

const TEXT = `\
running 3 tests from ./tests/a_test.ts
one ... ok (250ms)
steps ...
  a step ... ok (1s)
steps ... ok (2s)
left out ... ignored (0ms)
running 1 test from ./tests/b/b_test.ts
says much ...
------- output -------
hello (5s)
----- output end -----
says much ... FAILED (1m20s)

 ERRORS 

FAILED | 2 passed (1 step) | 1 failed | 1 ignored (1m23s)`;

Deno.test("countsOf() reads a closing line", () => {
  assert.deepEqual(countsOf(TEXT), { passed: 2, steps: 1, failed: 1, ignored: 1 });
  assert.deepEqual(countsOf("ok | 3 passed | 0 failed (4s)"), { passed: 3, steps: 0, failed: 0, ignored: 0 });
  assert.equal(countsOf("error: Module not found"), undefined);
});

Deno.test("durationsOf() adds up the tests of each file", () => {
  assert.deepEqual([...durationsOf(TEXT)], [["tests/a_test.ts", 2_250], ["tests/b/b_test.ts", 80_000]]);
});

Deno.test("processorSeconds() is what children have used, as system and as themselves", () => {
  assert.equal(processorSeconds("0m0.01s 0m0.00s\n1m2.50s 0m0.25s\n"), 62.75);
  assert.equal(processorSeconds("0m0.010000s 0m0.000000s\n0m1.500000s 0m0.250000s\n"), 1.75);
});
