import assert from "node:assert/strict";
import fc from "../../support/properties.ts";
import { boundaryOf, frame } from "../../../src/backend/static/multipart.ts";
import { contentRange, MOST_RANGES, selectRanges } from "../../../src/backend/static/ranges.ts";

type Selected = "whole" | "unsatisfiable" | readonly (readonly [first: number, last: number])[];

/** For a file of 100 bytes. */
const SELECTED: readonly (readonly [value: string, selected: Selected])[] = [
  ["bytes=0-0", [[0, 0]]],
  ["bytes=0-99", [[0, 99]]],
  ["bytes=10-19", [[10, 19]]],
  ["bytes=10-", [[10, 99]]],
  ["bytes=99-", [[99, 99]]],
  ["bytes=90-1000", [[90, 99]]],
  ["bytes=-1", [[99, 99]]],
  ["bytes=-100", [[0, 99]]],
  ["bytes=-1000", [[0, 99]]],
  ["BYTES=0-0", [[0, 0]]],
  ["bytes=007-0008", [[7, 8]]],
  ["bytes=0-0,-1", [[0, 0], [99, 99]]],
  ["bytes= 0-0 ,\t5-6", [[0, 0], [5, 6]]],
  ["bytes=,0-0,,5-6,", [[0, 0], [5, 6]]],
  // In the order of the request (15.3.7.2).
  ["bytes=50-59,10-19", [[50, 59], [10, 19]]],
  ["bytes=0-0,0-0", [[0, 0], [0, 0]]],
  ["bytes=0-60,50-88", [[0, 60], [50, 88]]],
  // Those that the file has.
  ["bytes=0-0,100-", [[0, 0]]],
  ["bytes=0-0,-0", [[0, 0]]],
  ["bytes=100-", "unsatisfiable"],
  ["bytes=100-200,300-", "unsatisfiable"],
  ["bytes=-0", "unsatisfiable"],
  ["bytes=99999999999999999999999-", "unsatisfiable"],
  ["bytes=0-99999999999999999999999", [[0, 99]]],
  ["bytes=-99999999999999999999999", [[0, 99]]],
  // More than there is, in all: they overlap.
  ["bytes=0-,0-", "whole"],
  ["bytes=0-99,5-5", "whole"],
  ["bytes=-60,-60", "whole"],
  // Malformed, or in another unit.
  ["bytes=", "whole"],
  ["bytes=,", "whole"],
  ["bytes", "whole"],
  ["bytes=-", "whole"],
  ["bytes=5-4", "whole"],
  ["bytes=0-0,5-4", "whole"],
  ["bytes=a-b", "whole"],
  ["bytes=0x1-2", "whole"],
  ["bytes=1-2-3", "whole"],
  ["bytes=--1", "whole"],
  ["bytes=+1-2", "whole"],
  ["bytes=1 -2", "whole"],
  ["bytes =1-2", "whole"],
  ["bytes:1-2", "whole"],
  ["bytes=0-0, bytes=5-6", "whole"],
  ["seconds=1-2", "whole"],
  ["", "whole"],
];

Deno.test("selectRanges() has the bytes that a Range names, or the whole file", () => {
  for (const [value, expected] of SELECTED) {
    const selected = selectRanges(value, 100);
    const found = typeof selected === "string" ? selected : selected.map(({ first, last }) => [first, last]);
    assert.deepEqual(found, expected, value);
  }
});

Deno.test("selectRanges() has the whole of an empty file, whatever is asked for", () => {
  for (const range of ["0-", "0-0", "5-", "-5", "-0"]) {
    assert.equal(selectRanges(`bytes=${range}`, 0), "whole", range);
  }
});

Deno.test("selectRanges() has an end to its patience", () => {
  const ranges = (count: number) =>
    "bytes=" + Array.from({ length: count }, (_, at) => `${2 * at}-${2 * at}`).join();
  assert.equal(selectRanges(ranges(MOST_RANGES), 10_000).length, MOST_RANGES);
  assert.equal(selectRanges(ranges(MOST_RANGES + 1), 10_000), "whole");
  // Those that the file does not have count as well.
  assert.equal(selectRanges(ranges(MOST_RANGES + 1), 1), "whole");
});

const spec = fc.oneof(
  fc.tuple(fc.nat(300), fc.nat(300)).map(([first, length]) => ({ first, last: first + length })),
  fc.nat(300).map((first) => ({ first, last: undefined })),
  fc.nat(300).map((suffix) => ({ suffix })),
);
const write = (value: { first: number; last: number | undefined } | { suffix: number }) =>
  "suffix" in value ? `-${value.suffix}` : `${value.first}-${value.last ?? ""}`;

Deno.test("selectRanges() has exactly the bytes that each range names, by counting them", () => {
  fc.assert(fc.property(fc.array(spec, { minLength: 1, maxLength: 5 }), fc.nat(200), (specs, size) => {
    const named = specs.map((value) => {
      const has = (at: number) =>
        "suffix" in value ? at >= size - value.suffix : at >= value.first && at <= (value.last ?? size);
      return Array.from({ length: size }, (_, at) => at).filter(has);
    });
    const found = named.filter((bytes) => bytes.length > 0);
    const selected = selectRanges(`bytes=${specs.map(write).join(", ")}`, size);
    if (selected === "whole") {
      assert.ok(size === 0 || found.flat().length > size);
    } else if (selected === "unsatisfiable") assert.equal(found.length, 0);
    else {
      const bytes = selected.map(({ first, last }) =>
        Array.from({ length: last - first + 1 }, (_, at) => first + at)
      );
      assert.deepEqual(bytes, found);
    }
  }));
});

Deno.test("selectRanges() never asks for bytes that the file does not have, whatever it is given", () => {
  const text = fc.array(fc.constantFrom("bytes=", "0", "9", "99999999999999999999", "-", ",", " ", "x", "="))
    .map((pieces) => pieces.join(""));
  fc.assert(fc.property(fc.oneof(text, text.map((rest) => `bytes=${rest}`)), fc.nat(200), (value, size) => {
    const selected = selectRanges(value, size);
    if (typeof selected === "string") return;
    assert.ok(selected.length > 0);
    let sum = 0;
    for (const { first, last } of selected) {
      assert.ok(0 <= first && first <= last && last < size);
      sum += last - first + 1;
    }
    assert.ok(sum <= size);
  }));
});

Deno.test("frame() counts what it frames, and its parts are found by the boundary", () => {
  const ranges = [{ first: 0, last: 4 }, { first: 95, last: 99 }];
  const boundary = boundaryOf(new Uint8Array(20).map((_, at) => at * 13));
  assert.match(boundary, /^[0-9a-v]{20}$/);
  const { heads, end, length } = frame(ranges, 100, "text/plain", boundary);
  const content = heads.map((head) => head + "12345").join("") + end;
  assert.equal(content.length, length);
  assert.deepEqual(content.split(`\r\n--${boundary}`), [
    "",
    "\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-4/100\r\n\r\n12345",
    "\r\nContent-Type: text/plain\r\nContent-Range: bytes 95-99/100\r\n\r\n12345",
    "--\r\n",
  ]);
  assert.equal(contentRange(ranges[1]!, 100), "bytes 95-99/100");
});
