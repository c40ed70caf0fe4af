/** Frames of WebSocket, read in whatever pieces they come, and written. */

import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { FrameReader } from "../../src/websocket/frame_reader.ts";
import { closeContent, encodeFrame, FrameBuffer, mayClose } from "../../src/websocket/frames.ts";

const encoder = new TextEncoder();

/** What a reader has told, in order. */
class Told {
  readonly all: string[] = [];
  readonly reader: FrameReader;
  readonly messages: (string | Uint8Array)[] = [];

  constructor(most = 1_000) {
    this.reader = new FrameReader(most, {
      message: (content) => {
        this.messages.push(content);
        this.all.push(typeof content === "string" ? `text ${content}` : `bytes ${[...content]}`);
      },
      ping: (content) => this.all.push(`ping ${new TextDecoder().decode(content)}`),
      closed: (code, reason) => this.all.push(`close ${code} ${reason}`),
      broken: (code, why) => this.all.push(`broken ${code} ${why}`),
    });
  }

  /** Gives it bytes in memory that is written over as soon as it has taken them. */
  take(bytes: Iterable<number>): this {
    const memory = Uint8Array.from(bytes);
    this.reader.read(memory, memory.length);
    memory.fill(0x55);
    return this;
  }
}

/** A frame as a client writes it. */
function frame(first: number, content: string | Uint8Array = "", key = [1, 2, 3, 250]): number[] {
  const bytes = typeof content === "string" ? encoder.encode(content) : content;
  const { length } = bytes;
  const said = length < 126
    ? [length]
    : length < 0x10000
    ? [126, length >> 8, length & 0xff]
    : [127, 0, 0, 0, 0, length >>> 24, length >>> 16 & 0xff, length >>> 8 & 0xff, length & 0xff];
  said[0]! |= 0x80;
  return [first, ...said, ...key, ...[...bytes].map((byte, index) => byte ^ key[index % 4]!)];
}

const CASES: readonly (readonly [what: string, bytes: readonly number[], told: readonly string[]])[] = [
  ["a text", frame(0x81, "grüß"), ["text grüß"]],
  ["a text that begins with a mark of order", frame(0x81, "\ufeffa"), ["text \ufeffa"]],
  ["an empty text", frame(0x81), ["text "]],
  ["bytes", frame(0x82, new Uint8Array([0, 255])), ["bytes 0,255"]],
  ["no bytes", frame(0x82), ["bytes "]],
  ["two messages", [...frame(0x81, "a"), ...frame(0x81, "b")], ["text a", "text b"]],
  [
    "a message in frames, with control between them",
    [...frame(0x01, "a"), ...frame(0x89, "p"), ...frame(0x00), ...frame(0x00, "b"), ...frame(0x80, "c")],
    ["ping p", "text abc"],
  ],
  ["a letter in two frames", [
    ...frame(0x01, new Uint8Array([0xc3])),
    ...frame(0x80, new Uint8Array([0xbc])),
  ], ["text ü"]],
  ["nothing in frames", [...frame(0x02), ...frame(0x80)], ["bytes "]],
  ["a Pong", [...frame(0x8a, "x"), ...frame(0x81, "a")], ["text a"]],
  ["a Close frame, and nothing behind it", [...frame(0x88, closeContent(1000, "bye")), ...frame(0x81, "a")], [
    "close 1000 bye",
  ]],
  ["a Close frame without a code", frame(0x88), ["close 1005 "]],
  ["126 bytes", frame(0x81, "x".repeat(126)), [`text ${"x".repeat(126)}`]],
  ["as many bytes as may be", frame(0x81, "x".repeat(1_000)), [`text ${"x".repeat(1_000)}`]],
  ["one more", frame(0x81, "x".repeat(1_001)), ["broken 1009 Max payload size exceeded"]],
  ["one more in two frames", [...frame(0x01, "x".repeat(1_000)), ...frame(0x80, "x")], [
    "broken 1009 Max payload size exceeded",
  ]],
  ["2^63 bytes", [0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], [
    "broken 1009 Max payload size exceeded",
  ]],
  ["no mask", [0x81, 1, 0x61], ["broken 1002 Frames of a client have to be masked"]],
  ["a reserved bit", frame(0xc1, "a"), ["broken 1002 Reserved bits are set, and no extension was agreed on"]],
  ["an opcode of data that nobody knows", frame(0x83), ["broken 1002 The opcode 3 is not known"]],
  ["an opcode of control that nobody knows", frame(0x8b), ["broken 1002 The opcode 11 is not known"]],
  ["a Ping in pieces", frame(0x09), ["broken 1002 A frame of control is in several pieces"]],
  ["a long Ping", frame(0x89, "x".repeat(126)), ["broken 1002 A frame of control is too long"]],
  ["going on with nothing", frame(0x80, "a"), ["broken 1002 A message goes on that has not begun"]],
  ["a message within a message", [...frame(0x01, "a"), ...frame(0x81, "b")], [
    "broken 1002 A message begins before the last has ended",
  ]],
  ["a text that is no UTF-8", frame(0x81, new Uint8Array([0xff])), ["broken 1007 A text is not UTF-8"]],
  ["half a letter", frame(0x81, new Uint8Array([0xc3])), ["broken 1007 A text is not UTF-8"]],
  ["a surrogate", frame(0x81, new Uint8Array([0xed, 0xa0, 0x80])), ["broken 1007 A text is not UTF-8"]],
  ["half a code", frame(0x88, new Uint8Array([3])), [
    "broken 1002 A Close frame has a code that may not be said",
  ]],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000].map((code) =>
    [`code ${code}`, frame(0x88, closeContent(code)), [
      "broken 1002 A Close frame has a code that may not be said",
    ]] as const
  ),
  ["a reason that is no UTF-8", frame(0x88, new Uint8Array([3, 232, 0xff])), [
    "broken 1007 The reason of a Close frame is not UTF-8",
  ]],
];

for (const [what, bytes, told] of CASES) {
  Deno.test(`frames are read, in one piece and byte by byte: ${what}`, () => {
    assert.deepEqual(new Told().take(bytes).all, told);
    const slowly = new Told();
    for (const byte of bytes) slowly.take([byte]);
    assert.deepEqual(slowly.all, told);
  });
}

Deno.test("whatever messages come, in whatever pieces, they are those that were sent", () => {
  const message = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.constant("x".repeat(70_000)),
  );
  const key = fc.array(fc.nat(255), { minLength: 4, maxLength: 4 });
  const sent = fc.array(fc.tuple(message, key), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(sent, fc.array(fc.integer({ min: 100, max: 40_000 }), { minLength: 1 }), (sent, sizes) => {
      const bytes = Uint8Array.from(
        sent.flatMap(([content, key]) => frame(typeof content === "string" ? 0x81 : 0x82, content, key)),
      );
      const told = new Told(70_000);
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = sizes[turn % sizes.length]!;
        told.take(bytes.subarray(at, at += size));
      }
      assert.deepEqual(
        told.messages.map((content) => typeof content === "string" ? content : [...content]),
        sent.map(([content]) => typeof content === "string" ? content : [...content]),
      );
    }),
    { numRuns: 60 },
  );
});

Deno.test("what is announced and has not come takes no memory, and what comes in small pieces is not copied for each", () => {
  const told = new Told(1 << 24);
  told.take([0x82, 0xff, 0, 0, 0, 0, 0x01, 0, 0, 0, 0, 0, 0, 0]);
  const piece = new Uint8Array(64);
  // 16 MiB by way of 262,144 pieces: what copied all for each would not come to an end.
  for (let count = 0; count < 1 << 18; count++) told.reader.read(piece, piece.length);
  assert.equal((told.messages[0] as Uint8Array).length, 1 << 24);
});

Deno.test("whoever is told of a message may stop the reader, and hears nothing of what follows", () => {
  const heard: unknown[] = [];
  const reader: FrameReader = new FrameReader(10, {
    message: (content) => {
      heard.push(content);
      reader.stop();
    },
    ping: () => heard.push("ping"),
    closed: () => heard.push("closed"),
    broken: () => heard.push("broken"),
  });
  const bytes = new Uint8Array([...frame(0x81, "a"), ...frame(0x81, "b"), ...frame(0x89)]);
  reader.read(bytes, bytes.length);
  assert.deepEqual(heard, ["a"]);
});

/** What a client finds in a frame. */
function contentOf(bytes: Uint8Array): { readonly first: number; readonly content: Uint8Array } {
  const [first, short] = bytes as unknown as [number, number];
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const [start, length] = short < 126
    ? [2, short]
    : short === 126
    ? [4, view.getUint16(2)]
    : [10, Number(view.getBigUint64(2))];
  assert.equal(bytes.length, start + length);
  return { first, content: bytes.subarray(start) };
}

Deno.test("frames are written with the shortest length there is, and text is put where it leaves from", () => {
  const buffer = new FrameBuffer(0xffff);
  for (const size of [0, 1, 125, 126, 65_535, 65_536, 70_000]) {
    const content = new Uint8Array(size).fill(7);
    const { first, content: found } = contentOf(encodeFrame(2, content));
    assert.deepEqual([first, found.length], [0x82, size]);
    const put = buffer.put(2, content);
    if (size > 0xffff) assert.equal(put, -1);
    else assert.deepEqual(contentOf(buffer.bytes.subarray(0, put)).content.length, size);
  }
  for (
    const text of [
      "",
      "a",
      "x".repeat(125),
      "ü".repeat(62),
      "ü".repeat(63),
      "x".repeat(126),
      "ü".repeat(32_767),
    ]
  ) {
    const size = buffer.putText(text);
    const { first, content } = contentOf(buffer.bytes.slice(0, size));
    assert.equal(first, 0x81);
    assert.equal(new TextDecoder().decode(content), text);
  }
  assert.equal(buffer.putText("ü".repeat(32_768)), -1);
  assert.equal(buffer.putText("x".repeat(65_536)), -1);
});

Deno.test("a Close frame says a code and a reason, or nothing", () => {
  assert.deepEqual([...closeContent(undefined, "unsaid")], []);
  assert.deepEqual([...closeContent(1001, "ü")], [3, 233, 0xc3, 0xbc]);
  assert.deepEqual([1000, 1003, 1011, 1014, 3000, 4999].map(mayClose), Array(6).fill(true));
});
