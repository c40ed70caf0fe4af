/** Who may give commands: the mode of the socket's file is not all that stands in the way. */

import assert from "node:assert/strict";
import { CONTROL_VERSION } from "../../src/protocol/control.ts";
import { isInstalled } from "../support/other_programs.ts";
import { AS_OTHER_USER, named, noOtherUser } from "../support/other_user.ts";
import { FrontProgram, runProgram, TemporaryDirectory, whenReady } from "../support/processes.ts";
import { get } from "../support/raw_client.ts";

/** The first one on the PATH may be somebody's own. */
const SYSTEM_PYTHON = "/usr/bin/python3";
const noPython = isInstalled(SYSTEM_PYTHON, "--version") ? undefined : "there is no python3";

/** Asks, and prints the length of what comes back: 0 where the other end has closed. */
const ASK = `
import socket, sys
guest = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
guest.settimeout(60)
guest.connect(sys.argv[1])
try:
    guest.send(sys.argv[2].encode())
    print("answer", len(guest.recv(65536)))
except (BrokenPipeError, ConnectionResetError):
    print("answer 0")
`;

Deno.test({
  ...named("control socket: another user gives no commands, whatever its mode", noOtherUser, noPython),
  async fn() {
    using directory = new TemporaryDirectory();
    Deno.chmodSync(directory.path, 0o755);
    directory.write("app.ts", `export default () => new Response("ok");\n`);
    const configuration = directory.write(
      "fdpass.json",
      JSON.stringify({
        listen: "127.0.0.1:0",
        sites: [{ to: "app" }],
        backends: { app: { socket: "app.sock", fetch: "app.ts" } },
      }),
    );
    const control = directory.join("control.sock");
    await using up = await whenReady(
      new FrontProgram(["up", configuration, "--control", control], { permissions: ["--allow-all"] }),
    );
    assert.equal(Deno.lstatSync(control).mode! & 0o777, 0o600);
    Deno.chmodSync(control, 0o666);
    const ask = (command: string, through: readonly string[]) => {
      const [program, ...args] = [
        ...through,
        SYSTEM_PYTHON,
        "-c",
        ASK,
        control,
        JSON.stringify({ version: CONTROL_VERSION, command }),
      ];
      const { stdout, stderr } = new Deno.Command(program!, { args }).outputSync();
      return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    };
    for (const command of ["reload", "reopen", "status", "drain", "undrain", "upgrade", "take-over"]) {
      assert.equal(ask(command, AS_OTHER_USER), "answer 0\n", command);
    }
    assert.match(ask("status", []), /^answer [1-9]\d*\n$/, "its own user is answered");
    const own = await runProgram(["status", "--control", control], { permissions: ["--allow-all"] });
    assert.equal(own.code, 0, own.stderr);
    assert.equal((await get(up.port, "/")).text, "ok");
    assert.doesNotMatch(up.stderr, /reload|drain/);
  },
});
