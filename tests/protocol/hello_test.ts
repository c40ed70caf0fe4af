import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { writeFieldHead } from "../../src/protocol/fields.ts";
import { decodeHello, encodeHello } from "../../src/protocol/hello.ts";
import { HELLO_MAGIC, HELLO_WINDOW, MAX_MESSAGE, MAX_NAME, SIZE_HELLO } from "../../src/protocol/messages.ts";
import { bytes as arbitraryBytes, hello } from "./arbitraries.ts";

const EXAMPLE = { workers: 2, window: 128, process: 4711, name: "wéb" };

Deno.test("decodeHello() gives back what encodeHello() was given", () => {
  fc.assert(fc.property(hello, (value) => {
    const bytes = encodeHello(value);
    assert.deepEqual(decodeHello(bytes, bytes.length), value);
  }));
});

Deno.test("decodeHello() reads as many bytes as the message has, wherever they are", () => {
  const bytes = encodeHello(EXAMPLE);
  const room = new Uint8Array(3 + bytes.length + 5).fill(0xff);
  room.set(bytes, 3);
  assert.deepEqual(decodeHello(room.subarray(3), bytes.length), EXAMPLE);
});

Deno.test("decodeHello() refuses a HELLO cut off at any length, but for one without its name", () => {
  const bytes = encodeHello(EXAMPLE);
  for (let length = 0; length < bytes.length; length++) {
    const result = decodeHello(bytes, length);
    if (length === SIZE_HELLO) assert.deepEqual(result, { ...EXAMPLE, name: "" });
    else assert.equal(typeof result, "string", `${length}`);
  }
});

Deno.test("decodeHello() says what is wrong", () => {
  const wrong = (change: (bytes: Uint8Array) => void) => {
    const bytes = encodeHello(EXAMPLE);
    change(bytes);
    return decodeHello(bytes, bytes.length);
  };
  assert.equal(decodeHello(encodeHello(EXAMPLE), 15), "HELLO is too short");
  assert.equal(wrong((bytes) => bytes[HELLO_MAGIC + 3]!++), "HELLO does not say fdps");
  assert.equal(wrong((bytes) => bytes.fill(0, HELLO_WINDOW, HELLO_WINDOW + 2)), "HELLO allows no transfers");
  assert.equal(wrong((bytes) => bytes[bytes.length - 1] = 0xff), "the name is not UTF-8");
  assert.equal(
    wrong((bytes) => bytes[SIZE_HELLO] = 0x80),
    "field 128 is not known and must not be skipped",
  );
});

Deno.test("decodeHello() refuses an instance of another length", () => {
  const bytes = encodeHello({ ...EXAMPLE, instance: "0f".repeat(16) });
  const short = Uint8Array.from([...encodeHello(EXAMPLE), ...bytes.subarray(-20, -1)]);
  writeFieldHead(short, short.length - 19, 4, 15);
  assert.equal(decodeHello(short, short.length), "the instance has 15 bytes");
});

Deno.test("decodeHello() skips fields of later days", () => {
  const bytes = Uint8Array.from([...encodeHello(EXAMPLE), 0, 0, 0, 0, 1]);
  writeFieldHead(bytes, bytes.length - 5, 0x7f, 1);
  assert.deepEqual(decodeHello(bytes, bytes.length), EXAMPLE);
});

Deno.test("encodeHello() takes the longest name, and none that is longer", () => {
  const bytes = encodeHello({ ...EXAMPLE, name: "n".repeat(MAX_NAME) });
  assert.ok(bytes.length <= MAX_MESSAGE);
  assert.throws(() => encodeHello({ ...EXAMPLE, name: "n".repeat(MAX_NAME + 1) }), RangeError);
});

Deno.test("decodeHello() has a verdict on any bytes, and never throws", () => {
  const start = encodeHello(EXAMPLE).subarray(0, SIZE_HELLO);
  const any = fc.oneof(arbitraryBytes, arbitraryBytes.map((rest) => Uint8Array.from([...start, ...rest])));
  fc.assert(
    fc.property(any, fc.nat(60), (bytes, cut) => {
      const result = decodeHello(bytes, Math.max(0, bytes.length - cut));
      assert.ok(typeof result === "string" ? result.length > 0 : result.window > 0);
    }),
    { numRuns: 1000 },
  );
});
