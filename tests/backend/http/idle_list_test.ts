import assert from "node:assert/strict";
import fc from "../../support/properties.ts";
import { Idle, IdleList } from "../../../src/backend/http/idle_list.ts";

class One extends Idle<One> {}

Deno.test("a list of idle connections is in the order in which they came, whoever leaves it", () => {
  const step = fc.tuple(fc.boolean(), fc.nat(5));
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    const list = new IdleList<One>();
    const order = new Set<One>();
    const all = Array.from({ length: 6 }, () => new One());
    for (const [enters, index] of steps) {
      const one = all[index]!;
      if (enters) {
        list.add(one);
        order.add(one);
      } else assert.equal(list.delete(one), order.delete(one));
      assert.equal(list.size, order.size);
      assert.equal(list.oldest, [...order][0]);
      assert.deepEqual(list.all(), [...order]);
      assert.deepEqual(all.map(({ idles }) => idles), all.map((one) => order.has(one)));
    }
  }));
});
