/** `fdpass drain`, `undrain` and `status`. */

import assert from "node:assert/strict";
import {
  FrontProgram,
  PATIENT,
  runProgram,
  STATIC_PERMISSIONS,
  TemporaryDirectory,
  whenReady,
} from "../support/processes.ts";
import { freePort } from "../support/ports.ts";
import { get, RawClient } from "../support/raw_client.ts";

Deno.test("drain: nothing new goes to the backend, requests on kept connections neither, until undrain", async () => {
  using directory = new TemporaryDirectory();
  for (const name of ["one", "two"]) {
    Deno.mkdirSync(directory.join(name));
    directory.write(`${name}/name`, name);
  }
  const address = `127.0.0.1:${freePort()}`;
  const path = directory.write(
    "fdpass.json",
    JSON.stringify({
      ...PATIENT,
      listen: address,
      sites: [{ routes: [{ path: "/", to: ["one", "two"] }, { path: "/only/", to: "one", mapTo: "/" }] }],
      backends: { one: { socket: "one.sock", static: "one" }, two: { socket: "two.sock", static: "two" } },
    }),
  );
  const control = directory.join("control.sock");
  const args = ["up", path, "--workers", "2", "--control", control];
  await using up = await whenReady(new FrontProgram(args, { permissions: ["--allow-all"] }));
  const ask = (...words: readonly string[]) =>
    runProgram([...words, "--control", control], { permissions: STATIC_PERMISSIONS });

  const refused = await ask("drain", "one");
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /^fdpass: Cannot drain "one": nobody else serves \/only\/ of every other host; to take/,
  );
  const unknown = await ask("drain", "three");
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /Cannot find a backend with the name "three"; there are one, two/);

  const clients: RawClient[] = [];
  try {
    for (let index = 0; index < 8; index++) clients.push(await RawClient.connect(up.port));
    const answers = async () => {
      const texts: string[] = [];
      for (const client of clients) texts.push((await client.get("/name")).text);
      return new Set(texts);
    };
    assert.deepEqual(await answers(), new Set(["one", "two"]));
    assert.equal((await ask("drain", "two")).stdout, "two gets nothing new\n");
    assert.deepEqual(await answers(), new Set(["one"]));
    for (let times = 0; times < 20; times++) assert.equal((await get(up.port, "/name")).text, "one");

    const { stdout } = await ask("status", "--json");
    const status = JSON.parse(stdout);
    assert.deepEqual(status.listeners, [address]);
    assert.deepEqual(
      status.backends.map(({ name, state, kind }: Record<string, string>) => [name, kind, state]),
      [["one", "static", "up"], ["two", "static", "drained"]],
    );
    assert.ok(status.counters.handedOver >= 28, JSON.stringify(status.counters));
    assert.equal(status.workers.length, 2);
    assert.match((await ask("status")).stdout, /^ {2}two +static +drained +\/.*two\.sock$/m);

    assert.equal((await ask("undrain", "two")).code, 0);
    for (const client of clients) client.close();
    const later = new Set<string>();
    for (let times = 0; times < 20; times++) later.add((await get(up.port, "/name")).text);
    assert.deepEqual(later, new Set(["one", "two"]));
  } finally {
    for (const client of clients) client.close();
  }
  await up.stopCleanly();
});
