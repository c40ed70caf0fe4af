import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { parseHttpDate } from "../../src/http/http_date.ts";
import { httpDate } from "../../src/http/response_head.ts";

const NOW = Date.UTC(2026, 10, 24, 12);
const EXAMPLE = Date.UTC(1994, 10, 6, 8, 49, 37);

const read = (text: string, now = NOW) => parseHttpDate(text, now);

Deno.test("parseHttpDate() reads the three forms of RFC 9110, 5.6.7", () => {
  assert.equal(read("Sun, 06 Nov 1994 08:49:37 GMT"), EXAMPLE);
  assert.equal(read("Sunday, 06-Nov-94 08:49:37 GMT"), EXAMPLE);
  assert.equal(read("Sun Nov  6 08:49:37 1994"), EXAMPLE);
  assert.equal(read("Sun Nov 16 08:49:37 1994"), Date.UTC(1994, 10, 16, 8, 49, 37));
  // Nothing depends on the day's name.
  assert.equal(read("Mon, 06 Nov 1994 08:49:37 GMT"), EXAMPLE);
  assert.equal(read("Sat, 31 Dec 2016 23:59:60 GMT"), Date.UTC(2016, 11, 31, 23, 59, 59));
  assert.equal(read("Sat, 01 Jan 0005 00:00:00 GMT"), Date.parse("0005-01-01T00:00:00Z"));
});

const NO_DATES = [
  "",
  "yesterday",
  "1994-11-06T08:49:37Z",
  "Sun, 6 Nov 1994 08:49:37 GMT",
  "Sun, 06 Nov 94 08:49:37 GMT",
  "Sun, 06 Nov 1994 08:49:37",
  "Sun, 06 Nov 1994 08:49:37 UTC",
  "Sun, 06 Nov 1994 08:49:37 +0000",
  "sun, 06 nov 1994 08:49:37 gmt",
  "Sun,  06 Nov 1994 08:49:37 GMT",
  " Sun, 06 Nov 1994 08:49:37 GMT",
  "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
  "Foo, 06 Nov 1994 08:49:37 GMT",
  "Sun, 06 Foo 1994 08:49:37 GMT",
  "Sun, 31 Nov 1994 08:49:37 GMT",
  "Sun, 00 Nov 1994 08:49:37 GMT",
  "Wed, 29 Feb 2023 08:49:37 GMT",
  "Sun, 06 Nov 1994 24:00:00 GMT",
  "Sun, 06 Nov 1994 08:60:37 GMT",
  "Sun, 06 Nov 1994 08:49:61 GMT",
  "Sun, 06-Nov-94 08:49:37 GMT",
  "Sunday, 06-Nov-1994 08:49:37 GMT",
  "Sunday, 31-Nov-94 08:49:37 GMT",
  "Sun Nov 6 08:49:37 1994",
  "Sun Nov 06 08:49:37 1994 GMT",
];

Deno.test("parseHttpDate() reads nothing else, and no day that the calendar does not have", () => {
  for (const text of NO_DATES) assert.equal(read(text), undefined, text);
});

Deno.test("parseHttpDate() takes two digits for a year that is not more than 50 years ahead", () => {
  const year = (digits: string, now: number) =>
    new Date(read(`Sunday, 06-Nov-${digits} 08:49:37 GMT`, now)!).getUTCFullYear();
  assert.equal(year("26", NOW), 2026);
  assert.equal(year("76", NOW), 2076);
  assert.equal(year("77", NOW), 1977);
  assert.equal(year("00", NOW), 2000);
  assert.equal(year("30", Date.UTC(1999, 0)), 2030);
  assert.equal(year("60", Date.UTC(1999, 0)), 1960);
  assert.equal(year("10", Date.UTC(2090, 0)), 2110);
  // 2100 has no 29 February, and 2000 has one.
  assert.equal(read("Sunday, 29-Feb-00 08:49:37 GMT"), Date.UTC(2000, 1, 29, 8, 49, 37));
});

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const date = fc.date({
  min: new Date("1977-01-01T00:00:00Z"),
  max: new Date("2076-01-01T00:00:00Z"),
  noInvalidDate: true,
});

Deno.test("parseHttpDate() reads what is written in each form, to the second", () => {
  fc.assert(fc.property(date, (value) => {
    const fixed = httpDate(value.getTime());
    const second = Math.floor(value.getTime() / 1000) * 1000;
    assert.equal(read(fixed), second);
    const [, day, month, year, time] = /^\w+, (\d\d) (\w+) \d\d(\d\d) ([\d:]+) GMT$/.exec(fixed)!;
    const name = DAYS[value.getUTCDay()]!;
    assert.equal(read(`${name}, ${day}-${month}-${year} ${time} GMT`), second);
    const padded = String(Number(day)).padStart(2, " ");
    assert.equal(
      read(`${name.slice(0, 3)} ${month} ${padded} ${time} ${value.getUTCFullYear()}`),
      second,
    );
  }));
});

Deno.test("parseHttpDate() says of any text whether it is a date, and never throws", () => {
  const piece = fc.constantFrom(
    ...DAYS,
    "Sun",
    "06",
    "6",
    " 6",
    "Nov",
    "94",
    "1994",
    "08:49:37",
    "GMT",
    ",",
    " ",
    "-",
  );
  fc.assert(fc.property(fc.array(piece), fc.integer({ min: 0, max: 4e12 }), (pieces, now) => {
    const time = parseHttpDate(pieces.join(""), now);
    assert.ok(time === undefined || Number.isFinite(time));
  }));
});
