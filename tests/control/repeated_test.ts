import assert from "node:assert/strict";
import { Repeated } from "../../src/control/log/repeated.ts";
import { until } from "../support/waiting.ts";

Deno.test("Repeated tells the first at once, and those that are alike together", async () => {
  const said: string[] = [];
  const repeated = new Repeated();
  const tell = (what: string) => repeated.tell(what, (times) => said.push(what + times));
  for (let count = 0; count < 500; count++) tell("a");
  tell("b");
  assert.deepEqual(said, ["a", "b"]);
  await until(() => said.length > 2, "the others");
  assert.deepEqual(said, ["a", "b", "a, 499 times"]);
});

Deno.test("Repeated keeps apart as much as people can read, and no more", () => {
  const repeated = new Repeated();
  let said = 0;
  for (let count = 0; count < 10_000; count++) repeated.tell(`${count}`, () => said++);
  assert.equal(said, 64);
});
