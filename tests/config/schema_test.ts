import assert from "node:assert/strict";
import { z } from "zod";
import { jsonSchema, KNOWN_KEYS } from "../../src/config/json/schema.ts";
import { readAddress } from "../../src/config/address.ts";
import { readTarget } from "../../src/config/target.ts";
import { EXAMPLE } from "./example.ts";

type Schema = { readonly [key: string]: unknown };

/** Every schema inside a schema, itself included. */
function* schemasIn(value: unknown): Generator<Schema> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield value as Schema;
  for (const inner of Object.values(value)) yield* schemasIn(inner);
}

/** The published schema as another program reads it: from its JSON alone. */
const published = JSON.parse(JSON.stringify(jsonSchema()));

// zod reads no keywords that require one key or another; a test of their own has those.
const reader = z.fromJSONSchema(
  JSON.parse(JSON.stringify(published), (key, value) => ["not", "oneOf"].includes(key) ? undefined : value),
);

Deno.test("jsonSchema() is a JSON Schema with a title and every key of a document", () => {
  assert.equal(published.$schema, "https://json-schema.org/draft/2020-12/schema");
  assert.equal(published.title, "fdpass configuration");
  assert.deepEqual(Object.keys(published.properties), [...KNOWN_KEYS.document]);
  assert.deepEqual(published.required, ["listen", "sites"]);
});

Deno.test("jsonSchema() describes every property and allows no others", () => {
  const described = new Set<string>();
  for (const schema of schemasIn(published)) {
    if (typeof schema.properties !== "object" || Array.isArray(schema.properties)) continue;
    assert.equal(schema.additionalProperties, false);
    for (const [key, property] of Object.entries(schema.properties as Record<string, Schema>)) {
      assert(typeof property.description === "string" && property.description.length > 10, key);
      described.add(key);
    }
  }
  // Some objects may stand in several places.
  assert.deepEqual([...described].sort(), [...new Set<string>(Object.values(KNOWN_KEYS).flat())].sort());
});

Deno.test("jsonSchema() accepts the example", () => {
  const result = reader.safeParse({ $schema: "fdpass.schema.json", ...JSON.parse(EXAMPLE) });
  assert(result.success, String(result.error));
});

Deno.test("jsonSchema() wants one of routes and to in a site, one of path and match in a route, and at most one kind of backend", () => {
  const { sites, backends } = published.properties;
  assert.deepEqual(sites.items.oneOf, [{ required: ["routes"] }, { required: ["to"] }]);
  assert.deepEqual(sites.items.properties.routes.items.oneOf, [
    { required: ["path"] },
    { required: ["match"] },
  ]);
  assert.deepEqual(backends.additionalProperties.not, {
    anyOf: [
      { required: ["fetch", "static"] },
      { required: ["fetch", "exec"] },
      { required: ["fetch", "upstream"] },
      { required: ["fetch", "fastcgi"] },
      { required: ["static", "exec"] },
      { required: ["static", "upstream"] },
      { required: ["static", "fastcgi"] },
      { required: ["exec", "upstream"] },
      { required: ["exec", "fastcgi"] },
      { required: ["upstream", "fastcgi"] },
    ],
  });
});

Deno.test("jsonSchema() refuses what its patterns and ranges exclude", () => {
  const site = { to: "fd:///run/app.sock" };
  const faulty = [
    {},
    { listen: "localhost:8080", sites: [site] },
    { listen: "8080", sites: [] },
    { listen: "8080", sites: [site], lisen: 1 },
    { listen: "8080", sites: [{ to: "http://127.0.0.1:3000/" }] },
    { listen: "8080", sites: [{ routes: [{ path: "files", to: "app" }] }] },
    { listen: "8080", sites: [site], backends: { app: { socket: "/a.sock", workers: 0 } } },
    { listen: "8080", sites: [site], headTimeout: "10" },
  ];
  for (const document of faulty) assert(!reader.safeParse(document).success, JSON.stringify(document));
});

Deno.test("jsonSchema() has examples that its patterns and the readers accept", () => {
  for (const schema of schemasIn(published)) {
    if (!Array.isArray(schema.examples)) continue;
    for (const example of schema.examples as string[]) {
      if (typeof schema.pattern === "string") assert.match(example, new RegExp(schema.pattern, "u"));
      if (schema.examples.includes("8080")) assert("value" in readAddress(example), example);
      if (schema.examples.includes("app")) assert("value" in readTarget(example), example);
    }
  }
});
