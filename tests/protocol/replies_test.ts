import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import {
  ACK,
  ACK_IDS,
  BYE,
  DRAIN,
  LOAD,
  MAX_ACKS,
  NACK,
  NACK_REFUSED,
  SIZE_HEADER,
  SIZE_LOAD,
  SIZE_NACK,
  typeName,
  VERSION,
} from "../../src/protocol/messages.ts";
import {
  ackId,
  AckWriter,
  activeOf,
  byeReason,
  decodeBye,
  decodeNack,
  encodeBye,
  encodeDrain,
  encodeLoad,
  encodeNack,
  endedCount,
  endedId,
  nackReason,
  readAck,
} from "../../src/protocol/replies.ts";
import { bytes as arbitraryBytes, u16, u32 } from "./arbitraries.ts";

const ascii = fc.string({ maxLength: 40 });
const viewOf = (bytes: Uint8Array<ArrayBuffer>) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** What an ACK says; or what is wrong with it. */
function decodeAck(bytes: Uint8Array<ArrayBuffer>, length: number) {
  const count = readAck(bytes, length);
  if (typeof count === "string") return count;
  const view = viewOf(bytes);
  return { active: activeOf(view), ids: Array.from({ length: count }, (_, index) => ackId(view, index)) };
}

Deno.test("AckWriter writes what readAck() and ackId() read, again and again", () => {
  const writer = new AckWriter();
  fc.assert(fc.property(fc.array(u32, { maxLength: 20 }), u32, (ids, active) => {
    writer.clear();
    assert.equal(writer.count, 0);
    ids.forEach((id) => writer.add(id));
    writer.finish(active);
    assert.equal(writer.count, ids.length);
    assert.deepEqual([writer.bytes[0], writer.bytes[1]], [VERSION, ACK]);
    assert.deepEqual(decodeAck(writer.bytes, writer.length), { active, ids });
  }));
});

Deno.test("AckWriter is full at MAX_ACKS ids", () => {
  const writer = new AckWriter();
  for (let id = 0; id < MAX_ACKS; id++) {
    assert.equal(writer.full, false);
    writer.add(id);
  }
  assert.equal(writer.full, true);
  writer.finish(1);
  assert.equal(writer.length, ACK_IDS + 4 * MAX_ACKS);
  const result = decodeAck(writer.bytes, writer.length);
  assert.deepEqual(result, { active: 1, ids: Array.from({ length: MAX_ACKS }, (_, id) => id) });
});

Deno.test("readAck() takes exactly the length that the count says", () => {
  const writer = new AckWriter();
  [5, 6, 7].forEach((id) => writer.add(id));
  writer.finish(3);
  for (let length = 0; length <= writer.length + 8; length++) {
    const expected = length === writer.length
      ? 3
      : length < ACK_IDS
      ? "ACK is too short"
      : "ACK has another length than its count says";
    assert.equal(readAck(writer.bytes, length), expected);
  }
});

Deno.test("decodeNack() gives back what encodeNack() was given", () => {
  fc.assert(
    fc.property(fc.record({ id: u32, reason: u16, text: ascii }, { noNullPrototype: true }), (nack) => {
      const bytes = encodeNack(nack);
      assert.deepEqual([bytes[0], bytes[1]], [VERSION, NACK]);
      assert.deepEqual(decodeNack(bytes, bytes.length), nack);
    }),
  );
});

Deno.test("decodeNack() refuses one without its id, and takes one with its text cut off anywhere", () => {
  const bytes = encodeNack({ id: 9, reason: 2, text: "é" });
  for (let length = 0; length < SIZE_NACK; length++) {
    assert.equal(decodeNack(bytes, length), "NACK is too short");
  }
  assert.deepEqual(decodeNack(bytes, SIZE_NACK), { id: 9, reason: 2, text: "" });
  assert.deepEqual(decodeNack(bytes, SIZE_NACK + 1), { id: 9, reason: 2, text: "\uFFFD" });
});

Deno.test("decodeBye() gives back what encodeBye() was given, and at worst nothing", () => {
  fc.assert(fc.property(u16, ascii, (reason, words) => {
    const bytes = encodeBye({ reason, text: words });
    assert.deepEqual([bytes[0], bytes[1]], [VERSION, BYE]);
    assert.deepEqual(decodeBye(bytes, bytes.length), { reason, text: words });
    for (let length = 0; length < SIZE_HEADER; length++) {
      assert.deepEqual(decodeBye(bytes, length), { reason: 0, text: "" });
    }
  }));
});

Deno.test("encodeNack() and encodeBye() cut text off at 512 bytes", () => {
  assert.equal(encodeNack({ id: 1, reason: 1, text: "x".repeat(513) }).length, SIZE_NACK + 512);
  const bye = encodeBye({ reason: 1, text: "x" + "é".repeat(256) });
  assert.equal(bye.length, SIZE_HEADER + 512);
  assert.equal(decodeBye(bye, bye.length).text, "x" + "é".repeat(255) + "\uFFFD");
});

Deno.test("encodeLoad() says which have ended, and whoever does not ask reads the same LOAD as ever", () => {
  fc.assert(fc.property(fc.array(fc.nat(2 ** 32 - 1), { maxLength: 20 }), fc.nat(100), (ids, active) => {
    const bytes = encodeLoad(active, ids);
    const view = new DataView(bytes.buffer);
    assert.equal(activeOf(view), active);
    const count = endedCount(bytes.length);
    assert.deepEqual(Array.from({ length: count }, (_, index) => endedId(view, index)), ids);
  }));
});

Deno.test("encodeLoad() and encodeDrain() are what the other end reads", () => {
  fc.assert(fc.property(u32, (active) => {
    const bytes = encodeLoad(active);
    assert.deepEqual([bytes.length, bytes[0], bytes[1]], [SIZE_LOAD, VERSION, LOAD]);
    assert.equal(activeOf(viewOf(bytes)), active);
  }));
  assert.deepEqual(encodeDrain(), Uint8Array.of(VERSION, DRAIN, 0, 0));
});

Deno.test("replies of any bytes and lengths have a verdict, and none throws", () => {
  fc.assert(
    fc.property(arbitraryBytes, fc.nat(50), fc.integer({ min: -1, max: 9 }), (bytes, cut, count) => {
      if (count >= 0 && bytes.length > 3) bytes.set([VERSION, ACK, 0, count]);
      const length = Math.max(0, bytes.length - cut);
      const ack = decodeAck(bytes, length);
      assert.ok(typeof ack === "string" || ACK_IDS + 4 * ack.ids.length === length);
      const nack = decodeNack(bytes, length);
      assert.equal(typeof nack === "string", length < SIZE_NACK);
      assert.equal(typeof decodeBye(bytes, length).text, "string");
    }),
    { numRuns: 1000 },
  );
});

Deno.test("nackReason(), byeReason() and typeName() have words for every number", () => {
  fc.assert(fc.property(fc.oneof(u16, fc.nat(12)), (number) => {
    assert.ok(nackReason(number).length > 0 && byeReason(number).length > 0 && typeName(number).length > 0);
  }));
  assert.equal(nackReason(999), nackReason(NACK_REFUSED));
  assert.equal(byeReason(999), "reason 999");
  assert.equal(byeReason(8), "more than the window allows");
  assert.deepEqual([0, 1, 9, 10, 11].map(typeName), ["type 0", "HELLO", "GENERATION", "COUNTERS", "type 11"]);
});
