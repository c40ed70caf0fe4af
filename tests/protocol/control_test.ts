import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import {
  AnswerReader,
  type ControlAnswer,
  decodeControlRequest,
  encodeControlAnswer,
  encodeControlRequest,
  MAX_PIECE,
  MAX_REQUEST,
} from "../../src/protocol/control.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("control requests: what is encoded is decoded", () => {
  for (const request of [{ command: "reload" }, { command: "drain", backend: "wéb" }] as const) {
    assert.deepEqual(decodeControlRequest(encodeControlRequest(request)), request);
  }
});

Deno.test("control requests: what is wrong is a sentence", () => {
  const cases: readonly (readonly [text: string, expected: RegExp])[] = [
    ["", /no JSON object/],
    ["[]", /no JSON object/],
    ["null", /no JSON object/],
    ['{"command":"reload"}', /version nothing/],
    ['{"version":2,"command":"reload"}', /Cannot speak version 2 here; this is version 1/],
    ['{"version":1}', /Cannot do nothing; what can be done is reload, /],
    ['{"version":1,"command":"stop"}', /Cannot do "stop"/],
    [`{"version":1,"command":"${"x".repeat(200)}"}`, /^Cannot do "x{59}\.\.\.;/],
    ['{"version":1,"command":"drain"}', /its name is missing/],
    ['{"version":1,"command":"drain","backend":7}', /its name is missing/],
    [" ".repeat(MAX_REQUEST + 1), /more than 4096 bytes/],
  ];
  for (const [text, expected] of cases) {
    assert.match(String(decodeControlRequest(bytes(text))), expected, text);
  }
  assert.match(String(decodeControlRequest(new Uint8Array([0x22, 0xff, 0x22]))), /no JSON object in UTF-8/);
});

Deno.test("control requests: keys of later versions of a command are no fault", () => {
  assert.deepEqual(decodeControlRequest(bytes('{"version":1,"command":"reload","why":"x"}')), {
    command: "reload",
  });
});

function read(pieces: readonly Uint8Array[]): ControlAnswer | string | undefined {
  const reader = new AnswerReader();
  for (const [index, piece] of pieces.entries()) {
    const answer = reader.take(piece);
    if (answer !== undefined) {
      assert.equal(index, pieces.length - 1);
      return answer;
    }
  }
  return undefined;
}

Deno.test("control answers: pieces of any size are put together", () => {
  const lengths = fc.oneof(fc.nat(50), fc.integer({ min: MAX_PIECE - 100, max: 4 * MAX_PIECE }));
  fc.assert(
    fc.property(lengths, fc.constantFrom(0, 1, 2), (length, code) => {
      const answer = { code: code as 0 | 1 | 2, text: "ö".repeat(length), status: { length } };
      const pieces = encodeControlAnswer(answer);
      assert.ok(pieces.every((piece) => piece.length <= MAX_PIECE));
      assert.deepEqual(read(pieces), answer);
    }),
    { numRuns: 50 },
  );
});

Deno.test("control answers: what does not speak so is told apart", () => {
  for (
    const piece of ["", "HTTP/1.1 400", ".{}", '.{"version":1,"code":3,"text":""}', '.{"code":0}', ".[]"]
  ) {
    assert.match(String(read([bytes(piece)])), /does not speak as fdpass does/, piece);
  }
  assert.equal(read([bytes('+{"version":1,')]), undefined);
  assert.deepEqual(read([bytes('+{"version":1,'), bytes('."code":0,"text":"x"}')]), { code: 0, text: "x" });
});
