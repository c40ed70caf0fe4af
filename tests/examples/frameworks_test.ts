/** The apps in examples/ that npm builds, with packages of their own: as built, behind a front. */

import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { noNode } from "../support/other_servers.ts";
import { type FrontProgram, TemporaryDirectory } from "../support/processes.ts";
import { get, RawClient } from "../support/raw_client.ts";
import { Guest, withApp } from "./running_app.ts";

/** Runs npm in a directory. @throws with all that it said, when it fails */
async function npm(cwd: string, ...args: readonly string[]): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command("npm", {
    args: [...args],
    cwd,
    env: { NODE_ENV: "production" },
  }).output();
  const decoder = new TextDecoder();
  assert.ok(success, `npm ${args.join(" ")}:\n${decoder.decode(stdout)}${decoder.decode(stderr)}`);
}

function testBuild(name: string, body: (front: FrontProgram, build: string) => Promise<void>): void {
  Deno.test({
    name: `the build of examples/${name}` + (noNode === undefined ? "" : ` (left out: ${noNode})`),
    ignore: noNode !== undefined,
    async fn() {
      using directory = new TemporaryDirectory();
      const app = directory.join(name);
      await cp(fileURLToPath(new URL(`../../examples/${name}`, import.meta.url)), app, { recursive: true });
      await npm(app, "ci", "--include=dev", "--prefer-offline", "--no-audit", "--no-fund");
      await npm(app, "run", "build");
      await withApp(`${app}/build/app.js`, (front) => body(front, app));
    },
  });
}

/** Posts a letter as a form on a page of the site does. @returns where to go from there */
async function post({ port }: FrontProgram, letter: string): Promise<string> {
  using client = await RawClient.connect(port);
  const content = new URLSearchParams({ letter }).toString();
  await client.write(
    "POST / HTTP/1.1\r\nHost: test\r\nOrigin: http://test\r\nAccept: text/html\r\n" +
      "Content-Type: application/x-www-form-urlencoded\r\n" +
      `Content-Length: ${content.length}\r\n\r\n${content}`,
  );
  const { status, fields } = await client.response("POST");
  assert.equal(status, 303);
  return fields.get("location")!;
}

/** Reads a page that is not whole before somebody has posted a letter. */
async function assertStreamed(front: FrontProgram, path: string): Promise<void> {
  using reader = await RawClient.connect(front.port);
  await reader.write(`GET ${path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n`);
  assert.match(await reader.through("Nobody has written yet."), /^HTTP\/1\.1 200 OK\r\n/);
  assert.equal(await post(front, "Dear reader"), "/sent");
  const rest = new TextDecoder().decode(await reader.rest());
  assert.match(rest, /Dear reader/);
  assert.match(rest, /\r\n0\r\n\r\n$/);
}

testBuild("sveltekit", async (front, app) => {
  const { port } = front;
  const { status, text } = await get(port, "/sent");
  assert.equal(status, 200);
  assert.match(text, /<h1>It has been sent\.<\/h1>/);
  assert.equal((await get(port, "/nowhere")).status, 404);
  assert.equal((await get(port, "/motto.txt")).text, await Deno.readTextFile(`${app}/static/motto.txt`));
  const script = /import\("\.?(\/_app\/immutable\/[^"]+)"\)/.exec(text)![1]!;
  const { fields, body } = await get(port, script);
  assert.match(fields.get("cache-control")!, /immutable/);
  assert.deepEqual(body, await Deno.readFile(`${app}/.deno-deploy/static${script}`));
  await assertStreamed(front, "/");
});

testBuild("h3", async (front) => {
  const { port } = front;
  assert.equal((await get(port, "/")).text, "<h1>Hello, this is H3.</h1>");
  assert.equal((await get(port, "/nowhere")).status, 404);
  await assertStreamed(front, "/letter");
  const guest = await Guest.enter(front, "/echo");
  guest.socket.send("this");
  await guest.hears("H3 heard this");
  await guest.leave();
});
