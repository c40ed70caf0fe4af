/** What is told of a program: how it ended, and what it wrote to its standard error. */

import assert from "node:assert/strict";
import { openDescriptors } from "../../support/descriptors.ts";
import { isRunning } from "../../support/proc.ts";
import { testExec } from "./support.ts";

testExec(
  "how a program ended is told when it did not end well",
  "read how; eval $how",
  async ({ rig, give, events }) => {
    for (const how of ["exit 0", "exit 7", "kill -SEGV $$", "kill -KILL $$"]) {
      await rig.rest(
        give(how + "\n"),
      );
    }
    await rig.until(() => events.length === 3, "three reports");
    assert.deepEqual(events.map((event) => event.type === "ended" ? event.how : event.type).sort(), [
      "SIGKILL",
      "SIGSEGV",
      "exit code 7",
    ]);
  },
);

testExec(
  "what a program writes to its standard error is told line by line",
  `
  printf 'one\\ntwo' >&2; sleep 0.01; printf ' and a half\\n\\n\\033[31mred\\n' >&2; printf 'the rest' >&2`,
  async ({ rig, give, events }) => {
    await rig.rest(give());
    await rig.until(() => rig.backend.active === 0, "the end of the program");
    assert.deepEqual(events.map((event) => event.type === "said" ? event.line : event), [
      "one",
      "two and a half",
      "\x1b[31mred",
      "the rest",
    ]);
  },
);

testExec(
  "a long line of standard error comes in pieces",
  "head -c 10000 /dev/zero | tr '\\0' x >&2; echo >&2",
  async ({ rig, give, events }) => {
    await rig.rest(give());
    await rig.until(() => rig.backend.active === 0, "the end of the program");
    assert.deepEqual(events.map((event) => event.type === "said" && event.line.length), [
      4_096,
      4_096,
      1_808,
    ]);
  },
);

testExec(
  "a flood of standard error is counted, not told",
  "yes flood | head -c 4000000 >&2; echo done",
  async ({ rig, give, events }) => {
    assert.equal(await rig.rest(give()), "done\n");
    await rig.until(() => rig.backend.active === 0, "the end of the program");
    const said = events.filter((event) => event.type === "said");
    assert.ok(said.length >= 500 && said.length < 600, `${said.length} lines`);
    const unsaid = events.filter((event) => event.type === "unsaid");
    assert.equal(unsaid.length, 1, "once");
    assert.equal(unsaid[0]!.bytes + 6 * said.length, 4_000_000);
  },
);

testExec(
  "descendants that hold standard error hold nothing of this process",
  `
  (exec </dev/null >/dev/null; sleep 100) & echo $! >&2`,
  async ({ rig, give, events, childless }) => {
    const before = openDescriptors().size;
    const client = give();
    await rig.rest(client);
    await childless();
    await rig.until(() => rig.backend.active === 0, "the end of the program");
    const [said] = events;
    const other = said?.type === "said" ? Number(said.line) : 0;
    client.close();
    assert.equal(openDescriptors().size, before);
    assert.ok(isRunning(other));
    Deno.kill(other, "SIGKILL");
    await rig.until(() => !isRunning(other), "the end of the descendant");
  },
);
