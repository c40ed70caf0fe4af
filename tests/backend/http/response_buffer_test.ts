import assert from "node:assert/strict";
import fc from "../../support/properties.ts";
import { ResponseBuffer } from "../../../src/backend/http/response_buffer.ts";

const buffer = new ResponseBuffer();
const ROOM = buffer.bytes.length;
const HEAD = "HTTP/1.1 200 OK\r\n\r\n";

const length = fc.oneof(
  fc.integer({ min: ROOM - 8, max: ROOM + 8 }),
  fc.constantFrom(16_384, 32_768, ROOM / 2, ROOM / 3, 65_536, 2 * ROOM).chain((near) =>
    fc.integer({ min: Math.floor(near) - 3, max: Math.ceil(near) + 3 })
  ),
  fc.nat({ max: ROOM }),
);
const filling = fc.constantFrom("a", "\xe4", "€", "😀", "\ud800");
const place = fc.constantFrom("none", "first", "last", "all");

/** A text of so many units, in which something is not ASCII at this place, or nothing. */
function textOf(length: number, unit: string, place: "none" | "first" | "last" | "all"): string {
  if (place === "none" || length < unit.length) return "a".repeat(length);
  if (place === "all") return unit.repeat(length / unit.length).padEnd(length, "a");
  return place === "first"
    ? unit + "a".repeat(length - unit.length)
    : "a".repeat(length - unit.length) + unit;
}

Deno.test("ResponseBuffer.put() puts all of a response into the buffer, or says that it does not", () => {
  let [whole, none] = [0, 0];
  fc.assert(
    fc.property(length, filling, place, (units, unit, place) => {
      const content = textOf(Math.max(0, units - HEAD.length), unit, place);
      const expected = new TextEncoder().encode(HEAD + content);
      const size = buffer.put(HEAD, content);
      const bytes = new TextEncoder().encode(content);
      const sizeOfBytes = buffer.put(HEAD, bytes);
      if (sizeOfBytes >= 0) assert.deepEqual(buffer.bytes.subarray(0, sizeOfBytes), expected);
      else assert.ok(expected.length > ROOM);
      if (size < 0) return void none++;
      whole++;
      assert.equal(size, expected.length, `${units} units with ${JSON.stringify(unit)} ${place}`);
      assert.equal(buffer.put(HEAD, content), size);
      assert.deepEqual(buffer.bytes.subarray(0, size), expected);
    }),
    { numRuns: 1_000, examples: [[ROOM, "\xe4", "last"], [ROOM, "€", "first"], [ROOM - 1, "\xe4", "all"]] },
  );
  assert.ok(whole > 150 && none > 150, `${whole} ${none}`);
});
