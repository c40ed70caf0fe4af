/** A program that messages go to, and that does not stay at first. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { TemporaryDirectory } from "../support/processes.ts";

const FIXTURE = fileURLToPath(new URL("./fixtures/failing_log_program.ts", import.meta.url));

/** The numbers of the messages in a text, whose lines are all whole. */
function numbersIn(text: string): Set<number> {
  for (const line of text.split("\n").slice(0, -1)) assert.match(line, /^\d{4}-\S+ (info|warning) test: /);
  return new Set([...text.matchAll(/message (\d+) of the test\n/g)].map(([, number]) => Number(number)));
}

Deno.test("a program for messages that ends again and again: they go to standard error until it stays", async () => {
  using directory = new TemporaryDirectory();
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", FIXTURE, directory.path, "200"],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  const told = new TextDecoder().decode(stderr);
  assert.equal(code, 0, told);
  const got = Deno.readTextFileSync(directory.join("messages"));
  const [elsewhere, there] = [numbersIn(told), numbersIn(got)];
  const last = Math.max(...there);
  // The first program has taken some with it; nobody else's are lost.
  const first = Math.min(...elsewhere);
  assert.ok(first < 50, `nothing on standard error before message ${first}`);
  for (let number = first; number <= last; number++) {
    assert.ok(elsewhere.has(number) || there.has(number), `message ${number} is nowhere`);
  }
  assert.ok(last - Math.max(...elsewhere) >= 15, "from then on the program has them alone");
  assert.match(
    told,
    /log program .* ended \(exit code 3\).*; messages go to standard error until it stays\n/,
  );
  assert.equal((told + got).split(" ended (exit code 3)").length - 1, 1, "told once");
  assert.match(got, /log program .* stays; messages go there again\n/);
});
