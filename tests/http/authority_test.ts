import assert from "node:assert/strict";
import { isIPv6 } from "node:net";
import fc from "../support/properties.ts";
import { isAuthority } from "../../src/http/authority.ts";
import { ascii } from "../../src/http/byte_classes.ts";

const accepts = (text: string, portRequired = false) => {
  const bytes = ascii(`:${text}:]9`);
  return isAuthority(bytes, 1, 1 + text.length, portRequired);
};

Deno.test("isAuthority takes a host with or without a port", () => {
  for (
    const text of [
      "a",
      "a:1",
      "a:",
      "a:00080",
      "1.2.3.4",
      "[::1]",
      "[::1]:1",
      "-",
      "a.b.",
      "1.a",
      "0xg",
      "a_b",
    ]
  ) {
    assert.equal(accepts(text), true, text);
  }
  for (
    const text of [
      "",
      ":",
      ":1",
      "a:1:",
      "a:x",
      "a:65536",
      "a/",
      "a@b",
      "%41",
      "%4",
      "1",
      "1.2.3",
      "1.2.3.4.",
      "1.2.3.256",
      "01.2.3.4",
      "0x7f.1",
      "0X",
      "a.1",
      "a.0xff",
      "%",
      "[",
      "[]",
      "[::1",
      "::1",
      "[a]",
    ]
  ) {
    assert.equal(accepts(text), false, text);
  }
});

Deno.test("isAuthority asks CONNECT for a port", () => {
  for (const text of ["a:1", "[::1]:443"]) assert.equal(accepts(text, true), true, text);
  for (const text of ["a", "a:", "[::1]", "[::1]:"]) assert.equal(accepts(text, true), false, text);
});

Deno.test("isAuthority takes the IPv6 addresses that the platform takes", () => {
  const piece = fc.constantFrom(
    ":",
    ":",
    "::",
    "0",
    "1",
    "ff",
    "abcd",
    "12345",
    "1.2.3.4",
    "0.0.0.256",
    "1.2.3",
    "01.2.3.4",
    "g",
  );
  const groups = fc.array(fc.constantFrom("0", "1", "Ff", "abcd", "", "1.2.3.4"), {
    minLength: 6,
    maxLength: 9,
  });
  const texts = fc.oneof(
    fc.ipV6(),
    fc.array(piece, { maxLength: 16 }).map((pieces) => pieces.join("")),
    groups.map((list) => list.join(":")),
  );
  fc.assert(fc.property(texts, (text) => assert.equal(accepts(`[${text}]`), isIPv6(text), text)), {
    numRuns: 3000,
  });
});
