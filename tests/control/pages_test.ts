/** Pages of counters from anybody. */

import assert from "node:assert/strict";
import {
  adopt,
  close,
  createMemoryFile,
  duplicate,
  pipe,
  readPage,
  SharedPage,
  sharedPageFault,
} from "../../ffi/mod.ts";
import { ProcessCounters } from "../../src/backend/counters/counters.ts";
import type { Config } from "../../src/config/config.ts";
import { DEFAULT_LIMITS } from "../../src/config/config.ts";
import { Pages } from "../../src/control/front/pages.ts";
import {
  COUNTERS_SERIES,
  encodeCountersHeader,
  encodeSeriesNames,
  encodeUpstreamName,
  encodeUsed,
  MAX_COUNTERS,
  readCounters,
  SERIES_PLACES,
  UPSTREAM_MARK,
  UPSTREAM_PLACES,
} from "../../src/protocol/counters_page.ts";
import { withoutLeaks } from "../support/descriptors.ts";

function configOf(site: string, ...paths: string[]): Config {
  return {
    listeners: [{
      host: "127.0.0.1",
      port: 80,
      sites: [{ names: [site], routes: paths.map((path) => ({ path, backends: ["b"] })) }],
    }],
    backends: [],
    limits: DEFAULT_LIMITS,
    allowUsers: [],
  };
}

/** Requests of a route, by what pages say. */
function requestsOf(pages: Pages, site: string, route: string): number {
  const series = pages.read().get("b")?.series.find((one) => one.site === site && one.route === route);
  return series === undefined ? 0 : series.counters.slice(1, 7).reduce((sum, count) => sum + count, 0);
}

/** Gives a copy, as a Worker does. */
function give(pages: Pages, page: SharedPage): void {
  pages.take("b", duplicate(page.fd));
}

Deno.test("Pages: a page counts once, and what is in it is seen at once, also of routes that came before it", async () => {
  await withoutLeaks(() => {
    const counters = new ProcessCounters("fetch", () => 0);
    counters.route("a.example", "/").request(200, 3, 10, 20);
    const page = counters.page()!;
    assert.equal(counters.page(), page);
    const pages = new Pages();
    pages.allow(configOf("a.example", "/", "/x/"));
    give(pages, page);
    assert.equal(requestsOf(pages, "a.example", "/"), 1);
    counters.route("a.example", "/x/").request(500, 3_000, 10, 20);
    counters.took({ site: "a.example", route: "/" });
    // This test's own process holds the lock, and is never told of it: the page is taken for one of a process that has ended.
    give(pages, page);
    give(pages, page);
    const sum = pages.read().get("b")!;
    assert.equal(sum.kind, "fetch");
    assert.equal(sum.process.held, 0, "nobody who has ended holds anything");
    assert.equal(requestsOf(pages, "a.example", "/x/"), 1, "two copies of one page are one");
    pages.close();
    counters.close();
    return Promise.resolve();
  });
});

Deno.test("Pages: numbers that are none count nothing, names that nobody has configured count together", async () => {
  await withoutLeaks(() => {
    const page = SharedPage.create("test", MAX_COUNTERS);
    page.write(0, encodeCountersHeader("evil", Date.now()));
    let at = COUNTERS_SERIES;
    const add = (site: string, route: string, ...counts: number[]) => {
      const numbers = new Float64Array(SERIES_PLACES);
      numbers.set(counts);
      const names = encodeSeriesNames(site, route);
      page.write(at, names);
      page.write(at + names.length, new Uint8Array(numbers.buffer));
      at += names.length + numbers.byteLength;
      page.write(8, encodeUsed(at - COUNTERS_SERIES));
    };
    add("a.example", "/", NaN, -5, Infinity, 7, 2 ** 60, 1e-3, 4);
    for (let index = 0; index < 300; index++) add(`made-up-${index}`, "/", 1, 1);
    const pages = new Pages();
    pages.allow(configOf("a.example", "/"));
    give(pages, page);
    const { series, kind } = pages.read().get("b")!;
    assert.equal(kind, "other");
    assert.deepEqual(series.map(({ site, route }) => [site, route]), [["a.example", "/"], ["", ""]]);
    assert.deepEqual([...series[0]!.counters.slice(0, 7)], [0, 0, 0, 7, 0, 1e-3, 4]);
    assert.equal(series[1]!.counters[0], 300);
    pages.close();
    page.close();
    return Promise.resolve();
  });
});

Deno.test("Pages: upstreams that are configured, and 64 others, count apart; what is as it is now ends with its process", async () => {
  await withoutLeaks(() => {
    const page = SharedPage.create("test", MAX_COUNTERS);
    page.write(0, encodeCountersHeader("fastcgi", Date.now()));
    let at = COUNTERS_SERIES;
    const add = (name: string, ...counts: number[]) => {
      const numbers = new Float64Array(UPSTREAM_PLACES);
      numbers.set(counts);
      const names = encodeUpstreamName(name);
      page.write(at, names);
      page.write(at + names.length, new Uint8Array(numbers.buffer));
      at += names.length + numbers.byteLength;
      page.write(8, encodeUsed(at - COUNTERS_SERIES));
    };
    for (const name of ["", "a b", 'x"\n', "\xe9", "x".repeat(513)]) add(name, 1, 0, 0, 1);
    for (let index = 0; index < 100; index++) add(`http://made-up-${index}`, 1, 0, NaN, 1, -1, 2 ** 60, 3);
    add("http://known:80", 1, 1, 5, 7, 2, 9, 1);
    const pages = new Pages();
    const config = configOf("a.example", "/");
    const runs = { kind: "relay", upstream: "http://known:80" } as const;
    pages.allow({ ...config, backends: [{ name: "b", socket: "/run/b", workers: 1, runs }] });
    give(pages, page);
    // It counts as ended: this test's own process holds the lock.
    for (let look = 0; look < 2; look++) {
      const { upstreams, kind } = pages.read().get("b")!;
      assert.equal(kind, "fastcgi");
      assert.equal(upstreams.length, 1 + 64 + 1);
      const of = (name: string) => upstreams.find(({ upstream }) => upstream === name);
      const now = { processes: 0, down: 0, active: 0 };
      const counts = { requests: 7, failures: 2, checks: 9, failedChecks: 1 };
      assert.deepEqual(of("http://known:80"), { upstream: "http://known:80", ...now, ...counts });
      assert.equal(of("http://made-up-63")?.failedChecks, 3);
      assert.equal(of("http://made-up-64"), undefined);
      assert.deepEqual(of(""), {
        upstream: "",
        ...now,
        requests: 5 + 36,
        failures: 0,
        checks: 0,
        failedChecks: 3 * 36,
      });
    }
    pages.close();
    page.close();
    return Promise.resolve();
  });
});

Deno.test("ProcessCounters: upstreams lie among routes, before a page is made and after that", async () => {
  await withoutLeaks(() => {
    const counters = new ProcessCounters("relay", () => 0);
    const early = counters.upstream("http://early");
    assert.equal(counters.upstream("http://early"), early);
    early.begin();
    const { fd } = counters.page()!;
    counters.route("a", "/").request(200, 1, 1, 1);
    const late = counters.upstream("unix:/late");
    late.begin();
    late.begin();
    late.end(true);
    late.isUp = false;
    early.end(false);
    early.checked(false);
    early.checked(true);
    const bytes = new Uint8Array(MAX_COUNTERS);
    readPage(fd, bytes, 0);
    const { series, upstreams } = readCounters(bytes)!;
    assert.deepEqual(series.map(({ site }) => site), ["", "a"]);
    assert.deepEqual(upstreams.map(({ name, counters }) => [name, ...counters]), [
      ["http://early", 1, 0, 0, 1, 0, 2, 1, 0],
      ["unix:/late", 1, 1, 1, 2, 1, 0, 0, 0],
    ]);
    // More than there is room for are counted for nobody.
    for (let index = 0; index < 2_000; index++) counters.upstream(`http://${index}`).begin();
    readPage(fd, bytes, 0);
    assert.ok(readCounters(bytes)!.upstreams.length < 2_000);
    counters.close();
    return Promise.resolve();
  });
});

Deno.test("readCounters() reads what is there of a page that is cut or lies about its lengths", () => {
  const names = encodeSeriesNames("a", "/");
  const size = names.length + 8 * SERIES_PLACES;
  const bytes = new Uint8Array(COUNTERS_SERIES + 2 * size);
  bytes.set(encodeCountersHeader("fetch", 1));
  bytes.set(names, COUNTERS_SERIES);
  bytes.set(names, COUNTERS_SERIES + size);
  bytes.set(encodeUsed(0xffff_ffff), 8);
  // One that says that it is an upstream is as long as those are, and no longer.
  const upstream = bytes.slice();
  new DataView(upstream.buffer).setUint16(COUNTERS_SERIES + 4, UPSTREAM_MARK, true);
  for (let length = COUNTERS_SERIES; length < upstream.length; length++) {
    readCounters(upstream.slice(0, length));
  }
  assert.equal(readCounters(upstream)!.upstreams[0]!.counters.length, UPSTREAM_PLACES);
  assert.equal(readCounters(bytes)!.series.length, 2);
  for (let length = 0; length < bytes.length; length++) {
    const read = readCounters(bytes.slice(0, length));
    if (length < COUNTERS_SERIES) assert.equal(read, undefined);
    else assert.equal(read!.series.length, Math.floor((length - COUNTERS_SERIES) / size));
  }
  for (const wrong of [0, 1, 7, size - 8, size + 1, 0xffff_fff8]) {
    new DataView(bytes.buffer).setUint32(COUNTERS_SERIES, wrong, true);
    assert.ok(readCounters(bytes)!.series.length <= 1, String(wrong));
  }
});

Deno.test("sharedPageFault() takes sealed files in memory and nothing else", async () => {
  await withoutLeaks(() => {
    const page = SharedPage.create("test", 4_096);
    assert.equal(sharedPageFault(page.fd), undefined);
    assert.throws(() => page.place(4_090, 8), RangeError);
    page.close();
    const open = adopt(createMemoryFile("open"));
    assert.match(sharedPageFault(open)!, /in memory/);
    const [reader, writer] = pipe();
    assert.equal(sharedPageFault(reader), "no file in memory");
    for (const fd of [open, reader, writer]) close(fd);
    return Promise.resolve();
  });
});
