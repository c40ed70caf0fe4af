// What a hand-off says.

import assert from "node:assert/strict";
import { SCOPE_CONNECTION, SCOPE_EXCEPT, SCOPE_HOST } from "../../../../src/protocol/messages.ts";
import { request } from "../../clients.ts";
import { type Rig, test } from "../../rig.ts";
import type { Held, ScriptedBackend } from "../../scripted_backend.ts";

/** The next hand-off, read and not acknowledged. */
function handed(rig: Rig, backend: ScriptedBackend): Held {
  return rig.until(() => backend.read()[0], "a hand-off");
}

const SITES = [
  {
    names: ["one.test", "*.one.test"],
    routes: [{ path: "/", backends: ["a"] }, { path: "/f/", backends: ["a"] }],
  },
  { names: ["two.test"], routes: [{ path: "/only", backends: ["a"] }] },
];

test("a hand-off says site, route, path below it, and scope", { sites: SITES }, (rig) => {
  const a = rig.start("a");
  const say = (host: string, path: string) => {
    rig.client(request(path, host));
    const { site, route, path: rest, detail, requests, generation } = handed(rig, a).transfer;
    return [site, route, rest, detail, requests, generation];
  };
  assert.deepEqual(say("one.test", "/f/x/%7ey?q"), ["one.test", "/f/", "/x/~y", SCOPE_HOST, 0, 1]);
  assert.deepEqual(say("w.one.test", "//a/../b"), ["one.test", "/", "/b", SCOPE_EXCEPT, 0, 1]);
  assert.deepEqual(say("TWO.test:80", "/only"), ["two.test", "/only", "/", SCOPE_HOST, 0, 1]);
  assert.deepEqual(say("two.test", "/only/x%2Fy"), ["two.test", "/only", "/x%2Fy", SCOPE_HOST, 0, 1]);
  a.acknowledge(a.held);
});

test("the one route of the one site has the connection as its scope", {}, (rig) => {
  const a = rig.start("a");
  rig.client(request());
  const { transfer } = handed(rig, a);
  assert.deepEqual([transfer.site, transfer.route, transfer.detail], ["", "/", SCOPE_CONNECTION]);
});

test("a hand-off is in blocking mode, and closed on exec in the receiver", {}, (rig) => {
  const a = rig.start("a");
  rig.client(request());
  const { fd } = handed(rig, a);
  const flags = parseInt(
    /^flags:\s*([0-7]+)$/m.exec(Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`))![1]!,
    8,
  );
  assert.equal(flags & 0o4000, 0);
  assert.notEqual(flags & 0o2000000, 0);
});
