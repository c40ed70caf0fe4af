// What one client may do: connections and requests a second.

import assert from "node:assert/strict";
import { request } from "./clients.ts";
import { type Rig, test } from "./rig.ts";
import { responseOf, type ScriptedBackend } from "./scripted_backend.ts";

function serving(rig: Rig): ScriptedBackend {
  const backend = rig.start("a");
  rig.until(() => rig.reported("backend-found").length === 1, "the backend");
  backend.manner = "serves";
  return backend;
}

test("who connects too often is closed; others are served, and so is it after a while", {
  limits: { connectionRate: 10, connectionBurst: 3 },
}, (rig) => {
  serving(rig);
  const ask = (from?: string) => rig.client(request(), undefined, from);
  const greedy = [ask(), ask(), ask(), ask()];
  const other = ask("127.0.0.2");
  assert.deepEqual(greedy.map((client) => rig.answer(client) === responseOf("a")), [true, true, true, false]);
  assert.equal(greedy[3]!.received, "");
  assert.equal(rig.answer(other), responseOf("a"));
  rig.advance(1_000);
  assert.equal(rig.answer(ask()), responseOf("a"));
});

test(
  "who asks too often gets 429 and when to come again",
  { limits: { requestRate: 1, requestBurst: 2 } },
  (rig) => {
    serving(rig);
    const ask = (more = "", from?: string) =>
      rig.answer(rig.client(request("/", "test", more), undefined, from));
    assert.equal(ask(), responseOf("a"));
    assert.equal(ask(), responseOf("a"));
    const refused = ask();
    assert.match(refused, /^HTTP\/1\.1 429 Too Many Requests\r\n/);
    assert.match(refused, /\r\nRetry-After: 1\r\n/);
    assert.equal(ask("", "127.0.0.2"), responseOf("a"));
    rig.advance(1_000);
    assert.equal(ask(), responseOf("a"));
  },
);

test("a request that waits, or is handed over twice, counts once", {
  limits: { requestRate: 1, requestBurst: 1 },
}, (rig) => {
  // Nobody is there yet.
  const client = rig.client(request());
  rig.settle();
  serving(rig);
  assert.equal(rig.answer(client), responseOf("a"));
});

test("behind a trusted server rates are those of its clients", {
  trust: { proxies: ["127.0.0.1"] },
  limits: { connectionRate: 1, connectionBurst: 1, requestRate: 1, requestBurst: 1 },
}, (rig) => {
  serving(rig);
  const ask = (who: string) =>
    rig.answer(rig.client(request("/", "test", `X-Forwarded-For: ${who}\r\n`))).slice(9, 12);
  assert.deepEqual(["192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.3"].map(ask), [
    "200",
    "200",
    "429",
    "200",
  ]);
});
