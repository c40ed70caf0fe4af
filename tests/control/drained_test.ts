/** What a configuration is without backends that are drained. */

import assert from "node:assert/strict";
import type { Config, Route } from "../../src/config/config.ts";
import { refuseDrain, withoutDrained } from "../../src/control/front/drained.ts";

const route = (path: string, ...backends: string[]): Route => ({ path, backends });

const config = {
  backends: ["one", "two"].map((name) => ({ name, socket: `/run/${name}.sock` })),
  listeners: [{
    host: "127.0.0.1",
    port: 80,
    sites: [{
      names: ["example.com"],
      routes: [route("/", "one", "two"), route("/one", "one"), route("/nobody")],
      targets: [route("/", "two"), route("/", "two", "one")],
    }],
  }],
} as unknown as Config;

Deno.test("withoutDrained: routes and targets of rules lose the backend, and who has lost the last one says so", () => {
  const [listener] = withoutDrained(config, new Set(["one"]));
  const { routes, targets } = listener!.sites[0]!;
  assert.deepEqual(routes, [
    route("/", "two"),
    { ...route("/one"), drained: true },
    route("/nobody"),
  ]);
  assert.deepEqual(targets, [route("/", "two"), route("/", "two")]);
  const [other] = withoutDrained(config, new Set(["two"]));
  assert.deepEqual(other!.sites[0]!.targets, [{ ...route("/"), drained: true }, route("/", "one")]);
});

Deno.test("refuseDrain: what only rules lead to counts as well", () => {
  assert.match(
    refuseDrain(config, new Set(), "two", true)!.text,
    /nobody else serves \/ of example\.com; .* 503/,
  );
  assert.equal(refuseDrain(config, new Set(), "two", false), undefined);
});
