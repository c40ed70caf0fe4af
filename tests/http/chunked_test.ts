import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { ascii } from "../../src/http/byte_classes.ts";
import { ChunkedDecoder, type ChunkedLimits, chunkHead, CRLF, LAST_CHUNK } from "../../src/http/chunked.ts";

/** Decodes `pieces` as they would arrive, one after the other, and says how it ended and where. */
function decode(pieces: readonly Uint8Array[], limits?: ChunkedLimits, decoder = new ChunkedDecoder(limits)) {
  const data: number[] = [];
  let consumed = 0;
  for (const piece of pieces) {
    for (let at = 0;;) {
      const verdict = decoder.next(piece, at, piece.length);
      assert.ok(decoder.consumed >= at && decoder.consumed <= piece.length);
      consumed += decoder.consumed - at;
      if (verdict === "data") {
        assert.ok(at <= decoder.dataStart && decoder.dataStart < decoder.dataEnd);
        assert.equal(decoder.dataEnd, decoder.consumed);
        data.push(...piece.subarray(decoder.dataStart, decoder.dataEnd));
      } else if (verdict === "more") {
        assert.equal(decoder.consumed, piece.length);
        break;
      } else {
        return { verdict, data: String.fromCharCode(...data), consumed };
      }
      at = decoder.consumed;
    }
  }
  return { verdict: "more", data: String.fromCharCode(...data), consumed };
}

const END = "0\r\n\r\n";

/** Input, verdict, and for "end" the data. Each with the limits below. */
const CASES: readonly (readonly [string, string, string?])[] = [
  [END, "end", ""],
  ["5\r\nhello\r\n" + END, "end", "hello"],
  ["5\r\nhello\r\n1\r\n!\r\n" + END, "end", "hello!"],
  ["000a\r\n0123456789\r\n000\r\n\r\n", "end", "0123456789"],
  ["A\r\n0123456789\r\n" + END, "end", "0123456789"],
  ["4\r\n\r\n\r\n\r\n" + END, "end", "\r\n\r\n"],
  // Extensions.
  ["1;a\r\nx\r\n" + END, "end", "x"],
  ["1;a=b;c=d\r\nx\r\n" + END, "end", "x"],
  ["1 ; a = b\r\nx\r\n" + END, "end", "x"],
  ['1;a="b;\\"c\\\\"\r\nx\r\n' + END, "end", "x"],
  ["0;a\r\n\r\n", "end", ""],
  ['1;a="\r\nx\r\n' + END, "reject"],
  ['1;a="\\\r\nx\r\n' + END, "reject"],
  ["1;a=(\r\nx\r\n" + END, "reject"],
  ["1;a\nx\r\n" + END, "reject"],
  ["1;\0\r\nx\r\n" + END, "reject"],
  ["1 \r\nx\r\n" + END, "reject"],
  ["1 a\r\nx\r\n" + END, "reject"],
  ["1\t;a\r\nx\r\n" + END, "end", "x"],
  ["1g;a\r\nx\r\n" + END, "reject"],
  // Sizes.
  ["", "more"],
  ["5", "more"],
  ["5\r", "more"],
  ["5\r\nhell", "more"],
  ["5\r\nhello\r\n", "more"],
  ["0\r\n", "more"],
  ["0\r\n\r", "more"],
  ["1fffffffffffff\r\n", "more"],
  ["20000000000000\r\n", "reject"],
  ["ffffffffffffffff1\r\n", "reject"],
  ["00000000000000005\r\nhello\r\n" + END, "end", "hello"],
  ["\r\n", "reject"],
  ["g\r\n", "reject"],
  ["-1\r\n", "reject"],
  ["+1\r\n", "reject"],
  [" 1\r\n", "reject"],
  ["0x1\r\nx\r\n", "reject"],
  ["1_0\r\n", "reject"],
  ["1.0\r\n", "reject"],
  ["5\nhello\r\n", "reject"],
  ["5\r\rhello\r\n", "reject"],
  ["5\rhello\r\n", "reject"],
  ["5\r\nhello" + END, "reject"],
  ["5\r\nhello\n" + END, "reject"],
  ["5\r\nhello\r\r", "reject"],
  ["5\r\nhello!\r\n" + END, "reject"],
  // Trailers.
  ["0\r\nA: b\r\n\r\n", "end", ""],
  ["0\r\nA:\r\nB:\tc \xff\r\n\r\n", "end", ""],
  ["0\r\nA: b\r\n", "more"],
  ["0\r\n: b\r\n\r\n", "reject"],
  ["0\r\nA\r\n\r\n", "reject"],
  ["0\r\nA : b\r\n\r\n", "reject"],
  ["0\r\n A: b\r\n\r\n", "reject"],
  ["0\r\nA: b\r\n c\r\n\r\n", "reject"],
  ["0\r\nA: \0\r\n\r\n", "reject"],
  ["0\r\nA: b\n\r\n", "reject"],
  ["0\r\nA: b\rX", "reject"],
  ["0\r\n\n", "reject"],
  ["0\r\n\r\r", "reject"],
  // Limits.
  ["0".repeat(29) + "1\r\nx\r\n" + END, "end", "x"],
  ["0".repeat(30) + "1\r\nx\r\n" + END, "reject"],
  [`1;${"a".repeat(28)}\r\nx\r\n` + END, "end", "x"],
  [`1;${"a".repeat(29)}\r\nx\r\n` + END, "reject"],
  [`1;${"a".repeat(20)}\r\nx\r\n`.repeat(2) + END, "end", "xx"],
  [`1;${"a".repeat(20)}\r\nx\r\n`.repeat(3) + END, "reject"],
  [`0\r\nA:${"b".repeat(36)}\r\n\r\n`, "end", ""],
  [`0\r\nA:${"b".repeat(37)}\r\n\r\n`, "reject"],
];
const LIMITS: ChunkedLimits = { sizeLine: 30, extensions: 50, trailers: 40 };

Deno.test("ChunkedDecoder gives each case its verdict, split at every byte", () => {
  for (const [input, verdict, data] of CASES) {
    const bytes = Uint8Array.from(input, (character) => character.charCodeAt(0));
    const whole = decode([bytes], LIMITS);
    assert.equal(whole.verdict, verdict, JSON.stringify(input));
    if (data !== undefined) assert.equal(whole.data, data, JSON.stringify(input));
    if (verdict !== "reject") assert.equal(whole.consumed, bytes.length, JSON.stringify(input));
    for (let at = 0; at <= bytes.length; at++) {
      const halves = [bytes.subarray(0, at), bytes.subarray(at)];
      assert.deepEqual(decode(halves, LIMITS), whole, `${JSON.stringify(input)} at ${at}`);
    }
    const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
    assert.deepEqual(decode(single, LIMITS), whole, JSON.stringify(input));
  }
});

Deno.test("ChunkedDecoder says why it rejects, and stays with it until reset", () => {
  const decoder = new ChunkedDecoder();
  assert.equal(decoder.next(ascii("1\r\nxy"), 0, 5), "data");
  assert.equal(decoder.next(ascii("1\r\nxy"), 4, 5), "reject");
  assert.equal(decoder.consumed, 4);
  assert.equal(decoder.why, "a chunk is longer than its size");
  assert.equal(decoder.next(LAST_CHUNK, 0, 5), "reject");
  assert.equal(decoder.consumed, 0);
  decoder.reset();
  assert.equal(decoder.next(LAST_CHUNK, 0, 5), "end");
  assert.equal(decoder.next(LAST_CHUNK, 2, 5), "end");
  assert.equal(decoder.consumed, 2);
});

Deno.test("ChunkedDecoder stops behind the body, in front of the next request", () => {
  const bytes = ascii("1\r\nx\r\n0\r\nA: b\r\n\r\nGET / HTTP/1.1\r\n");
  const { verdict, consumed } = decode([bytes]);
  assert.equal(verdict, "end");
  assert.equal(consumed, bytes.length - "GET / HTTP/1.1\r\n".length);
});

Deno.test("ChunkedDecoder counts sizes beyond 32 bits", () => {
  const decoder = new ChunkedDecoder();
  const head = chunkHead(2 ** 40);
  assert.equal(decoder.next(head, 0, head.length), "more");
  const piece = new Uint8Array(1000);
  for (let round = 0; round < 5; round++) {
    assert.equal(decoder.next(piece, 0, 1000), "data");
    assert.equal(decoder.consumed, 1000);
  }
});

const bodies = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 });
const cuts = fc.array(fc.nat(300), { maxLength: 8 });

function split(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const edges = [0, ...at.map((edge) => Math.min(edge, bytes.length)), bytes.length].toSorted((a, b) =>
    a - b
  );
  return edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
}

Deno.test("ChunkedDecoder gives back what was encoded, in any split", () => {
  fc.assert(fc.property(bodies, cuts, (body, at) => {
    const encoded = body.flatMap((chunk) => [...chunkHead(chunk.length), ...chunk, ...CRLF]);
    const bytes = Uint8Array.from([...encoded, ...LAST_CHUNK]);
    const { verdict, data, consumed } = decode(split(bytes, at));
    assert.equal(verdict, "end");
    assert.equal(data, String.fromCharCode(...body.flatMap((chunk) => [...chunk])));
    assert.equal(consumed, bytes.length);
  }));
});

Deno.test("ChunkedDecoder comes to the same on any bytes, in any split", () => {
  const decoder = new ChunkedDecoder(LIMITS);
  const pieces = fc.constantFrom(
    "0",
    "1",
    "2",
    "a",
    ";",
    "=",
    '"',
    "\\",
    " ",
    ":",
    "\r\n",
    "\r\n",
    "\r",
    "\n",
    "\0",
    END,
  );
  const texts = fc.array(pieces, { maxLength: 16 }).map((list) => ascii(list.join("")));
  fc.assert(
    fc.property(fc.oneof(texts, fc.uint8Array({ maxLength: 30 })), cuts, (bytes, at) => {
      decoder.reset();
      const whole = decode([bytes], LIMITS, decoder);
      assert.deepEqual(decode(split(bytes, at.map((edge) => edge % 40)), LIMITS), whole);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("chunkHead writes a hexadecimal length, and refuses one that is none", () => {
  assert.deepEqual(chunkHead(500), ascii("1f4\r\n"));
  assert.deepEqual(chunkHead(1), ascii("1\r\n"));
  for (const length of [0, -1, 1.5, NaN, Infinity, 2 ** 53]) {
    assert.throws(() => chunkHead(length), RangeError);
  }
});
