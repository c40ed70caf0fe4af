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
import { until } from "../support/waiting.ts";
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
      sites: [{
        routes: [{ path: "/", to: ["one", "two"] }, { path: "/only/", to: "one", mapTo: "/" }, {
          path: "/ruled/",
          to: "one",
          mapTo: "/",
          allow: ["127.0.0.0/8"],
        }],
      }],
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
    /^fdpass: Cannot drain "one": nobody else serves \/only\/ of every other host; its clients would get 503/,
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

    // What changes in a second is told together.
    const status = await until(async () => {
      const read = JSON.parse((await ask("status", "--json")).stdout);
      return read.backends.every(({ processes }: { processes: number[] }) => processes.length === 1)
        ? read
        : undefined;
    }, "the processes");
    assert.deepEqual(status.listeners, [address]);
    assert.deepEqual(
      status.backends.map(({ name, state, kind }: Record<string, string>) => [name, kind, state]),
      [["one", "static", "up"], ["two", "static", "drained"]],
    );
    assert.ok(status.counters.handedOver >= 28, JSON.stringify(status.counters));
    assert.equal(status.workers.length, 2);
    const [one, two] = status.backends;
    assert.ok(one.processes.every((pid: number) => Deno.statSync(`/proc/${pid}`).isDirectory));
    assert.equal(one.unacknowledged, 0);
    assert.ok(one.latency.p50 > 0 && one.latency.p99 >= one.latency.p50);
    assert.match(
      (await ask("status")).stdout,
      new RegExp(
        `^ {2}two +static +drained +${
          two.processes[0]
        } +0 +\\d+ +\\d+ +\\S+ [µm]s +\\S+ [µm]s +/.*two\\.sock$`,
        "m",
      ),
    );

    assert.equal((await ask("undrain", "two")).code, 0);
    assert.equal((await ask("drain", "one", "--force")).code, 0);
    // Also where rules decide, of a route and of what they rewrite to.
    for (const target of ["/only/name", "/ruled/name"]) {
      assert.equal((await get(up.port, target)).status, 503, target);
    }
    assert.equal((await get(up.port, "/nobody/name")).status, 404);
    assert.equal((await ask("undrain", "one")).code, 0);
    assert.equal((await get(up.port, "/only/name")).text, "one");
    for (const client of clients) client.close();
    const later = new Set<string>();
    for (let times = 0; times < 20; times++) later.add((await get(up.port, "/name")).text);
    assert.deepEqual(later, new Set(["one", "two"]));
  } finally {
    for (const client of clients) client.close();
  }
  await up.stopCleanly();
});
