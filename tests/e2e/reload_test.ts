import assert from "node:assert/strict";
import { PATIENT, startUpFrom, TemporaryDirectory } from "../support/processes.ts";
import { PATIENCE, until } from "../support/waiting.ts";

const handler = (answer: string) => `export default () => new Response(${JSON.stringify(answer)});\n`;

async function ask(port: number, path = "/"): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(PATIENCE) });
  assert.equal(response.status, 200);
  return await response.text();
}

Deno.test("up: SIGHUP loads handlers afresh and follows the configuration, and nobody is refused meanwhile", async () => {
  using directory = new TemporaryDirectory();
  const module = directory.write("app.ts", handler("one"));
  const configuration = {
    ...PATIENT,
    listen: "127.0.0.1:0",
    sites: [{ routes: [{ path: "/", to: "app" }] }],
    backends: { app: { socket: directory.join("app.sock"), fetch: module } },
  };
  const path = directory.write("fdpass.json", JSON.stringify(configuration));
  await using up = await startUpFrom(path);
  assert.equal(await ask(up.port), "one");

  // A load that goes on until the answer has changed: each request is answered, by the old process or the new one.
  directory.write("app.ts", handler("two"));
  const answers: string[] = [];
  const load = (async () => {
    while (answers.at(-1) !== "two") answers.push(await ask(up.port));
  })();
  up.signal("SIGHUP");
  await load;
  assert.deepEqual([...new Set(answers)], ["one", "two"]);

  // A second backend appears, with a route of its own.
  directory.write("note.txt", "a note");
  const more = {
    ...configuration,
    sites: [{ routes: [...configuration.sites[0]!.routes, { path: "/files/", to: "files" }] }],
    backends: {
      ...configuration.backends,
      files: { socket: directory.join("files.sock"), static: directory.path },
    },
  };
  await up.message(/handler modules are loaded afresh/);
  directory.write("fdpass.json", JSON.stringify(more));
  up.signal("SIGHUP");
  await until(async () => {
    const response = await fetch(`http://127.0.0.1:${up.port}/files/note.txt`, {
      signal: AbortSignal.timeout(PATIENCE),
    });
    return await response.text() === "a note";
  }, "the new route");

  // A configuration that is wrong changes nothing.
  directory.write("fdpass.json", `{ "listen": `);
  up.signal("SIGHUP");
  await up.message(/the new configuration is not used, the old one stays/);
  assert.equal(await ask(up.port), "two");
  assert.equal((await up.stop()).code, 0);
});
