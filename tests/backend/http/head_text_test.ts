/** Fields of heads, all of them and one alone. */

import assert from "node:assert/strict";
import fc from "../../support/properties.ts";
import { fieldOfHead, fieldsOfHead } from "../../../src/backend/http/head_text.ts";

Deno.test("fieldOfHead: the first of a name, as fieldsOfHead has it", () => {
  const name = fc.constantFrom("A", "a", "Ab", "B", "traceparent", "Traceparent", "X-Request-Id");
  const value = fc.string({ unit: fc.constantFrom("a", "b", ":", " ", "\t", "\xe4"), maxLength: 6 });
  fc.assert(fc.property(fc.array(fc.tuple(name, value)), (fields) => {
    const head = `GET /a:b HTTP/1.1\r\n${fields.map(([name, value]) => `${name}:${value}\r\n`).join("")}\r\n`;
    for (const wanted of ["a", "ab", "b", "traceparent", "x-request-id", "get /a", "none"]) {
      const expected = fieldsOfHead(head).find(([own]) => own.toLowerCase() === wanted)?.[1];
      assert.equal(fieldOfHead(head, wanted), expected, wanted);
    }
  }));
});
