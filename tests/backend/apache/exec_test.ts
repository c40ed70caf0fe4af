import assert from "node:assert/strict";
import { findCommand } from "../../../src/backend/exec/command.ts";
import { ExecServer } from "../../../src/backend/exec/exec_server.ts";
import { pour } from "../../front/clients.ts";
import { childrenOf } from "../../support/proc.ts";
import { type ApacheRig, testServer } from "./rig.ts";

const SCRIPT =
  `printf '%s %s %s\\n' "$PROTO" "$TCPREMOTEIP:$TCPREMOTEPORT" "$TCPLOCALPORT"; read -r line; echo "then $line"`;

function server(): ExecServer {
  const environment = ["PATH=/usr/bin:/bin"];
  return new ExecServer({ command: findCommand(["sh", "-c", SCRIPT], environment), environment, most: 1 });
}

testServer(
  "a program writes the content of Apache's response, one after another",
  server,
  async (rig: ApacheRig<ExecServer>) => {
    // Test files share a process, and another one's children are not this one's.
    const others = new Set(childrenOf(Deno.pid));
    const children = () => childrenOf(Deno.pid).filter((pid) => !others.has(pid));
    // Apache's sockets do not block; the program's reading waits all the same.
    const pairs = [rig.give(), rig.give()];
    await rig.until(() => children().length === 1, "a program");
    for (const pair of pairs) {
      pour(pair.client, "next\n");
      const { text } = await rig.end(pair);
      assert.equal(text, `TCP 127.0.0.1:${pair.clientPort} ${pair.port}\nthen next\n`);
    }
    await rig.until(() => children().length === 0, "the end of all programs");
  },
);
