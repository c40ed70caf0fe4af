import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import {
  encodeTextFields,
  FieldTable,
  fieldText,
  readFields,
  TextMemo,
  writeFieldHead,
} from "../../src/protocol/fields.ts";
import { AddressCopies } from "../../src/protocol/addresses.ts";
import { SIZE_ADDRESS, SIZE_FIELD } from "../../src/protocol/messages.ts";
import { text } from "./arbitraries.ts";

const KNOWN = new Set([1, 2, 0x81]);

/** Fields one after another, whatever their types. */
function fields(...list: readonly (readonly [type: number, value: readonly number[]])[]) {
  const out = new Uint8Array(list.reduce((sum, [, value]) => sum + SIZE_FIELD + value.length, 0));
  let offset = 0;
  for (const [type, value] of list) {
    offset = writeFieldHead(out, offset, type, value.length);
    out.set(value, offset);
    offset += value.length;
  }
  return out;
}

const read = (bytes: Uint8Array<ArrayBuffer>) => readFields(bytes, 0, bytes.length, KNOWN);

/** All fields that a table has, by type. */
const allOf = (table: FieldTable | string) =>
  typeof table === "string" ? table : new Map(
    Array.from({ length: 256 }, (_, type) => [type, table.get(type)] as const)
      .filter(([type, value]) => {
        assert.equal(value !== undefined, table.has(type));
        return value !== undefined;
      }),
  );

Deno.test("readFields() finds what is known and skips what may be skipped, however often it occurs", () => {
  const bytes = fields([3, [9]], [1, [7, 8]], [3, []], [0x7f, [1, 2, 3]], [0x81, []], [0, [5]]);
  assert.deepEqual(allOf(read(bytes)), new Map([[1, Uint8Array.of(7, 8)], [0x81, new Uint8Array(0)]]));
  assert.deepEqual(allOf(read(new Uint8Array(0))), new Map());
});

Deno.test("readFields() refuses a field that it does not know from 0x80 on", () => {
  fc.assert(fc.property(fc.integer({ min: 0x80, max: 255 }), (type) => {
    const expected = type === 0x81 ? new Map([[type, Uint8Array.of(1)]]) : (
      `field ${type} is not known and must not be skipped`
    );
    assert.deepEqual(allOf(read(fields([type, [1]]))), expected);
  }));
});

Deno.test("readFields() refuses a known field that occurs twice", () => {
  assert.equal(read(fields([2, [1]], [4, []], [2, [1]])), "field 2 occurs twice");
  assert.equal(read(fields([0x81, []], [0x81, []])), "field 129 occurs twice");
});

Deno.test("readFields() refuses fields cut off at any length but between two of them", () => {
  const parts = [fields([1, [1, 2, 3]]), fields([9, []]), fields([0x81, [4]])];
  const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
  const whole = new Set([0, 7, 11, 16]);
  assert.equal(bytes.length, 16);
  for (let end = 0; end <= bytes.length; end++) {
    const result = readFields(bytes, 0, end, KNOWN);
    if (whole.has(end)) assert.notEqual(typeof result, "string", `${end}`);
    else assert.match(String(result), /^(a field|field \d+) is cut off$/, `${end}`);
  }
});

Deno.test("readFields() looks at its own range only", () => {
  const bytes = Uint8Array.of(0xff, 0xff, ...fields([1, [5]]), 0xff);
  assert.deepEqual(allOf(readFields(bytes, 2, 7, KNOWN)), new Map([[1, Uint8Array.of(5)]]));
});

Deno.test("a FieldTable has nothing of the message before, also where that was bad", () => {
  const table = new FieldTable();
  const last = new TextMemo();
  const before = fields([1, [0x61]], [2, [0x62]], [0x81, []]);
  assert.equal(table.read(before, 0, before.length, KNOWN), undefined);
  assert.equal(table.text(1, last), "a");
  const bad = fields([1, [0x61]], [2, []], [2, []]);
  assert.equal(table.read(bad, 0, bad.length, KNOWN), "field 2 occurs twice");
  const next = fields([2, [0xff]]);
  assert.equal(table.read(next, 0, next.length, KNOWN), undefined);
  assert.deepEqual(allOf(table), new Map([[2, Uint8Array.of(0xff)]]));
  assert.equal(table.text(1, last), "");
  assert.equal(table.text(2, last), undefined);
});

Deno.test("addresses that are copied stay what they were, whatever becomes of the message and of each other", () => {
  const copies = new AddressCopies();
  const message = new Uint8Array(64);
  const all = Array.from({ length: 100 }, (_, index) => {
    message.fill(index, 8, 8 + SIZE_ADDRESS);
    return copies.copy(message, 8);
  });
  all.forEach((address, index) => assert.deepEqual(address, new Uint8Array(SIZE_ADDRESS).fill(index)));
});

Deno.test("encodeTextFields() and fieldText() keep every well-formed text, a byte order mark too", () => {
  fc.assert(fc.property(text, text, (first, second) => {
    const encoded = encodeTextFields([[1, first], [2, second]], 1000);
    const found = read(encoded);
    assert.ok(typeof found !== "string");
    assert.equal(fieldText(found.get(1)), first);
    assert.equal(fieldText(found.get(2)), second);
  }));
  assert.equal(fieldText(undefined), "");
  assert.equal(fieldText(Uint8Array.of(0xc3)), undefined);
});

Deno.test("encodeTextFields() refuses a value that is longer than allowed, counted in bytes", () => {
  assert.equal(encodeTextFields([[1, "éé"]], 4).length, SIZE_FIELD + 4);
  assert.throws(() => encodeTextFields([[1, "éé"]], 3), {
    name: "RangeError",
    message: "Cannot send a field of 4 bytes: at most 3 are allowed",
  });
  assert.equal(encodeTextFields([], 3).length, 0);
});
