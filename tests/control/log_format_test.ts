/** Messages as programs read them. */

import assert from "node:assert/strict";
import { FrontProgram, runProgram, TemporaryDirectory, whenReady } from "../support/processes.ts";
import { EVENTS } from "../../src/control/log/events.ts";
import { get } from "../support/raw_client.ts";

Deno.test("--log-format json: every line is an object, of children too; --log-level leaves the rest out", async () => {
  using directory = new TemporaryDirectory();
  directory.write("a", "a");
  const configuration = {
    listen: "127.0.0.1:0",
    sites: [{ routes: [{ path: "/files/", to: "files" }] }],
    backends: { files: { socket: directory.join("files.sock"), static: directory.path, workers: 2 } },
  };
  const common = ["--control", directory.join("control.sock"), "--log-format", "json"];
  const path = directory.write("fdpass.json", JSON.stringify(configuration));
  const run = async (...more: readonly string[]) => {
    const args = ["up", path, ...common, ...more];
    await using up = await whenReady(new FrontProgram(args, { permissions: ["--allow-all"] }));
    await get(up.port, "/nowhere");
    const { stderr } = await up.stop();
    return stderr.trimEnd().split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  };
  const lines = await run();
  const refused = lines.find(({ message }) => message.startsWith("answered 127.0.0.1 404"));
  assert.equal(refused?.part, "front");
  assert.equal(refused?.status, 404);
  assert.equal(refused?.event, "request-refused");
  assert.equal("type" in refused, false);
  for (const { event } of lines) assert.ok(EVENTS.includes(event), `"${event}" is an event`);
  assert.deepEqual(Object.keys(lines[0]).slice(0, 5), ["time", "level", "part", "event", "message"]);
  assert.ok(lines.some(({ part }) => part === "backend files.1"));
  assert.ok(lines.every(({ time, level }) => !Number.isNaN(Date.parse(time)) && level === "info"));
  assert.deepEqual(await run("--log-level", "error"), []);
  const failed = await runProgram(["front", directory.join("none.json"), "--log-format", "json"], {
    permissions: ["--allow-all"],
  });
  assert.equal(failed.code, 2, failed.stderr);
  const [last, ...others] = failed.stderr.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(others, []);
  assert.deepEqual([last.level, last.event], ["fatal", "failed"]);
  assert.match(last.message, /none\.json: Cannot find this file/);
});
