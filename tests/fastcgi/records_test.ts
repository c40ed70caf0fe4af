/** Records as they are on the wire, and as they are read however they come. */

import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import {
  encodeRequest,
  NO_MORE_CONTENT,
  OVERLOADED,
  putContentHeader,
  RecordReader,
  REQUEST_COMPLETE,
} from "../../src/fastcgi/records.ts";

const bytes = (...numbers: number[]) => Uint8Array.from(numbers);
const text = (piece: Uint8Array) => String.fromCharCode(...piece);

/** A record as an application writes it. */
function record(type: number, content: Uint8Array, padding = 0, request = 1): Uint8Array<ArrayBuffer> {
  const { length } = content;
  const header = [1, type, request >> 8, request & 0xff, length >> 8, length & 0xff, padding, 0];
  return Uint8Array.from([...header, ...content, ...new Uint8Array(padding).fill(0xaa)]);
}

const END = (status: number) => record(3, bytes(0, 0, 0, 9, status, 0, 0, 0));

/** What a reader makes of bytes that come in these pieces. */
function heard(pieces: readonly Uint8Array<ArrayBuffer>[]) {
  const reader = new RecordReader();
  let stdout = "";
  let stderr = "";
  const ends: number[] = [];
  let unread = 0;
  for (const piece of pieces) {
    const read = reader.read(piece, {
      stdout: (piece) => void (stdout += text(piece)),
      stderr: (piece) => void (stderr += text(piece)),
      requestEnded: (status) => void ends.push(status),
    });
    if (typeof read === "string") return { fault: read };
    unread += piece.length - read;
  }
  return { stdout, stderr, ends, unread, ended: reader.ended };
}

Deno.test("a request on the wire: its beginning, its variables, their end", () => {
  const long = "v".repeat(200);
  // A length below 128 is a byte; a longer one is four, of which the first bit says so.
  const params = `\x01\x03A1=2\x01\x80\x00\x00\xc8B${long}`;
  assert.equal(
    text(encodeRequest(["A=1=2", `B=${long}`], true)),
    "\x01\x01\x00\x01\x00\x08\x00\x00" + "\x00\x01\x01\x00\x00\x00\x00\x00" +
      `\x01\x04\x00\x01\x00${String.fromCharCode(params.length)}\x00\x00${params}` +
      "\x01\x04\x00\x01\x00\x00\x00\x00",
  );
  assert.equal(encodeRequest([], false)[10], 0, "the connection is not to be kept");
});

Deno.test("content has a header before it, and an end", () => {
  const around = new Uint8Array(12).fill(7);
  putContentHeader(around, 2, 65_535);
  assert.deepEqual([...around], [7, 7, 1, 5, 0, 1, 255, 255, 0, 0, 7, 7]);
  assert.deepEqual([...NO_MORE_CONTENT], [1, 5, 0, 1, 0, 0, 0, 0]);
});

Deno.test("variables that need more than one record are one stream", () => {
  const variables = Array.from({ length: 40 }, (_, index) => `N${index}=${"x".repeat(5_000)}`);
  const encoded = encodeRequest(variables, false);
  const types: number[] = [];
  for (let at = 0; at < encoded.length;) {
    types.push(encoded[at + 1]!);
    at += 8 + (encoded[at + 4]! << 8 | encoded[at + 5]!);
  }
  assert.deepEqual(types, [1, 4, 4, 4, 4, 4]);
});

Deno.test("whatever way the bytes come, they say the same, and none behind the end is read", () => {
  const piece = fc.record({
    type: fc.constantFrom(6, 7),
    content: fc.uint8Array({ maxLength: 300 }),
    padding: fc.integer({ min: 0, max: 255 }),
  });
  fc.assert(fc.property(
    fc.array(piece, { maxLength: 8 }),
    fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 40 }),
    fc.uint8Array({ maxLength: 20 }),
    (pieces, cuts, more) => {
      const whole = Uint8Array.from([
        ...pieces.flatMap(({ type, content, padding }) => [...record(type, content, padding)]),
        ...END(REQUEST_COMPLETE),
        ...more,
      ]);
      const cut: Uint8Array<ArrayBuffer>[] = [];
      let at = 0;
      for (const size of cuts) cut.push(whole.subarray(at, at += size));
      cut.push(whole.subarray(at));
      const of = (wanted: number) =>
        pieces.filter(({ type }) => type === wanted).map(({ content }) => text(content)).join("");
      assert.deepEqual(heard(cut), {
        stdout: of(6),
        stderr: of(7),
        ends: [REQUEST_COMPLETE],
        unread: more.length,
        ended: true,
      });
    },
  ));
});

Deno.test("any bytes at all: a fault, or no end", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 10 }), (pieces) => {
    heard(pieces.map((piece) => Uint8Array.from(piece)));
  }));
});

Deno.test("how a request ended is the application's word", () => {
  assert.deepEqual(heard([END(OVERLOADED)]), {
    stdout: "",
    stderr: "",
    ends: [OVERLOADED],
    unread: 0,
    ended: true,
  });
});

Deno.test("a record about the connection is passed over", () => {
  assert.deepEqual(heard([record(10, bytes(1, 2, 3), 5, 0), record(11, new Uint8Array(8), 0, 0), END(0)]), {
    stdout: "",
    stderr: "",
    ends: [0],
    unread: 0,
    ended: true,
  });
});

for (
  const [name, content, fault] of [
    ["HTTP", Uint8Array.from("HTTP/1.1 200 OK\r\n", (character) => character.charCodeAt(0)), /speak FastCGI/],
    ["another request's output", record(6, bytes(1), 0, 2), /answers request 2/],
    ["another request's end", record(3, new Uint8Array(8), 0, 7), /ends request 7/],
    ["an end of another length", record(3, new Uint8Array(7)), /another length/],
    ["what only a web server sends", record(5, bytes(1)), /record of type 5/],
    ["a type that there is not", record(99, bytes(1)), /record of type 99/],
    ["values for a request", record(10, bytes(1)), /type 10 for a request/],
  ] as const
) {
  Deno.test(`refused: ${name}`, () => {
    assert.match((heard([content]) as { fault: string }).fault, fault);
  });
}
