import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { ascii } from "../../src/http/byte_classes.ts";
import { Ipv6, MAX_IPV6_TEXT } from "../../src/http/ipv6.ts";

const ipv6 = new Ipv6();

/** An address as it is written after reading; nothing for what is none. */
function written(text: string): string | undefined {
  const bytes = ascii(`1:${text}:f]`);
  if (!ipv6.read(bytes, 2, 2 + text.length)) return undefined;
  const out = new Uint8Array(MAX_IPV6_TEXT + 2);
  const end = ipv6.write(out, 1);
  return new TextDecoder().decode(out.subarray(1, end));
}

Deno.test("Ipv6 writes an address as the URL standard does, however it was written", () => {
  const group = fc.oneof(fc.constantFrom("0", "0000", "00", "1", "F", "abcd"), fc.constant("0"));
  const full = fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(":"));
  const compressed = fc.tuple(fc.array(group, { maxLength: 4 }), fc.array(group, { maxLength: 4 }))
    .map(([before, behind]) => `${before.join(":")}::${behind.join(":")}`);
  const embedded = fc.tuple(fc.constantFrom("::", "::ffff:", "1::2:", "1:2:3:4:5:6:"), fc.ipV4())
    .map(([before, address]) => before + address);
  const any = fc.string({ unit: fc.constantFrom(..."0123456789abcdefF:.g"), maxLength: 20 });
  let good = 0;
  fc.assert(
    fc.property(fc.oneof(full, compressed, embedded, fc.ipV6(), any), (text) => {
      const expected = URL.parse(`http://[${text}]/`)?.hostname.slice(1, -1);
      assert.equal(written(text), expected, text);
      if (expected !== undefined) good++;
    }),
    { numRuns: 5_000 },
  );
  assert.ok(good > 2_000, `${good}`);
});
