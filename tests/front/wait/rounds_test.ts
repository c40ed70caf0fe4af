// Which connections have come back too often, by the numbers of their sockets.

import assert from "node:assert/strict";
import { MOST_RETURNS, Rounds } from "../../../src/front/wait/rounds.ts";

/** A number of the same slot as 1. */
const NEIGHBOUR = 1_025;

Deno.test("a connection may come back eight times with no answer in between", () => {
  const rounds = new Rounds();
  for (let round = 0; round < MOST_RETURNS; round++) {
    assert.equal(rounds.note(1, 0, 3, 10), false, `${round}`);
  }
  assert.equal(rounds.note(1, 0, 3, 10), true);
});

Deno.test("fewer answers than before are none, and it takes no hurry to be counted", () => {
  const rounds = new Rounds();
  for (let round = 0; round < MOST_RETURNS; round++) {
    assert.equal(rounds.note(1, 0, round % 2 === 0 ? 3 : 2, 60_000 * round), false);
  }
  assert.equal(rounds.note(1, 0, 0, 0), true);
});

Deno.test("an answer begins the count anew, as long as answers can be counted", () => {
  const rounds = new Rounds();
  for (let requests = 1; requests <= 0xffff; requests++) {
    for (let round = 0; round < MOST_RETURNS; round++) assert.equal(rounds.note(1, 0, requests, 10), false);
  }
});

Deno.test("connections are told apart by the whole number", () => {
  const rounds = new Rounds();
  for (let round = 0; round < 3 * MOST_RETURNS; round++) {
    // Each of them makes the other begin anew.
    assert.equal(rounds.note(1, round % 2, 0, 10), false);
  }
});

Deno.test("of two that go round and meet, one is refused, then the other", () => {
  const rounds = new Rounds();
  const refused: number[] = [];
  for (let round = 0; round < 100 && refused.length < 2; round++) {
    // The second comes twice as often.
    for (const low of [1, NEIGHBOUR, NEIGHBOUR]) {
      if (!refused.includes(low) && rounds.note(low, 0, 0, 10)) refused.push(low);
    }
  }
  assert.deepEqual(refused, [NEIGHBOUR, 1]);
});

Deno.test("one that has gone gives its slot up", () => {
  const rounds = new Rounds();
  for (let round = 0; round < 2; round++) rounds.note(1, 0, 0, 10);
  const later = 5_000;
  for (let round = 0; round < MOST_RETURNS; round++) assert.equal(rounds.note(NEIGHBOUR, 0, 0, later), false);
  assert.equal(rounds.note(NEIGHBOUR, 0, 0, later), true);
});
