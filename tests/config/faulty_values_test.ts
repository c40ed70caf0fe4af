/** Every place of a JSON configuration, with every sort of value that does not belong there. */

import assert from "node:assert/strict";
import { ConfigError, type Problem } from "../../src/config/error.ts";
import { parseJson } from "../../src/config/json/parse.ts";
import { formatPath } from "../../src/config/json/report.ts";
import { jsonSchema } from "../../src/config/json/schema.ts";

interface Schema {
  readonly type?: string;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | false;
  readonly items?: Schema;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly examples?: readonly unknown[];
}
type Step = string | number;

/** One place: how to put a value there, and what may stand there. */
interface Place {
  readonly path: readonly Step[];
  readonly schema: Schema;
  document(value: unknown): unknown;
}

/** A value that may stand somewhere. */
function sample(schema: Schema): unknown {
  if (schema.examples?.[0] !== undefined) return schema.examples[0];
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.anyOf !== undefined) return sample(schema.anyOf[0]!);
  if (schema.properties !== undefined) return objectOf(schema);
  return { string: "x", boolean: true, array: [], object: {}, null: null }[schema.type ?? ""] ?? 1;
}

function objectOf({ properties = {}, required = [] }: Schema): Record<string, unknown> {
  return Object.fromEntries(required.map((key) => [key, sample(properties[key]!)]));
}

function* placesIn(place: Place): Generator<Place> {
  yield place;
  yield* placesBelow(place, place.schema);
}

function* placesBelow({ path, document }: Place, schema: Schema): Generator<Place> {
  for (const alternative of schema.anyOf ?? []) yield* placesBelow({ path, schema, document }, alternative);
  for (const [key, inner] of Object.entries(schema.properties ?? {})) {
    const around = (value: unknown) => document({ ...objectOf(schema), [key]: value });
    yield* placesIn({ path: [...path, key], schema: inner, document: around });
  }
  if (schema.items !== undefined) {
    const around = (value: unknown) => document([value]);
    yield* placesIn({ path: [...path, 0], schema: schema.items, document: around });
  }
  if (schema.additionalProperties) {
    const around = (value: unknown) => document({ "404": value });
    yield* placesIn({ path: [...path, "404"], schema: schema.additionalProperties, document: around });
  }
}

const PLACES = [...placesIn({ path: [], schema: jsonSchema() as Schema, document: (value) => value })];
const WRONG = [{}, { zzzzzzzzzz: 1 }, [], [[]], [{}], [null], -1.5, 1e9, true, false, null, "", "\u0000"];

function problemsOf(document: unknown): readonly Problem[] {
  try {
    parseJson(JSON.stringify(document), { name: "f", baseDirectory: "/etc/fdpass" });
    return [];
  } catch (error) {
    assert(error instanceof ConfigError, String(error));
    return error.problems;
  }
}

Deno.test("parseJson() words what is wrong with any value in any place, and what would be right", () => {
  assert(PLACES.length > 200, `${PLACES.length} places`);
  for (const { path, document } of PLACES) {
    for (const value of WRONG) {
      for (const { path: at, message } of problemsOf(document(value))) {
        const where = `${JSON.stringify(value)} as ${formatPath(path)} is told as ${at}: ${message}`;
        assert.match(message, /[^;]; [a-z{][^;]*[^.;]$/, where);
        assert.doesNotMatch(message, /Invalid|expected|Too (big|small)/, where);
      }
    }
  }
});

Deno.test("parseJson() names the key that is wrong in an object, wherever something else may stand in its place", () => {
  let objects = 0;
  for (const { path, schema, document } of PLACES) {
    const alternatives = schema.anyOf?.filter(({ properties }) => properties !== undefined) ?? [];
    for (const alternative of alternatives) {
      objects++;
      const within = formatPath([...path, "zzzzzzzzzz"]);
      const isTheObject = (one: Problem) =>
        one.path === formatPath(path) && one.message.startsWith("Found an object");
      const good = objectOf(alternative);
      const misspelt = problemsOf(document({ ...good, zzzzzzzzzz: 1 }));
      assert(misspelt.some(({ path }) => path === within), `${within}: ${JSON.stringify(misspelt)}`);
      for (const key of Object.keys(alternative.properties ?? {})) {
        const at = formatPath([...path, key]);
        const problems = problemsOf(document({ ...good, [key]: { zzzzzzzzzz: [1] } }));
        assert(problems.some(({ path }) => path.startsWith(at)), `${at}: ${JSON.stringify(problems)}`);
        assert(!problems.some(isTheObject), `${at}: ${JSON.stringify(problems)}`);
      }
    }
  }
  assert(objects >= 9, `${objects} objects`);
});
