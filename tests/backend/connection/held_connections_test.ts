/** The connections that a process holds. */

import assert from "node:assert/strict";
import { HeldConnections } from "../../../src/backend/connection/held_connections.ts";

Deno.test("what is held is known wherever it stands, and leaves from anywhere, once", () => {
  const held = new HeldConnections<{ place: number; readonly name: string }>();
  const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => ({ place: -1, name }));
  for (const one of [a!, b!, c!, d!]) held.add(one);
  const names = () => held.all().map(({ name }) => name).sort().join("");
  assert.deepEqual([held.size, names()], [4, "abcd"]);
  assert.deepEqual([held.delete(b!), held.delete(b!), names()], [true, false, "acd"]);
  assert.deepEqual([held.delete(c!), held.delete(d!), names()], [true, true, "a"]);
  held.add(b!);
  assert.deepEqual([held.delete(a!), held.delete(b!), held.size, held.all()], [true, true, 0, []]);
});

Deno.test("those that are held may leave while somebody goes through them", () => {
  const held = new HeldConnections();
  for (let count = 0; count < 5; count++) held.add({ place: -1 });
  for (const one of held.all()) held.delete(one);
  assert.equal(held.size, 0);
});
