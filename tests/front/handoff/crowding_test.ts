// Backends that have been sent as many connections as they may have unacknowledged.

import assert from "node:assert/strict";
import { request } from "../clients.ts";
import { siteOf, test } from "../rig.ts";
import { responseOf } from "../scripted_backend.ts";

const WINDOW = 64;
const MORE = 20;

test(
  "while no backend takes any, who connects waits in the kernel, and is served when one does",
  {},
  (rig) => {
    const backend = rig.start("a", WINDOW);
    rig.until(() => rig.reported("backend-found").length > 0, "the backend");
    const clients = Array.from({ length: WINDOW + MORE }, () => rig.client(request()));
    rig.until(() => rig.counters.read().accepted >= WINDOW, "a full window");
    for (let i = 0; i < 5; i++) rig.turn();
    const { accepted, waiting } = rig.counters.read();
    assert.deepEqual([accepted, waiting], [WINDOW, 0]);
    backend.manner = "serves";
    for (const client of clients) assert.equal(rig.answer(client), responseOf("a"));
  },
);

test("a backend that stays behind keeps nobody out for long", {}, (rig) => {
  const backend = rig.start("a", WINDOW);
  rig.until(() => rig.reported("backend-found").length > 0, "the backend");
  const clients = Array.from({ length: WINDOW + MORE }, () => rig.client(request()));
  rig.until(() => rig.counters.read().accepted >= WINDOW, "a full window");
  rig.advance(1_000);
  rig.until(() => rig.counters.read().accepted >= WINDOW + MORE, "the others");
  assert.equal(rig.counters.read().waiting, MORE);
  backend.manner = "serves";
  for (const client of clients) assert.equal(rig.answer(client), responseOf("a"));
});

test(
  "where another backend has room, everybody is accepted",
  {
    backends: ["a", "b"],
    sites: [{ names: ["b.test"], routes: [{ path: "/", backends: ["b"], sticky: false }] }, siteOf(["a"])],
  },
  (rig) => {
    const [a, b] = [rig.start("a", WINDOW), rig.start("b", WINDOW)];
    rig.until(() => rig.reported("backend-found").length > 1, "the backends");
    b.manner = "serves";
    const clients = Array.from({ length: WINDOW + MORE }, () => rig.client(request()));
    const other = rig.client(request().replace(/Host: .*\r\n/i, "Host: b.test\r\n"));
    assert.equal(rig.answer(other), responseOf("b"));
    assert.equal(rig.counters.read().waiting, MORE);
    a.manner = "serves";
    for (const client of clients) assert.equal(rig.answer(client), responseOf("a"));
  },
);
