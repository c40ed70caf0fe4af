/** A program per connection. */

import assert from "node:assert/strict";
import { libc } from "../../../ffi/mod.ts";
import { NACK_FULL } from "../../../src/protocol/messages.ts";
import { openDescriptors } from "../../support/descriptors.ts";
import { isRunning } from "../../support/proc.ts";
import { bytes } from "../rig.ts";
import { testExec } from "./support.ts";

testExec("a program has the socket as its input and output", ["cat"], async ({ children, rig, give }) => {
  const client = give("hello");
  await rig.until(() => client.received === "hello", "an echo");
  assert.deepEqual(children().length, 1);
  client.send(", world");
  client.end();
  assert.equal(await rig.rest(client), "hello, world");
  assert.equal(client.ended, "end");
});

testExec(
  "it is the client's own socket, which this process holds no longer",
  `
  read line; readlink /proc/$$/fd/0; readlink /proc/$$/fd/1; ls /proc/$$/fd; read line`,
  async ({ rig, give }) => {
    const client = give("go\n");
    const [input, output, ...descriptors] = await rig.until(() => {
      const lines = client.received.split("\n");
      return lines.length === 6 && lines;
    }, "what the program has open");
    assert.match(input!, /^socket:/);
    assert.equal(input, output);
    assert.deepEqual(descriptors, ["0", "1", "2", ""]);
    assert.equal([...openDescriptors().values()].filter((link) => link === input).length, 0);
    client.send("\n");
    await rig.rest(client);
  },
);

testExec(
  "reading waits for input, in whatever mode the socket came",
  "read line && echo got $line",
  async ({ children, rig, front }) => {
    const { client, fd } = front.accept("");
    const O_NONBLOCK = 0o4000;
    libc.fcntl(fd, 4, /* F_SETFL */ O_NONBLOCK);
    front.handOff(fd);
    front.drop(fd);
    await rig.until(() => children().length === 1, "the program");
    client.send("it\n");
    assert.equal(await rig.rest(client), "got it\n");
  },
);

testExec(
  "a program is told of its connection",
  "sort </proc/$$/environ -z | tr '\\0' '\\n'",
  async ({ rig, front, give }) => {
    const client = give("", { site: "example.com", route: "/app", path: "/x" });
    assert.deepEqual((await rig.rest(client)).split("\n"), [
      "FDPASS_PATH=/x",
      "FDPASS_ROUTE=/app",
      "FDPASS_SITE=example.com",
      "LANG=C.UTF-8",
      "PATH=/usr/bin:/bin",
      "PROTO=TCP",
      "REMOTE_ADDR=127.0.0.1",
      `REMOTE_PORT=${client.port}`,
      "TCPLOCALIP=127.0.0.1",
      `TCPLOCALPORT=${front.port}`,
      "TCPREMOTEIP=127.0.0.1",
      `TCPREMOTEPORT=${client.port}`,
      "",
    ]);
  },
);

testExec(
  "more programs than may run are refused as full, and taken again when one has ended",
  ["cat"],
  async ({ rig, front, give }) => {
    const clients = [give("a"), give("b")];
    await rig.until(() => clients.every((client) => client.received !== ""), "two programs");
    const { client, fd } = front.accept("c");
    const id = front.handOff(fd);
    await rig.until(() => front.refused.length > 0, "a refusal");
    assert.deepEqual(front.refused, [[id, NACK_FULL]]);
    clients[0]!.end();
    await rig.rest(clients[0]!);
    await rig.until(() => rig.backend.active === 1, "the end of a program");
    front.handOff(fd);
    front.drop(fd);
    await rig.until(() => client.received === "c", "an echo");
    client.end();
    clients[1]!.end();
    await rig.rest(client);
  },
  { most: 2 },
);

testExec(
  "hand-offs that come at once are counted before their programs run",
  ["cat"],
  async ({ rig, front }) => {
    const accepted = Array.from({ length: 5 }, () => front.accept("x"));
    for (const { fd } of accepted) front.handOff(fd);
    await rig.until(() => front.acknowledged.length + front.refused.length === 5, "five answers");
    assert.equal(front.acknowledged.length, 3);
    for (const { client, fd } of accepted) {
      front.drop(fd);
      client.end();
    }
  },
  { most: 3 },
);

testExec(
  "a program that takes too long is ended, with everything that it has started",
  `
  sleep 1000 & trap '' TERM; echo $!; while :; do wait; done`,
  async ({ children, rig, give, events, childless }) => {
    const client = give();
    const other = Number(
      await rig.until(() => client.received.includes("\n") && client.received, "a process number"),
    );
    assert.ok(isRunning(other));
    rig.clock.now += 30_000;
    await rig.settle();
    assert.deepEqual(events.map(({ type }) => type), ["late"]);
    assert.ok(children().length > 0, "SIGTERM is ignored");
    rig.clock.now += 2_000;
    await rig.rest(client);
    await childless();
    await rig.until(() => !isRunning(other), "the end of what it had started");
    assert.deepEqual(events.map(({ type }) => type), ["late"], "an end that was asked for is no news");
  },
  { timeout: 30_000 },
);

testExec(
  "descendants may keep the connection, and nothing of theirs stays open here",
  `
  exec 3<&0; (exec 2>&1; read line <&3; echo later $line) & echo $!`,
  async ({ rig, give, childless }) => {
    const before = openDescriptors().size;
    const client = give();
    const other = Number(
      await rig.until(() => client.received.includes("\n") && client.received, "a process number"),
    );
    await childless();
    await rig.until(() => rig.backend.active === 0, "the end of the program");
    // The client's own end and nothing else.
    assert.equal(openDescriptors().size, before + 1);
    assert.ok(isRunning(other));
    client.send("on\n");
    await rig.until(() => client.ended !== false, "the end of the connection");
    assert.equal(client.received, `${other}\nlater on\n`);
  },
);

testExec(
  "a program that can no longer be run closes the connection and is told",
  ["cat"],
  async ({ rig, give, events }) => {
    await rig.rest(give());
    assert.deepEqual(events, [{
      type: "failed",
      reason: 'Cannot run "cat": no such file or directory (ENOENT)',
    }]);
  },
  {
    command: {
      ...(await import("../../../src/backend/exec/command.ts")).findCommand(["/bin/cat"], []),
      name: "cat",
      path: bytes("/nowhere\0"),
    },
  },
);

testExec("draining waits for programs that run", ["cat"], async ({ rig, give }) => {
  const client = give("a");
  await rig.until(() => client.received === "a", "an echo");
  let drained = false;
  rig.backend.drain().then(() => drained = true);
  await rig.settle();
  assert.equal(drained, false);
  client.send("b");
  await rig.until(() => client.received === "ab", "another echo");
  client.end();
  await rig.until(() => drained, "the end of draining");
});

testExec(
  "programs that do not come to an end are ended with the backend",
  `
  sleep 1000 & trap '' TERM; echo $!; while :; do wait; done`,
  async ({ rig, give, childless }) => {
    const client = give();
    const other = Number(
      await rig.until(() => client.received.includes("\n") && client.received, "a process number"),
    );
    let over = false;
    rig.backend.abandon(false).then(() => over = true);
    await rig.until(() => over, "the end of the programs");
    await childless();
    await rig.until(() => !isRunning(other), "the end of what it had started");
    await rig.rest(client);
  },
);
