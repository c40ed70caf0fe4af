import { strict as assert } from "node:assert";
import fc from "../support/properties.ts";
import type { Site } from "../../src/config/config.ts";
import { NO_SITE, SiteTable } from "../../src/route/site_table.ts";
import { naiveSite, place, site } from "./naive.ts";

function find(sites: readonly Site[], host: string): number {
  const { bytes, hostStart, hostEnd } = place(host, "");
  return new SiteTable(sites).find(bytes, hostStart, hostEnd);
}

const SITES = [
  site(["example.com", "www.example.com"]), // 0, the default
  site(["*.example.com"]), // 1
  site(["*.a.example.com", "b.a.example.com"]), // 2
  site(["[::1]", "127.0.0.1"]), // 3
  site(["localhost", "*.org"]), // 4
  site(["1234", "example.com"]), // 5
];

const CASES: readonly [host: string, site: number][] = [
  ["example.com", 0],
  ["example.com:8080", 0],
  ["example.com:", 0],
  ["EXAMPLE.Com", 0],
  ["example.com.", 0],
  ["Example.COM.:80", 0],
  ["www.example.com", 0],
  ["WWW.example.com.:65535", 0],
  ["ftp.example.com", 1],
  ["x.y.example.com:1", 1],
  ["X.Example.Com.", 1],
  ["a.example.com", 1],
  ["b.a.example.com", 2],
  ["c.a.example.com", 2],
  ["c.b.a.example.com", 2],
  ["ba.example.com", 1],
  ["[::1]", 3],
  ["[::1]:8080", 3],
  ["127.0.0.1", 3],
  ["127.0.0.1:80", 3],
  ["localhost:3000", 4],
  ["deno.org", 4],
  ["a.b.c.org.", 4],
  ["org", 0],
  [".org", 0],
  ["1234", 5],
  ["1234:5", 5],
  ["", 0],
  [".", 0],
  [":80", 0],
  ["[::2]", 0],
  ["127.0.0.2", 0],
  ["badexample.com", 0],
  ["example.com..", 0],
  ["ex%61mple.com", 0],
  ["example.co", 0],
  ["xample.com", 0],
];

for (const [host, expected] of CASES) {
  Deno.test(`SiteTable.find gives site ${expected} for the Host "${host}"`, () => {
    assert.equal(find(SITES, host), expected);
    assert.equal(naiveSite(SITES, host), expected);
  });
}

Deno.test("SiteTable.find gives an unclaimed Host to the first site without names, before the first site", () => {
  const sites = [site(["a.com"]), site([]), site([]), site(["*.b.com"])];
  assert.equal(find(sites, "c.com"), 1);
  assert.equal(find(sites, ""), 1);
  assert.equal(find(sites, "a.com"), 0);
  assert.equal(find(sites, "x.b.com"), 3);
  assert.equal(find(sites, "b.com"), 1);
});

Deno.test("SiteTable.find has no site where there are none", () => {
  assert.equal(find([], "example.com"), NO_SITE);
});

Deno.test("SiteTable.find prefers the exact name to a wildcard, whichever comes first", () => {
  assert.equal(find([site(["*.b.c"]), site(["a.b.c"])], "a.b.c"), 1);
  assert.equal(find([site(["*.c"]), site(["*.b.c"])], "a.b.c"), 1);
  assert.equal(find([site(["*.b.c"]), site(["*.c"])], "a.b.c"), 0);
});

Deno.test("SiteTable.find tells names with one hash apart", () => {
  // FNV-1a of 32 bits is the same for the words of each pair; host names are hashed from their end.
  for (const pair of [["costarring", "liquid"], ["declinate", "macallums"]]) {
    const [known = "", other = ""] = pair.map((word) => Array.from(word).reverse().join(""));
    assert.equal(find([site(["default"]), site([known])], known), 1);
    assert.equal(find([site(["default"]), site([known])], other), 0);
    const both = [site(["default"]), site([known]), site([other])];
    assert.equal(find(both, known), 1);
    assert.equal(find(both, other), 2);
  }
});

Deno.test("SiteTable.find finds each of 2,000 names", () => {
  const sites = Array.from({ length: 2_000 }, (_, index) => site([`host-${index}.example.com`]));
  const table = new SiteTable(sites);
  for (const [index, { names: [name] }] of sites.entries()) {
    const { bytes, hostStart, hostEnd } = place(`${name}:80`, "");
    assert.equal(table.find(bytes, hostStart, hostEnd), index);
  }
});

const label = fc.constantFrom("a", "b", "ab", "com", "1", "x-1");
const name = fc.oneof(
  { weight: 9, arbitrary: fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join(".")) },
  fc.constantFrom("[::1]", "[::a:1]"),
);
const siteName = fc.tuple(fc.constantFrom("", "*."), name).map(([star, name]) => star + name);
const sites = fc.array(
  fc.uniqueArray(siteName, { maxLength: 3 }).map((names) => site(names)),
  { maxLength: 6 },
);
const host = fc
  .tuple(
    fc.constantFrom("", "", "."),
    name,
    fc.constantFrom("", "", ".", ".."),
    fc.constantFrom("", ":", ":80"),
  )
  .chain((parts) => fc.mixedCase(fc.constant(parts.join(""))));

Deno.test("SiteTable.find agrees with a search through strings", () => {
  fc.assert(
    fc.property(sites, host, (sites, host) => {
      assert.equal(find(sites, host), naiveSite(sites, host));
    }),
    { numRuns: 1_500 },
  );
});
