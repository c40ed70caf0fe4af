import fc from "../../support/properties.ts";
import assert from "node:assert/strict";
import type { Connection } from "../../../src/backend/connection/connection.ts";
import { ScopeGuard } from "../../../src/backend/http/scope_guard.ts";
import type { Route, Site } from "../../../src/config/config.ts";
import { FrontRoute } from "../../../src/front/route/front_route.ts";
import { RequestHead } from "../../../src/http/request_head.ts";
import {
  SCOPE_CONNECTION,
  SCOPE_EXCEPT,
  SCOPE_HOST,
  SCOPE_MAPPED,
  SCOPE_REQUEST,
} from "../../../src/protocol/messages.ts";
import { encodeExceptions } from "../../../src/protocol/transfer.ts";
import { RouteTable } from "../../../src/route/route_table.ts";
import { naiveMap, place } from "../../route/naive.ts";
import { bytes } from "../rig.ts";

const head = new RequestHead({ requestLine: 1_000, head: 4_000 });

/** Whether a guard admits a request for a host and target. */
function admits(guard: ScopeGuard, host: string, target: string): boolean {
  const text = bytes(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  assert.equal(head.parse(text, 0, text.length), "head");
  return guard.admits(text, head);
}

/** A connection as far as a guard looks at it, which the front decided about by generation 1. */
function connectionOf(detail: number, route: string, except: readonly string[] = [], now?: number, map = "") {
  const transfer = { detail, route, except: encodeExceptions(except), generation: 1, map };
  const terms = now === undefined ? undefined : { number: now };
  return { transfer, channel: { terms } } as unknown as Connection;
}

/** The guard of a connection whose first request was for a host, under a route. */
function guardOf(detail: number, route: string, host = "a.test", ...rest: [string[]?, number?]): ScopeGuard {
  const guard = new ScopeGuard(connectionOf(detail, route, ...rest));
  assert.ok(admits(guard, host, "/anything/at/all"), "the first request is always the backend's");
  return guard;
}

const CASES:
  readonly (readonly [scope: number, route: string, host: string, target: string, admitted: boolean])[] = [
    [SCOPE_REQUEST, "/", "a.test", "/", false],
    [5, "/", "a.test", "/", false],
    [255, "/", "a.test", "/", false],
    [SCOPE_CONNECTION, "/", "other.test", "/y", true],
    [SCOPE_CONNECTION, "/", "a.test", "/a/..", true],
    [SCOPE_CONNECTION, "/", "a.test", "/..", false],
    [SCOPE_CONNECTION, "/", "a.test", "/%zz", false],
    [SCOPE_HOST, "/", "a.test", "/any", true],
    [SCOPE_HOST, "/", "A.TEST", "/any", true],
    [SCOPE_HOST, "/", "a.test:80", "/any", false],
    [SCOPE_HOST, "/", "a.test.", "/any", false],
    [SCOPE_HOST, "/", "b.test", "/any", false],
    [SCOPE_HOST, "/a", "a.test", "/a", true],
    [SCOPE_HOST, "/a", "a.test", "/a/b", true],
    [SCOPE_HOST, "/a", "a.test", "/ab", false],
    [SCOPE_HOST, "/a", "a.test", "/a?b", true],
    [SCOPE_HOST, "/a", "a.test", "/a/../b", false],
    [SCOPE_HOST, "/a", "a.test", "/b/../a/c", true],
    [SCOPE_HOST, "/a", "a.test", "/%61/b", true],
    [SCOPE_HOST, "/a", "a.test", "//a//b", true],
    [SCOPE_HOST, "/a", "a.test", "/a%2Fb", false],
    [SCOPE_HOST, "/a", "a.test", "/A", false],
    [SCOPE_HOST, "/a", "a.test", "/..", false],
    [SCOPE_HOST, "/a", "a.test", "/a/%zz", false],
    [SCOPE_HOST, "/a/", "a.test", "/a", false],
    [SCOPE_HOST, "/a/", "a.test", "/a/", true],
    [SCOPE_HOST, "/a/", "a.test", "http://a.test/a/x", true],
    [SCOPE_HOST, "/a/", "a.test", "http://b.test/a/x", false],
    [SCOPE_MAPPED, "/a/", "a.test", "/a/x", true],
    [SCOPE_MAPPED, "/a/", "a.test", "/b/x", false],
    [SCOPE_MAPPED, "/a/", "b.test", "/a/x", false],
  ];

for (const [scope, route, host, target, admitted] of CASES) {
  Deno.test(`a scope of ${scope} under ${route} ${admitted ? "covers" : "leaves out"} ${host} ${target}`, () => {
    assert.equal(admits(guardOf(scope, route), host, target), admitted);
  });
}

Deno.test("a request that is left out does not change what is covered", () => {
  const guard = guardOf(SCOPE_HOST, "/a");
  assert.equal(admits(guard, "b.test", "/a"), false);
  assert.equal(admits(guard, "a.test", "/a"), true);
});

Deno.test("a scope with exceptions leaves out whole prefixes, and nothing beside them", () => {
  for (const scope of [SCOPE_EXCEPT, SCOPE_MAPPED]) {
    const guard = guardOf(scope, "/", "a.test", ["/files/", "/api"]);
    const admitted = ["/", "/files", "/filesx", "/apix", "/x/files/"];
    for (const path of admitted) assert.equal(admits(guard, "a.test", path), true, path);
    const left = ["/files/", "/files/a", "/api", "/api/", "/api?x", "/x/../api", "/%61pi", "//api"];
    for (const path of left) assert.equal(admits(guard, "a.test", path), false, path);
    assert.equal(admits(guard, "b.test", "/"), false);
  }
});

Deno.test("another generation makes every scope void, for all requests but the first", () => {
  for (const scope of [SCOPE_HOST, SCOPE_EXCEPT, SCOPE_MAPPED, SCOPE_CONNECTION]) {
    assert.equal(admits(guardOf(scope, "/", "a.test", [], 2), "a.test", "/"), false);
    assert.equal(admits(guardOf(scope, "/", "a.test", [], 1), "a.test", "/"), true);
  }
});

Deno.test("what a guard admits has the same route and mapped path in the front's table, and what it leaves out mostly has not", () => {
  const segment = fc.constantFrom("a", "b", "ab", "%61", ".", "..");
  const path = fc.array(segment, { maxLength: 4 }).map((parts) => "/" + parts.join("/"));
  const prefix = fc.array(fc.constantFrom("a", "b", "ab"), { maxLength: 3 })
    .chain((parts) => fc.constantFrom("/" + parts.join("/"), "/" + [...parts, ""].join("/")))
    .map((path) => path.replace("//", "/"));
  const host = fc.constantFrom("a.test", "A.test", "b.test", "b.test:80");
  const backends = fc.constantFrom(["any"], ["any"], []);
  const mapTo = fc.constantFrom(undefined, undefined, "/", "/x", "/x/");
  const routes = (most: number) =>
    fc.uniqueArray(fc.tuple(prefix, mapTo, backends), {
      minLength: 1,
      maxLength: most,
      selector: ([path]) => path,
    })
      .map((ways) =>
        ways.map(([path, mapTo, backends]): Route => ({
          path,
          backends,
          ...mapTo === undefined ? {} : { mapTo },
        }))
      );
  const sites = fc.tuple(routes(5), fc.option(routes(2)))
    .map(([one, other]): Site[] => [
      { names: ["a.test"], routes: one },
      ...(other === null ? [] : [{ names: [], routes: other }]),
    ]);
  let mapped = 0;
  fc.assert(
    fc.property(sites, host, path, host, path, (sites, firstHost, firstPath, nextHost, nextPath) => {
      const table = new RouteTable(sites);
      const find = (host: string, path: string) => {
        const { bytes, hostStart, hostEnd, pathStart, pathEnd } = place(host, path);
        return table.find(bytes, hostStart, hostEnd, pathStart, pathEnd);
      };
      const first = find(firstHost, firstPath);
      if (first < 0) return;
      // As the front says it.
      const front = new FrontRoute(table.routes[first]!, undefined);
      const { prefix, route, scope: { except } } = table.routes[first]!;
      const guard = new ScopeGuard(connectionOf(front.scope, prefix, except, undefined, route.mapTo));
      assert.ok(admits(guard, firstHost, firstPath));
      const next = find(nextHost, nextPath);
      if (admits(guard, nextHost, nextPath)) {
        assert.equal(next, first);
        assert.equal(guard.mapped(nextPath), naiveMap(route, nextPath));
        if (route.mapTo !== undefined) mapped++;
      } else if (firstHost === nextHost) assert.notEqual(next, first);
    }),
    { numRuns: 4_000 },
  );
  assert.ok(mapped > 100, `${mapped}`);
});

Deno.test("ScopeGuard.mapped() puts what the hand-off says in place of the prefix", () => {
  const mapped = (route: string, path: string, map: string) =>
    new ScopeGuard(connectionOf(SCOPE_MAPPED, route, [], undefined, map)).mapped(path);
  assert.equal(mapped("/files/", "/files/a/b", "/x"), "/xa/b");
  assert.equal(mapped("/files", "/files//a", "/x/"), "/x/a");
  assert.equal(mapped("/files", "/%66iles", "/x"), "/x");
  assert.equal(mapped("/files/", "/other", "/x"), undefined);
});

Deno.test("ScopeGuard.mapped() is the path below the route", () => {
  const mapped = (route: string, path: string) =>
    new ScopeGuard(connectionOf(SCOPE_REQUEST, route)).mapped(path);
  assert.equal(mapped("/files/", "/files/a/b"), "/a/b");
  assert.equal(mapped("/files/", "/files/"), "/");
  assert.equal(mapped("/files", "/files"), "/");
  assert.equal(mapped("/files", "/files/x"), "/x");
  assert.equal(mapped("/", "//x/./y"), "/x/y");
  assert.equal(mapped("/files/", "/other"), undefined);
  assert.equal(mapped("/files/", "/files/../.."), undefined);
  assert.equal(mapped("~ ^/(.*)$", "/files/"), undefined);
});
