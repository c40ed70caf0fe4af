import assert from "node:assert/strict";
import fc from "../../support/properties.ts";
import { type Conditions, evaluate, rangeCounts } from "../../../src/backend/static/conditional.ts";
import { parseTagList } from "../../../src/backend/static/entity_tags.ts";
import { httpDate } from "../../../src/http/response_head.ts";

const MODIFIED = Date.UTC(2024, 0, 1, 12, 0, 0, 500);
const NOW = Date.UTC(2024, 5, 1);
const VERSION = { tag: '"x"', modified: MODIFIED };

const SAME = "Mon, 01 Jan 2024 12:00:00 GMT";
const BEFORE = "Mon, 01 Jan 2024 11:59:59 GMT";
const AFTER = "Mon, 01 Jan 2024 12:00:01 GMT";

const EVALUATED: readonly (readonly [conditions: Conditions, status: 200 | 304 | 412])[] = [
  [{}, 200],
  // 13.1.1, by strong comparison
  [{ ifMatch: '"x"' }, 200],
  [{ ifMatch: '"y", "x"' }, 200],
  [{ ifMatch: "*" }, 200],
  [{ ifMatch: '"y"' }, 412],
  [{ ifMatch: 'W/"x"' }, 412],
  [{ ifMatch: "x" }, 412],
  [{ ifMatch: "" }, 412],
  // 13.1.2, by weak comparison
  [{ ifNoneMatch: '"x"' }, 304],
  [{ ifNoneMatch: 'W/"x"' }, 304],
  [{ ifNoneMatch: '"y" , W/"x"' }, 304],
  [{ ifNoneMatch: '"y,z","x"' }, 304],
  [{ ifNoneMatch: "*" }, 304],
  [{ ifNoneMatch: '"y"' }, 200],
  [{ ifNoneMatch: 'w/"x"' }, 200],
  [{ ifNoneMatch: "x" }, 200],
  [{ ifNoneMatch: '"x" "y"' }, 200],
  [{ ifNoneMatch: '"y", *' }, 200],
  // 13.1.3
  [{ ifModifiedSince: SAME }, 304],
  [{ ifModifiedSince: AFTER }, 304],
  [{ ifModifiedSince: "Monday, 01-Jan-24 12:00:00 GMT" }, 304],
  [{ ifModifiedSince: "Mon Jan  1 12:00:00 2024" }, 304],
  [{ ifModifiedSince: BEFORE }, 200],
  [{ ifModifiedSince: "2024-01-01T12:00:00Z" }, 200],
  [{ ifModifiedSince: `${SAME}, ${SAME}` }, 200],
  // 13.1.4
  [{ ifUnmodifiedSince: SAME }, 200],
  [{ ifUnmodifiedSince: AFTER }, 200],
  [{ ifUnmodifiedSince: BEFORE }, 412],
  [{ ifUnmodifiedSince: "yesterday" }, 200],
  // 13.2.2: the order
  [{ ifMatch: '"x"', ifUnmodifiedSince: BEFORE }, 200],
  [{ ifMatch: '"y"', ifNoneMatch: '"x"' }, 412],
  [{ ifMatch: '"x"', ifNoneMatch: '"x"' }, 304],
  [{ ifMatch: '"x"', ifModifiedSince: SAME }, 304],
  [{ ifUnmodifiedSince: BEFORE, ifNoneMatch: '"x"' }, 412],
  [{ ifUnmodifiedSince: SAME, ifModifiedSince: SAME }, 304],
  [{ ifNoneMatch: '"y"', ifModifiedSince: SAME }, 200],
  [{ ifNoneMatch: '"x"', ifModifiedSince: BEFORE }, 304],
  // If-Range is no condition of the response.
  [{ ifRange: '"y"' }, 200],
];

Deno.test("evaluate() takes the conditions in the order of RFC 9110, 13.2.2", () => {
  for (const [conditions, status] of EVALUATED) {
    assert.equal(evaluate(conditions, VERSION, NOW), status, JSON.stringify(conditions));
  }
});

Deno.test("evaluate() judges If-Match before everything else, and dates only where there are no tags", () => {
  const tags = fc.option(fc.constantFrom('"x"', '"y"', "*", 'W/"x"'), { nil: undefined });
  const dates = fc.option(fc.constantFrom(SAME, BEFORE, AFTER, "no date"), { nil: undefined });
  fc.assert(
    fc.property(tags, tags, dates, dates, (ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince) => {
      const status = (conditions: Conditions) => evaluate(conditions, VERSION, NOW);
      const first = ifMatch === undefined ? status({ ifUnmodifiedSince }) : status({ ifMatch });
      const second = ifNoneMatch === undefined ? status({ ifModifiedSince }) : status({ ifNoneMatch });
      const all = { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince };
      assert.equal(status(all), first === 412 ? 412 : second);
    }),
  );
});

Deno.test("rangeCounts() wants the very version of If-Range, by its tag or by a date that tells versions apart", () => {
  const counts = (ifRange: string | undefined, now = NOW) => rangeCounts({ ifRange }, VERSION, now);
  assert.equal(counts(undefined), true);
  assert.equal(counts('"x"'), true);
  for (const other of ['W/"x"', '"y"', "*", '"x", "y"', "x", ""]) assert.equal(counts(other), false, other);
  assert.equal(counts(SAME), true);
  assert.equal(counts("Monday, 01-Jan-24 12:00:00 GMT"), true);
  for (const other of [BEFORE, AFTER, "yesterday"]) assert.equal(counts(other), false, other);
  // The second in which it was modified is not over: the same date may be that of the next version.
  assert.equal(counts(SAME, MODIFIED + 499), false);
  assert.equal(counts(SAME, MODIFIED + 500), true);
  assert.equal(counts(httpDate(MODIFIED)), true);
});

const tag = fc.tuple(fc.boolean(), fc.stringMatching(/^[!#-~\x80-\xff]*$/));

Deno.test("parseTagList() reads each tag that is written, commas in them and empty members between them included", () => {
  const gap = fc.stringMatching(/^[ \t]*,[ \t,]*$/);
  fc.assert(fc.property(fc.array(tag, { minLength: 1 }), gap, (tags, between) => {
    const value = tags.map(([weak, text]) => `${weak ? "W/" : ""}"${text}"`).join(between);
    assert.deepEqual(parseTagList(value), tags.map(([weak, text]) => ({ weak, opaque: `"${text}"` })));
  }));
});

Deno.test("parseTagList() says of any text whether it is a list, and never throws", () => {
  const text = fc.array(fc.constantFrom('"', "W/", "w/", ",", " ", "a", "*", '"a"')).map((pieces) =>
    pieces.join("")
  );
  fc.assert(fc.property(text, (value) => {
    const tags = parseTagList(value);
    if (value === "*") assert.equal(tags, "*");
    else assert.ok(tags === undefined || tags.length > 0);
  }));
});
