import assert from "node:assert/strict";
import { ScopeGuard } from "../../../src/backend/http/scope_guard.ts";
import { RequestHead } from "../../../src/http/request_head.ts";
import { SCOPE_CONNECTION, SCOPE_HOST, SCOPE_REQUEST } from "../../../src/protocol/messages.ts";
import type { Transfer } from "../../../src/protocol/transfer.ts";
import { bytes } from "../rig.ts";

const head = new RequestHead({ requestLine: 1_000, head: 4_000 });

/** Whether a guard admits a request for a host and target. */
function admits(guard: ScopeGuard, host: string, target: string): boolean {
  const text = bytes(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  assert.equal(head.parse(text, 0, text.length), "head");
  return guard.admits(text, head);
}

/** The guard of a connection whose first request was for a host, under a route. */
function guardOf(detail: number, route: string, host = "a.test"): ScopeGuard {
  const guard = new ScopeGuard({ detail, route } as Transfer);
  assert.ok(admits(guard, host, "/anything/at/all"), "the first request is always the backend's");
  return guard;
}

const CASES:
  readonly (readonly [scope: number, route: string, host: string, target: string, admitted: boolean])[] = [
    [SCOPE_REQUEST, "/", "a.test", "/", false],
    [3, "/", "a.test", "/", false],
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

Deno.test("only a known scope lets a connection go on", () => {
  const goesOn = (detail: number) => new ScopeGuard({ detail, route: "/" } as Transfer).goesOn;
  assert.deepEqual([0, 1, 2, 3].map(goesOn), [false, true, true, false]);
});

Deno.test("ScopeGuard.mapped() is the path below the route", () => {
  const mapped = (route: string, path: string) =>
    new ScopeGuard({ detail: 0, route } as Transfer).mapped(path);
  assert.equal(mapped("/files/", "/files/a/b"), "/a/b");
  assert.equal(mapped("/files/", "/files/"), "/");
  assert.equal(mapped("/files", "/files"), "/");
  assert.equal(mapped("/files", "/files/x"), "/x");
  assert.equal(mapped("/", "//x/./y"), "/x/y");
  assert.equal(mapped("/files/", "/other"), undefined);
  assert.equal(mapped("/files/", "/files/../.."), undefined);
});
