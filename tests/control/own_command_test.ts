/** What children of `fdpass up` may do. */

import assert from "node:assert/strict";
import { commandLine } from "../support/proc.ts";
import { PATIENT, startUpFrom, TemporaryDirectory } from "../support/processes.ts";
import { get } from "../support/raw_client.ts";
import { childWith, descendantsOf } from "./family.ts";

/** The permission flags that a process was started with. */
function permissionsOf(pid: number): string[] {
  return commandLine(pid).filter((word) =>
    /^-A$|^--allow-(?:all|read|write|net|env|run|sys|ffi)\b/.test(word)
  )
    .map((word) => word.replace(/=.*/, ""));
}

Deno.test("up: children get what they need: a module everything, the others little", async () => {
  using directory = new TemporaryDirectory();
  directory.write("app.ts", "export default () => new Response(Deno.env.get('HOME') ?? 'none');\n");
  const path = directory.write(
    "fdpass.json",
    JSON.stringify({
      ...PATIENT,
      listen: "127.0.0.1:0",
      sites: [{
        routes: [{ path: "/app", to: "app" }, { path: "/apps", to: "apps" }, { path: "/", to: "files" }],
      }],
      backends: {
        app: { socket: "app.sock", fetch: "app.ts" },
        apps: { socket: "apps.sock", fetch: "app.ts", workers: 2 },
        files: { socket: "files.sock", static: ".", workers: 2 },
      },
    }),
  );
  await using up = await startUpFrom(path);
  const { pid } = up;
  const apps = childWith(pid, "--name", "apps");
  const files = childWith(pid, "--name", "files");
  // The last one holds the front's descriptors.
  assert.equal(descendantsOf(pid).length, 9);
  assert.deepEqual(permissionsOf(childWith(pid, "front")), [
    "--allow-ffi",
    "--allow-read",
    "--allow-env",
    "--allow-read",
  ]);
  assert.deepEqual(permissionsOf(childWith(pid, "--name", "app")), ["-A"]);
  for (const dealer of [apps, files]) {
    assert.deepEqual(permissionsOf(dealer), ["--allow-ffi", "--allow-env", "--allow-run"]);
  }
  for (const worker of descendantsOf(apps)) assert.deepEqual(permissionsOf(worker), ["-A"]);
  for (const worker of descendantsOf(files)) {
    assert.deepEqual(permissionsOf(worker), ["--allow-ffi", "--allow-env", "--allow-read"]);
  }
  assert.equal((await get(up.port, "/app")).text, Deno.env.get("HOME") ?? "none");
  assert.equal((await get(up.port, "/apps")).text, Deno.env.get("HOME") ?? "none");
  assert.equal((await get(up.port, "/app.ts")).status, 200);
  await up.stopCleanly();
});
