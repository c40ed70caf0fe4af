/** What the figures say over a run, compared with what clients have seen. */

import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { Exposition } from "../../src/control/admin/exposition.ts";
import { FAMILIES } from "../../src/control/admin/metrics.ts";
import { TextBytes } from "../../src/control/admin/text_bytes.ts";
import { ask } from "../../src/control/socket/ask.ts";
import { FrontProgram, PATIENT, startFront, TemporaryDirectory, whenReady } from "../support/processes.ts";
import { freePort } from "../support/ports.ts";
import { get } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";
import { assertOpenMetrics } from "./open_metrics.ts";
import { PROMTOOL, promtool } from "./promtool.ts";

/** All samples whose names and labels fit, added up. */
function sum(text: string, pattern: RegExp): number {
  return text.split("\n").filter((line) => !line.startsWith("#") && pattern.test(line))
    .reduce((all, line) => all + Number(line.slice(line.lastIndexOf(" "))), 0);
}

/** Asks on one connection, each time by another host and for another path; the responses are all 200. */
async function askByManyNames(port: number, first: number, count: number): Promise<void> {
  using connection = await Deno.connect({ port, hostname: "127.0.0.1" });
  const requests = Array.from({ length: count }, (_, index) => {
    const last = index === count - 1 ? "Connection: close\r\n" : "";
    return `GET /made-up-${first + index} HTTP/1.1\r\nHost: host-${first + index}.example\r\n${last}\r\n`;
  });
  const [text] = await Promise.all([
    new Response(connection.readable).text(),
    (async () => {
      const bytes = new TextEncoder().encode(requests.join(""));
      for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
    })(),
  ]);
  assert.equal(text.match(/HTTP\/1\.1 200 /g)?.length, count);
}

const HANDLER = `
export default {
  fetch(request, info) {
    const { pathname } = new URL(request.url);
    if (pathname === "/pid") return new Response(String(Deno.pid));
    return new Response("here", { status: pathname === "/gone" ? 404 : 200 });
  },
};
`;

Deno.test("metrics: sums are the clients' over kills, replacements and reloads, and hosts make no series", async () => {
  using directory = new TemporaryDirectory();
  directory.write("app.ts", HANDLER);
  const admin = freePort();
  const configuration = (path: string) =>
    JSON.stringify({
      ...PATIENT,
      listen: "127.0.0.1:0",
      admin: `127.0.0.1:${admin}`,
      sites: [{ routes: [{ path: "/", to: "app" }, ...path === "" ? [] : [{ path, to: "app" }]] }],
      backends: { app: { socket: "app.sock", fetch: "app.ts", workers: 2 } },
    });
  const path = directory.write("fdpass.json", configuration("/other/"));
  await using up = await whenReady(
    new FrontProgram(["up", path, "--run-dir", directory.path], {
      permissions: ["--allow-all"],
    }),
  );
  const scrape = async () => await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
  const sums = (text: string) => ({
    accepted: sum(text, /^fdpass_connections_accepted_total/),
    good: sum(text, /^fdpass_requests_total\{.*code="2xx"/),
    bad: sum(text, /^fdpass_requests_total\{.*code="4xx"/),
    timed: sum(text, /^fdpass_request_duration_seconds_count/),
    acknowledged: sum(text, /^fdpass_handoffs_total\{.*"acknowledged"/),
    taken: sum(text, /^fdpass_backend_connections_total/),
  });
  const refusals = (text: string) => sum(text, /^fdpass_answers_total/);
  let good = 0;
  let bad = 0;
  /** Requests that had no connection of their own. */
  let further = 0;
  /** Requests that the front has answered itself. */
  let turnedAway = 0;
  let last = sums(await scrape());
  /** Asks, then looks: nothing has fallen, nothing is missing. */
  const round = async () => {
    for (let times = 0; times < 6; times++) {
      if ((await get(up.port, times % 3 === 0 ? "/gone" : "/other/x")).status === 200) good++;
      else bad++;
    }
    // A client has its answer a moment before it is counted, and before the front has read the acknowledgement.
    const text = await until(async () => {
      const text = await scrape();
      const now = sums(text);
      for (const [name, count] of Object.entries(now)) {
        assert.ok(count >= last[name as keyof typeof last], `${name} has fallen to ${count}`);
      }
      last = now;
      const all = now.good >= good && now.bad >= bad && now.acknowledged >= good + bad - further;
      return all ? text : undefined;
    }, () => `${good} and ${bad} requests: ${JSON.stringify(last)}`);
    const all = good + bad;
    const { good: wells, bad: ills, timed, accepted, acknowledged, taken } = last;
    assert.deepEqual({ good: wells, bad: ills, timed }, { good, bad, timed: all });
    const came = all - further;
    assert.deepEqual({ accepted, acknowledged, taken }, {
      accepted: came + turnedAway,
      acknowledged: came,
      taken: came,
    });
    return text;
  };

  await round();
  for (let times = 0; times < 2; times++) {
    const pid = Number((await get(up.port, "/pid")).text);
    good++;
    Deno.kill(pid, "SIGKILL");
    await round();
  }
  // Another front takes over, and then another one from that: what has been counted goes along, by whoever it was.
  for (let times = 0; times < 2; times++) {
    assert.equal((await get(up.port, "/", "no host")).status, 400);
    turnedAway++;
    // A client has its answer a moment before it is counted, and before the Worker has said what for.
    await until(
      async () => refusals(await scrape()) === turnedAway || undefined,
      "the refusal in the figures",
    );
    assert.equal((await ask(directory.join("control.sock"), { command: "upgrade" })).code, 0);
    // Its address for figures is the next front's as soon as that has all of them.
    await until(() => scrape().catch(() => undefined), "figures of the next front");
    assert.equal(refusals(await scrape()), turnedAway);
  }
  // Every handler is replaced, and a route goes.
  Deno.writeTextFileSync(path, configuration(""));
  up.signal("SIGHUP");
  await up.message(/backends follow the configuration/);
  const text = await round();
  assert.equal(sum(text, /^fdpass_config_reloads_total\{result="applied"/), 1);
  assert.ok(sum(text, /^fdpass_requests_total\{.*route="\/other\/"/) > 0, "what was counted stays");

  const series = text.split("\n").filter((line) => !line.startsWith("#")).length;
  for (let times = 0; times < 10; times++) {
    await askByManyNames(up.port, 1_000 * times, 1_000);
    good += 1_000;
    further += 999;
  }
  const later = await round();
  assert.equal(later.split("\n").filter((line) => !line.startsWith("#")).length, series);
  assert.doesNotMatch(later, /made-up|host-\d/);

  // A stopped backend answers nobody, and delays nothing here.
  const stopped = Number((await get(up.port, "/pid")).text);
  good++;
  Deno.kill(stopped, "SIGSTOP");
  try {
    assert.match(await scrape(), /^fdpass_requests_total/m);
    assert.equal((await fetch(`http://127.0.0.1:${admin}/ready`)).status, 200);
  } finally {
    Deno.kill(stopped, "SIGCONT");
  }
  await round();
  await up.stopCleanly();
});

Deno.test({
  name: PROMTOOL
    ? "promtool accepts the text and the rules, and OpenMetrics is as its grammar has it"
    : "promtool (left out: there is no promtool)",
  ignore: !PROMTOOL,
  async fn() {
    using directory = new TemporaryDirectory();
    const admin = freePort();
    await using front = await startFront({
      ...PATIENT,
      queueTimeout: 0,
      listen: "127.0.0.1:0",
      admin: `127.0.0.1:${admin}`,
      sites: [{ routes: [{ match: '^/a\\\\"b$', to: `fd://${directory.join("odd name.sock")}` }] }],
    });
    assert.equal((await get(front.port, "/")).status, 404);
    // Answered a moment before the Worker has said what for.
    const text = await until(async () => {
      const text = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
      const line = /^fdpass_answers_total\{status="404",reason="no route covers the request"\} 1$/m;
      return line.test(text) ? text : undefined;
    }, "the answer in the figures");
    assert.equal(await promtool(["check", "metrics"], text), "");
    const open = await fetch(`http://127.0.0.1:${admin}/metrics`, {
      headers: { accept: "application/openmetrics-text; version=1.0.0" },
    });
    assert.ok(assertOpenMetrics(await open.text()) > 50);
    await front.stopCleanly();
    const rules = new URL("../../deploy/prometheus/fdpass.rules.yml", import.meta.url).pathname;
    assert.equal(await promtool(["check", "rules", rules]), "");
  },
});

Deno.test("docs/metrics.md lists every metric with its type, and no other", () => {
  const page = Deno.readTextFileSync(new URL("../../docs/metrics.md", import.meta.url));
  const listed = [...page.matchAll(/^\| `([a-z_]+)` +\| (\w+)/gm)].map(([, name, type]) => `${name} ${type}`);
  assert.deepEqual(listed, FAMILIES.map(({ name, type }) => `${name} ${type}`));
});

Deno.test("Exposition: labels and help are escaped, bounds are numbers, both formats differ where they do", () => {
  for (const open of [false, true]) {
    const out = new Exposition(open);
    out.begin();
    out.family({ name: "a_total", type: "counter", help: 'a \\ and "b"\nc' });
    out.sample("a_total", { path: 'x"y\\z\n' }, 1e21);
    out.family({ name: "h", type: "histogram", help: "h" });
    out.histogram("h", {}, { bounds: [0.5, 1], counts: [1, 2, 3], sum: 4.5 });
    assert.equal(
      new TextDecoder().decode(out.end().bytes),
      `# HELP ${open ? "a" : "a_total"} a \\\\ and ${open ? '\\"b\\"' : '"b"'}\\nc\n` +
        `# TYPE ${open ? "a" : "a_total"} counter\n` +
        'a_total{path="x\\"y\\\\z\\n"} 1e+21\n# HELP h h\n# TYPE h histogram\n' +
        'h_bucket{le="0.5"} 1\nh_bucket{le="1.0"} 3\nh_bucket{le="+Inf"} 6\nh_sum 4.5\nh_count 6\n' +
        (open ? "# EOF\n" : ""),
    );
  }
});

Deno.test("Exposition: what it has kept of the last text is in the next one only where it is the same", () => {
  const family = { name: "g", type: "gauge", help: "g" } as const;
  const bounds = [1];
  const label = fc.record({ a: fc.constantFrom("", "x", "y"), ...{ b: fc.constantFrom("x", "y") } }, {
    requiredKeys: ["a"],
  });
  const one = fc.record({
    label,
    value: fc.oneof(fc.nat(), fc.double(), fc.maxSafeNat()),
    times: fc.boolean(),
  });
  type Sample = typeof one extends fc.Arbitrary<infer Value> ? Value : never;
  const write = (out: Exposition, samples: readonly Sample[]) => {
    out.begin();
    out.family(family);
    for (const { label, value, times } of samples) {
      if (times) out.histogram("h", label, { bounds, counts: [1, 2], sum: value });
      else out.sample("g", label, value);
    }
    return new TextDecoder().decode(out.end().bytes);
  };
  fc.assert(fc.property(fc.array(fc.array(one, { maxLength: 6 }), { maxLength: 6 }), (texts) => {
    const kept = new Exposition(true);
    for (const samples of texts) assert.equal(write(kept, samples), write(new Exposition(true), samples));
  }));
});

Deno.test("TextBytes writes numbers as they are", () => {
  const numbers = [0, -0, 1, 9, 10, 99, 100, 999_999_999, 1e9, 2 ** 31 - 1, 2 ** 31, 2 ** 53, 0.1, -1, 1e21];
  for (const number of numbers) {
    const text = new TextBytes();
    for (let times = 0; times < 2_000; times++) text.addNumber(number);
    assert.equal(new TextDecoder().decode(text.bytes), String(number).repeat(2_000));
  }
  const text = new TextBytes();
  for (const number of [NaN, Infinity, -Infinity]) text.addNumber(number);
  assert.equal(new TextDecoder().decode(text.bytes), "NaN+Inf-Inf");
});

Deno.test("the dashboard and the rules ask for metrics that there are", () => {
  const known = new Set(FAMILIES.map(({ name }) => name));
  for (const file of ["grafana/fdpass.json", "prometheus/fdpass.rules.yml"]) {
    const text = Deno.readTextFileSync(new URL(`../../deploy/${file}`, import.meta.url));
    const asked = [...text.matchAll(/\b(?:fdpass|process)_[a-z_]+/g)].map(([name]) => name);
    assert.ok(asked.length > 10);
    const unknown = asked.filter((name) => !known.has(name.replace(/_(bucket|sum|count)$/, "")));
    assert.deepEqual(unknown, [], file);
  }
  JSON.parse(Deno.readTextFileSync(new URL("../../deploy/grafana/fdpass.json", import.meta.url)));
});
