/** What `fdpass top` shows on terminals of every size. */

import assert from "node:assert/strict";
import { parseJson } from "../../src/config/json/parse.ts";
import { describeTop } from "../../src/control/front/describe_top.ts";
import { type FrontStatus, Observed } from "../../src/control/front/front_status.ts";
import { Counters, COUNTERS_SIZE } from "../../src/front/core/counters.ts";

/** A front with so many backends, of which the last one is down. */
function statusOf(count: number): FrontStatus {
  const names = Array.from({ length: count }, (_, index) => `app-${index}`);
  const text = JSON.stringify({
    listen: "127.0.0.1:8080",
    sites: names.map((name) => ({ names: `${name}.example`, to: name })),
    backends: Object.fromEntries(names.map((name) => [name, { socket: `/run/${name}.sock` }])),
  });
  const config = parseJson(text, { name: "fdpass.json", baseDirectory: "/etc/fdpass" });
  const facts = { generation: 1, listeners: ["127.0.0.1:8080"], draining: false };
  const counters = [new Counters(new SharedArrayBuffer(COUNTERS_SIZE))];
  const status = new Observed(1).status(config, new Set(), counters, facts);
  const backends = status.backends.map((backend, index) => ({
    ...backend,
    state: index === count - 1 ? "down" as const : "up" as const,
  }));
  const counted = { ...status.counters, accepted: 1_234, open: 5 };
  const refusals = [{ status: 503, why: "no backend took the connection in time", count: 3 }];
  return { ...status, backends, counters: counted, refusals };
}

Deno.test("top: everything where there is room, and never more rows than there are", () => {
  const status = statusOf(20);
  const whole = describeTop(status, undefined, 0, 0);
  assert.deepEqual(describeTop(status, undefined, whole.length, 80), whole);
  for (let rows = 1; rows < whole.length; rows++) {
    const shown = describeTop(status, undefined, rows, 80);
    assert.ok(shown.length <= rows, `${shown.length} of ${rows} rows`);
    assert.match(shown[0]!, /^fdpass /);
  }
});

Deno.test("top: a terminal of ten rows has counters and backends, those first that are down", () => {
  const shown = describeTop(statusOf(20), undefined, 10, 80);
  assert.equal(shown.length, 10);
  assert.match(shown[1]!, /^ {2}accepted 1234 {2}open 5$/);
  assert.match(shown[2]!, /^ {2}backend +kind +state/);
  assert.match(shown[3]!, /^ {2}app-19 +\S+ +down/);
  assert.match(shown[4]!, /^ {2}app-0 +\S+ +up/);
  assert.equal(shown[9], "  … and 14 more");
  // Few of them leave room for what comes next.
  const few = describeTop(statusOf(2), undefined, 10, 80).join("\n");
  assert.match(few, /app-1 .*\n.*app-0 .*\n.*refused .*\n.*503 .*\n.*site .*\n.*app-0\.example/);
});
