/** The fields of a request that decide about a file. */

import assert from "node:assert/strict";
import fc from "../../support/properties.ts";
import { type Field, fieldsOfHead } from "../../../src/backend/http/head_text.ts";
import type { Exchange } from "../../../src/backend/http/exchange.ts";
import { requestFields } from "../../../src/backend/static/request_fields.ts";

/** A request as it comes without rules, and as one whose fields rules may have changed, here by nothing. */
function bothWays(head: string): [unknown, unknown] {
  const request = { rules: undefined, connection: { transfer: { peer: undefined } }, head };
  const fields = (): Field[] => fieldsOfHead(head);
  return [
    requestFields(request as unknown as Exchange),
    requestFields({ ...request, rules: {}, fields } as unknown as Exchange),
  ];
}

Deno.test("requestFields() finds them in any case, puts lines of one together, and none within another", () => {
  const [found] = bothWays(
    "GET /range:x HTTP/1.1\r\nHost: a\r\nACCEPT:\t*/* \r\nAccept-Language: de\r\nAccept-: 1\r\n" +
      'X-A: if-range: 5\r\nif-none-match: "a"\r\nIf-None-Match:"b"\r\nrange:\r\nIf-Match :3\r\n\r\n',
  );
  assert.deepEqual(found, { accept: "*/*", ifNoneMatch: '"a", "b"', range: "" });
});

Deno.test("requestFields() finds the same in a head as among its fields", () => {
  const name = fc.constantFrom(
    ...["Accept", "accept-encoding", "If-Match", "IF-RANGE", "If-Modified-Since", "Range", "If-None-Match"],
    ...["Host", "A", "range-", "Accept-Ranges", "Ranges", "i", "X-Range", "if-unmodified-since"],
  );
  const value = fc.string({ unit: fc.constantFrom("a", " ", "\t", ":", '"', ",", "\xe9", "r") });
  fc.assert(fc.property(fc.array(fc.tuple(name, value)), (lines) => {
    const text = lines.map(([name, value]) => `${name}:${value}\r\n`).join("");
    const [inHead, amongFields] = bothWays(`GET /a HTTP/1.1\r\n${text}\r\n`);
    assert.deepEqual(inHead, amongFields);
  }));
});
