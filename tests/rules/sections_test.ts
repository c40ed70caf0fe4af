import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import type { Section, SiteRules } from "../../src/rules/model.ts";
import { SectionIndex } from "../../src/rules/sections.ts";
import { constantOperations, treatsAlike } from "../../src/rules/alike.ts";

const routes = fc.array(fc.nat(4), { maxLength: 3 });
const section: fc.Arbitrary<Section> = fc.record({
  place: fc.option(fc.record({ routes, path: fc.constant("/a/") }, { requiredKeys: [] }), { nil: {} }),
  responseFields: fc.constant([{ action: "unset", name: "x-part" } as const]),
});

Deno.test("SectionIndex has what may be about a route, in the order in which it stands", () => {
  fc.assert(fc.property(
    fc.array(section, { maxLength: 8 }),
    fc.option(fc.nat(5), { nil: undefined }),
    (sections, route) => {
      const index = new SectionIndex(sections);
      const names = ({ place }: Section) => route !== undefined && place?.routes?.includes(route) === true;
      const expected = sections.filter((one) => one.place?.routes === undefined || names(one));
      assert.deepEqual(index.of(route), expected);
      assert.deepEqual(index.naming(route), sections.filter(names));
      assert.deepEqual(index.of(route), expected, "asked again");
    },
  ));
});

Deno.test("what is said of ten thousand routes is found in steps that do not grow with them", () => {
  // As many sections as routes: whoever goes through all of them for each takes a hundred million steps.
  let asked = 0;
  const sections = Array.from({ length: 10_000 }, (_, route): Section => ({
    get place() {
      asked++;
      return { routes: [route] };
    },
    responseFields: [{ action: "unset", name: "x-part" }],
  }));
  const rules: SiteRules = { sections };
  for (let route = 0; route < sections.length; route++) {
    treatsAlike(rules, route);
    assert.equal(constantOperations(rules, route).response.length, 1);
  }
  assert.ok(asked < 20 * sections.length, `${asked} looks at a place`);
});
