/** The status page, as what it says. Screenshots are looked at by people. */

import assert from "node:assert/strict";
import { Counters, COUNTERS_SIZE } from "../../src/front/core/counters.ts";
import { Observed } from "../../src/control/front/front_status.ts";
import type { FrontStatus } from "../../src/control/front/front_status.ts";
import { History } from "../../src/control/admin/history.ts";
import { POLICY, statusPage } from "../../src/control/admin/page/page.ts";
import { bytesText, countText, rateText, spanText, timeText } from "../../src/control/admin/page/units.ts";
import { DEFAULT_LIMITS } from "../../src/config/config.ts";
import { DURATION_PLACES } from "../../src/protocol/durations.ts";

/** How a front is that has one backend, with some words of somebody else's in it. */
function statusOf(change: Partial<FrontStatus> = {}): FrontStatus {
  const site = { names: ["a.example"], routes: [{ path: "/", backends: ["app"] }] };
  const config = {
    listeners: [{ host: "127.0.0.1", port: 80, sites: [site] }],
    backends: [{ name: "app", socket: "/run/app.sock", workers: 1 }],
    limits: DEFAULT_LIMITS,
    allowUsers: [],
  };
  const counters = new Counters(new SharedArrayBuffer(COUNTERS_SIZE));
  const facts = { generation: 1, listeners: ["127.0.0.1:80"], draining: false };
  return { ...new Observed(1).status(config, new Set(), [counters], facts), ...change };
}

function pageOf(status: FrontStatus, history = new History(() => status)): string {
  return statusPage(status, history);
}

const up = (status: FrontStatus, change: object = {}): FrontStatus["backends"] =>
  status.backends.map((backend) => ({ ...backend, state: "up" as const, ...change }));

Deno.test("status page: the first words say whether everything is up, and what is not", () => {
  const status = statusOf();
  const title = (of: FrontStatus) => /<h1>(.*?)<\/h1>/.exec(pageOf(of))![1];
  assert.equal(title(status), "The backend is down");
  assert.match(pageOf(status), /app: nobody else serves a\.example\//);
  const fine = statusOf({ backends: up(status), missing: [] });
  assert.equal(title(fine), "Everything is up");
  assert.equal(title({ ...fine, missing: ["a.example/"] }), "Not ready");
  assert.equal(title({ ...fine, draining: true }), "Draining");
  const upstream = (name: string, state: "up" | "down" | "unknown") => ({
    upstream: name,
    state,
    active: 0,
    requests: 7,
    failures: 0,
    checks: 0,
    failedChecks: 0,
  });
  const withUpstreams = (...states: ("up" | "down" | "unknown")[]) => ({
    ...fine,
    backends: up(status, { upstreams: states.map((state, index) => upstream(`http://u${index}`, state)) }),
  });
  assert.equal(title(withUpstreams("up", "unknown")), "Everything is up");
  assert.equal(title(withUpstreams("up", "down")), "Up, but 1 of 2 upstreams down");
  assert.match(pageOf(withUpstreams("up", "down")), /<p>app does without http:\/\/u1<\/p>/);
  assert.equal(title(withUpstreams("down", "down")), "app has no upstream that works");
  assert.match(pageOf(withUpstreams("down", "down")), /<p>Down: http:\/\/u0, http:\/\/u1<\/p>/);
  const both = {
    ...fine,
    backends: [...withUpstreams("down").backends, { ...status.backends[0]!, name: "other" }],
  };
  assert.equal(title(both), "1 of 2 backends down");
  assert.match(pageOf(both), /<p>other; app has no upstream that works<\/p>/);
  const refusals = [{ status: 503, why: "no backend took the connection in time", count: 3 }];
  assert.equal(title({ ...fine, refusals }), "Up, but refusing");
});

Deno.test("status page: nothing that it shows is taken for HTML, and its own script and style are all that counts", () => {
  const status = statusOf();
  const evil = `</td><script>alert(1)</script>"'&`;
  const latency = { counts: new Array(DURATION_PLACES).fill(1), sum: 1, p50: 1, p99: 2 };
  const requests = { "0xx": 1, "1xx": 0, "2xx": 5, "3xx": 1, "4xx": 1, "5xx": 1 };
  const route = { site: evil, route: evil, connections: 1, requests, received: 1, sent: 1, latency };
  const page = pageOf({
    ...status,
    listeners: [evil],
    backends: up(status, { name: evil, kind: evil, reason: evil, routes: [route] }),
    refusals: [{ status: 400, why: evil, count: 1 }],
  });
  assert.equal(page.match(/<script/g)!.length, 1);
  assert.doesNotMatch(page, /alert\(1\)<\/script>/);
  assert.ok(page.includes("&#60;script&#62;alert(1)"));
  // No attribute asks for a style or a handler that the policy forbids.
  assert.doesNotMatch(page.replace(/<style>[^]*<\/style>/, ""), /\s(style|on[a-z]+)=/);
  assert.match(POLICY, /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+';/);
});

Deno.test("History: rates are those of the time between two looks; a minute is kept whole", () => {
  let uptime = 0;
  const status = statusOf();
  const history = new History(() => ({ ...status, uptime }));
  for (let look = 0; look < 400; look++) {
    history.look();
    uptime += 2_000;
  }
  assert.equal(history.points.length, 150);
  assert.equal(uptime - history.before!.uptime, 60_000);
});

Deno.test("units: three digits that count", () => {
  assert.deepEqual([0, 9_999, 12_345, 3_400_000].map(countText), ["0", "9,999", "12.3k", "3.40M"]);
  assert.deepEqual([0, 0.01, 0.5, 42.25, 1_234].map(rateText), ["0", "< 0.1", "0.50", "42.3", "1,234"]);
  assert.deepEqual([undefined, 90, 1_500, 2_470_000, 10_000_000].map(timeText), [
    "–",
    "90 µs",
    "1.50 ms",
    "2.47 s",
    "> 10 s",
  ]);
  assert.deepEqual([5_000, 600_000, 9_000_000, 400_000_000].map(spanText), [
    "5 s",
    "10 min",
    "2 h",
    "4 days",
  ]);
  assert.deepEqual([999, 1_000, 1_234_567].map(bytesText), ["999 B", "1.00 kB", "1.23 MB"]);
});
