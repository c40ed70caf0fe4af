/** How long CGI programs run, and who waits for whom. */

import assert from "node:assert/strict";
import { NACK_FULL } from "../../../../src/protocol/messages.ts";
import { openDescriptors } from "../../../support/descriptors.ts";
import { isRunning } from "../../../support/proc.ts";
import { testCgi } from "../support.ts";
import { ask, DOCUMENT, get, last, parse } from "./requests.ts";

testCgi(
  "a program that does not respond in time is ended, and answered for with 504",
  "sleep 1000 & echo $! >&2; wait",
  async (exec) => {
    const client = exec.give(last());
    const event = await exec.rig.until(() => exec.events[0], "what it has started");
    const other = event.type === "said" ? Number(event.line) : 0;
    await exec.rig.advance(30_000);
    assert.equal(parse(await exec.rig.rest(client)).status, "504 Gateway Timeout");
    await exec.childless();
    await exec.rig.until(() => !isRunning(other), "the end of what it had started");
    assert.deepEqual(exec.events.slice(1).map(({ type }) => type), ["late"]);
  },
  { timeout: 30_000 },
);

testCgi(
  "a program that takes too long in the middle of its content breaks off",
  `${DOCUMENT}; echo begun; exec sleep 1000`,
  async ({ rig, give }) => {
    const client = give(get());
    await rig.until(() => client.received.includes("begun\n"), "its begin");
    await rig.advance(30_000);
    const text = await rig.rest(client);
    assert.throws(() => parse(text), /break off/);
  },
  { timeout: 30_000 },
);

testCgi(
  "a client that leaves takes its program along",
  "sleep 1000 & echo $! >&2; wait",
  async ({ rig, give, events, childless }) => {
    const client = give(get());
    const event = await rig.until(() => events[0], "what it has started");
    client.reset();
    await childless();
    await rig.until(
      () => !isRunning(event.type === "said" ? Number(event.line) : 0),
      "the end of what it had started",
    );
    assert.equal(events.length, 1, "that is no news");
  },
);

testCgi(
  "a client that leaves in the middle of its content, too",
  "cat >/dev/null; sleep 1000",
  async ({ children, rig, give, childless }) => {
    const client = give("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nabc");
    await rig.until(() => children().length === 1, "the program");
    client.end();
    await childless();
    await rig.rest(client);
  },
);

testCgi(
  "a slow reader slows the program down, and loses nothing",
  `${DOCUMENT}; yes 0123456 | head -c 8000000`,
  async (exec) => {
    const client = exec.give(last());
    await exec.rig.until(() => exec.children().length === 1, "the program");
    await exec.rig.settle();
    assert.equal(exec.children().length, 1, "it waits");
    const { content } = parse(await exec.rig.rest(client));
    assert.equal(content, "0123456\n".repeat(1_000_000));
  },
);

testCgi(
  "a program that closes its output and goes on keeps nobody waiting",
  `${DOCUMENT}; echo done; exec >&-; read x </dev/null; sleep 1000`,
  async (exec) => {
    assert.equal((await ask(exec, last())).content, "done\n");
    assert.equal(exec.children().length, 1);
    void exec.rig.backend.abandon(true);
  },
);

testCgi(
  "draining waits for a program that has answered and goes on",
  `${DOCUMENT}; echo done; exec >&-; while [ ! -e "$PATH_INFO" ]; do sleep 0.01; done`,
  async (exec) => {
    const sign = `${exec.rig.directory}/sign`;
    assert.equal((await ask(exec, last(sign))).content, "done\n");
    let drained = false;
    exec.rig.backend.drain().then(() => drained = true);
    await exec.rig.settle();
    assert.equal(exec.rig.backend.active, 0);
    assert.equal(drained, false);
    Deno.writeTextFileSync(sign, "");
    await exec.rig.until(() => drained, "the end of draining");
  },
);

testCgi(
  "what descendants still write belongs to the response; their holding the pipe holds nothing up",
  `
  ${DOCUMENT}; echo first; (sleep 0.05; echo second; sleep 1000) & echo $! >&2`,
  async (exec) => {
    const before = openDescriptors().size;
    const client = exec.give(last());
    await exec.rig.until(() => client.received.includes("second"), "what comes later");
    await exec.childless();
    await exec.rig.advance(2_000);
    assert.equal(parse(await exec.rig.rest(client)).content, "first\nsecond\n");
    client.close();
    assert.equal(openDescriptors().size, before);
    const [event] = exec.events;
    const other = event?.type === "said" ? Number(event.line) : 0;
    assert.ok(isRunning(other));
    Deno.kill(other, "SIGKILL");
    await exec.rig.until(() => !isRunning(other), "the end of the descendant");
  },
);

testCgi(
  "more requests than programs may run wait for their turn, and connections go elsewhere",
  `${DOCUMENT}; cat`,
  async (exec) => {
    const { rig, front, give } = exec;
    const post = "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\n";
    const first = give("");
    await rig.settle();
    const second = give("");
    await rig.settle();
    first.send(post);
    await rig.until(() => exec.children().length === 1, "a program");
    second.send(post + "2");
    await rig.settle();
    assert.equal(second.received, "", "it waits");
    const { fd } = front.accept(get());
    front.handOff(fd);
    await rig.until(() => front.refused.length > 0, "a refusal");
    assert.equal(front.refused[0]![1], NACK_FULL);
    first.send("1");
    await rig.until(() => second.received.includes("2"), "the second one's turn");
    // One whose turn does not come in time is told so.
    await exec.childless();
    first.send(post);
    await rig.until(() => exec.children().length === 1, "a program");
    second.send(post + "3");
    await rig.advance(10_000);
    await rig.until(() => second.received.includes("HTTP/1.1 503 "), "a refusal");
    assert.match(second.received, /Retry-After: 1\r\n/);
    first.send("1");
  },
  { most: 1 },
);

testCgi(
  "content whose length is not known takes no program's place while it comes",
  `${DOCUMENT}; cat`,
  async (exec) => {
    const { rig, give } = exec;
    const slow = give("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
    await rig.settle();
    assert.equal(exec.children().length, 0, "no program waits with it");
    // Beside it there is room for another one.
    const quick = give(last());
    await rig.until(() => quick.received.includes("HTTP/1.1 200 "), "the answer of the other one");
    await exec.childless();
    slow.send("1\r\nb\r\n0\r\n\r\n");
    await rig.until(() => slow.received.includes("ab"), "the answer");
  },
  { most: 1 },
);
