/** Pages of counters from anybody. */

import assert from "node:assert/strict";
import {
  adopt,
  close,
  createMemoryFile,
  duplicate,
  pipe,
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
  encodeUsed,
  MAX_COUNTERS,
  readCounters,
  SERIES_PLACES,
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

Deno.test("readCounters() reads what is there of a page that is cut or lies about its lengths", () => {
  const names = encodeSeriesNames("a", "/");
  const size = names.length + 8 * SERIES_PLACES;
  const bytes = new Uint8Array(COUNTERS_SERIES + 2 * size);
  bytes.set(encodeCountersHeader("fetch", 1));
  bytes.set(names, COUNTERS_SERIES);
  bytes.set(names, COUNTERS_SERIES + size);
  bytes.set(encodeUsed(0xffff_ffff), 8);
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
