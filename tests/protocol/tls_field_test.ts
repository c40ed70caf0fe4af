import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { MAX_NAME, MAX_TLS, TLS_ITEMS, TLS_PROOF, TLS_WAY } from "../../src/protocol/messages.ts";
import {
  decodeTls,
  encodeTls,
  isPair,
  PROOF,
  type TlsState,
  tlsVersionName,
} from "../../src/protocol/tls_field.ts";

const text = fc.string({ maxLength: 80 });
const state: fc.Arbitrary<TlsState> = fc.record({
  way: fc.constantFrom("kernel" as const, "pair" as const, "untouched" as const),
  version: fc.constantFrom(0, 0x0303, 0x0304),
  cipher: fc.nat(0xffff),
  cipherName: text,
  resumed: fc.boolean(),
  serverName: text,
  policy: fc.nat(0xffff_ffff),
  client: fc.option(
    fc.record({ subject: text, issuer: text, serial: text, fingerprint: text }, { noNullPrototype: true }),
    {
      nil: undefined,
    },
  ),
}, { noNullPrototype: true }).map(({ client, ...rest }) => ({
  ...rest,
  ...client === undefined ? {} : { client },
}));

Deno.test("decodeTls() gives back what encodeTls() was given, and the proof is left to the front", () => {
  fc.assert(fc.property(state, (given) => {
    const bytes = encodeTls(given);
    assert.deepEqual(decodeTls(bytes), given);
    assert.deepEqual(bytes.subarray(TLS_PROOF, TLS_ITEMS), new Uint8Array(PROOF));
    assert.equal(isPair(bytes), given.way === "pair");
    assert.ok(bytes.length <= MAX_TLS);
  }));
});

Deno.test("decodeTls() says what is wrong, and skips items that it does not know", () => {
  const bytes = encodeTls({
    way: "pair",
    version: 0x0304,
    cipher: 0x1301,
    cipherName: "",
    resumed: false,
    serverName: "a",
    policy: 0,
  });
  assert.equal(decodeTls(bytes.slice(0, TLS_ITEMS - 1)), "the field tls is too short");
  const other = bytes.slice();
  other[TLS_WAY] = 9;
  assert.equal(decodeTls(other), "the way 9 of TLS is not known");
  assert.equal(decodeTls(bytes.slice(0, -1)), "in the field tls, field 1 is cut off");
  const more = Uint8Array.from([...bytes, 99, 0, 0, 1, 7]);
  assert.deepEqual(decodeTls(more), decodeTls(bytes));
  assert.equal(isPair(undefined), false);
});

Deno.test("a name that is too long is left out, not cut: a part of it is another name", () => {
  const bytes = encodeTls({
    way: "kernel",
    version: 0x0303,
    cipher: 1,
    cipherName: "x",
    resumed: false,
    serverName: "",
    policy: 1,
    client: {
      subject: "s".repeat(MAX_NAME + 1),
      issuer: "i".repeat(MAX_NAME),
      serial: "1",
      fingerprint: "f",
    },
  });
  const read = decodeTls(bytes);
  assert.ok(typeof read !== "string");
  assert.deepEqual([read.client?.subject, read.client?.issuer.length], ["", MAX_NAME]);
});

Deno.test("any bytes are read or refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
      decodeTls(bytes.slice());
    }),
    { numRuns: 300 },
  );
});

Deno.test("versions have the names that SSL_PROTOCOL has", () => {
  assert.deepEqual([0x0303, 0x0304, 0].map(tlsVersionName), ["TLSv1.2", "TLSv1.3", ""]);
});
