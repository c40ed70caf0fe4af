import assert from "node:assert/strict";
import { assertFollows, type ConnectionState } from "../../../src/front/connection/states.ts";

const STATES: readonly ConnectionState[] = [
  "free",
  "reading",
  "parked",
  "waiting",
  "handed",
  "reclaimed",
  "refusing",
];

/** What may follow, as docs/architecture.md draws it. */
const FOLLOWS = new Set([
  "free → reading",
  "reading → handed",
  "reading → waiting",
  "reading → parked",
  "reading → refusing",
  "reading → free",
  "parked → reading",
  "waiting → reading",
  "handed → free",
  "handed → reclaimed",
  "reclaimed → reading",
  "refusing → free",
]);

for (const state of STATES) {
  Deno.test(`from ${state} a connection goes where the drawing says, and nowhere else`, () => {
    for (const next of STATES) {
      const step = `${state} → ${next}`;
      if (FOLLOWS.has(step)) assertFollows(state, next);
      else {assert.throws(
          () => assertFollows(state, next),
          new Error(`A connection cannot go from ${step.replace(" → ", " to ")}`),
        );}
    }
  });
}
