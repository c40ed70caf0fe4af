/** Programs whose connections have come with bytes that were read already. */

import assert from "node:assert/strict";
import { bytes } from "../rig.ts";
import { testExec } from "./support.ts";

testExec(
  "bytes that were read before come first, and what follows behind them",
  "cat; echo end",
  async ({ rig, give }) => {
    const preread = bytes("read before, ");
    const client = give("sent after", { preread });
    await rig.until(() => client.received === "read before, sent after", "an echo");
    client.send("; and more");
    client.end();
    assert.equal(await rig.rest(client), "read before, sent after; and moreend\n");
    assert.equal(client.ended, "end");
  },
);

testExec(
  "a program that begins in the middle of a stream moves as much as any",
  ["cat"],
  async ({ rig, give }) => {
    const piece = bytes("0123456789abcdef".repeat(4_096));
    const client = give("", { preread: piece.slice(0, 60_000) });
    let sent = 60_000;
    const total = 3_000_000;
    let received = 0;
    await rig.until(() => {
      if (sent < total) {
        const at = sent % piece.length;
        sent += Math.max(0, client.send(piece.slice(at, Math.min(piece.length, at + total - sent))));
        if (sent === total) client.end();
      }
      received = client.received.length;
      return client.ended !== false;
    }, "the end of the stream");
    assert.equal(received, total);
    assert.equal(client.received, "0123456789abcdef".repeat(total / 16));
  },
);

testExec(
  "a bridged program that reads nothing may answer, and its end is the connection's",
  "exec 0<&-; echo no",
  async ({ rig, give }) => {
    const client = give("x".repeat(100_000), { preread: bytes("y".repeat(50_000)) });
    await rig.until(() => client.ended !== false, "the end");
    assert.equal(client.received, "no\n");
  },
);

testExec(
  "a bridged program whose client goes finds the end of its input",
  "cat >/dev/null; exit 3",
  async ({ children, rig, give, events, childless }) => {
    const client = give("", { preread: bytes("early") });
    await rig.until(() => children().length === 1, "the program");
    client.reset();
    await childless();
    await rig.until(() => events.length > 0, "a report");
    assert.deepEqual(events.map(({ type }) => type), ["ended"]);
    assert.equal(rig.backend.active, 0);
  },
);
