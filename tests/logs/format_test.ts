/** Formats of access logs: what each directive writes, and that nobody can forge a line. */

import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { type LineFormat, readFormat } from "../../src/logs/format.ts";
import { JSON_FIELDS } from "../../src/logs/json.ts";
import { LogRecord } from "../../src/logs/record.ts";
import { type Given, record } from "./records.ts";

function line(format: string, given: Given = {}): string {
  const reading = readFormat(format);
  assert.ok("value" in reading, JSON.stringify(reading));
  return written(reading.value, record(given));
}

/** The line, as it is put where many are gathered; as a text it is the same. */
function written(format: LineFormat, given: LogRecord): string {
  const line = format.of(given);
  const bytes = new Uint8Array(1 << 17);
  const end = line.put(bytes, 3, 0);
  const text = new TextDecoder().decode(bytes.subarray(3, end));
  assert.equal(text, line.text());
  assert.ok(text.endsWith("\n"));
  return text.slice(0, -1);
}

function fault(format: string): string {
  const reading = readFormat(format);
  assert.ok("fault" in reading, `${format} is read`);
  return reading.fault;
}

/** Times depend on the zone of whoever runs this; `%t` is taken apart instead. */
const CASES: readonly (readonly [format: string, expected: string, given?: Given])[] = [
  ["%h %l %u", "192.0.2.7 - -"],
  ["%a %{c}a %A", "192.0.2.7 192.0.2.7 192.0.2.1"],
  ["%u", "frank", { user: "frank" }],
  ['"%r"', '"GET /app/a.txt?b=c HTTP/1.1"'],
  ['"%r" %>s', '"-" 408', { method: "", target: "", status: 408 }],
  ["%s %>s %<s", "200 200 200"],
  ["%s", "-", { status: 0 }],
  ["%b %B", "2326 2326"],
  ["%b %B", "- 0", { content: 0 }],
  ["%I %O %S", "120 2400 2520"],
  ["%D %T %{s}T %{ms}T %{us}T", "1234567 1 1 1234 1234567"],
  ["%{Referer}i|%{USER-AGENT}i|%{X-None}i", 'http://x/\\"y\\"|curl/8|-'],
  ["%{content-type}o %{X-None}o", "text/plain -"],
  ["%v %V", "example.com example.com"],
  ["%V", "example.com", { authority: "" }],
  ["%V", "[::1]", { authority: "[::1]:80" }],
  ["%p %{local}p %{canonical}p %{remote}p", "8080 8080 8080 50123"],
  ["%P %{pid}P %{tid}P", "4711 4711 4711"],
  ["%U%q", "/app/a.txt?b=c"],
  ["%U%q", "/app/a.txt", { target: "/app/a.txt", query: "" }],
  ["%U%q", "/app/a.txt?", { target: "/app/a.txt?", query: "" }],
  ["%m %H", "GET HTTP/1.1"],
  ["%H", "HTTP/1.0", { minor: 0 }],
  ["%k", "1"],
  ["%X", "X", { fate: "X" }],
  ["%X%X", "--", { fate: "-" }],
  ["%L", "1a2b-3c.2"],
  ["%{session}C %{none}C", "s3 -"],
  ["%R", "fetch"],
  ["%{site}x %{route}x %{backend}x %{kind}x", "example.com /app/ web fetch"],
  ["%{waited}x %{handover}x %{id}x %{flags}x %{why}x %{trace}x", "250 300 1a2b-3c.2 - - -"],
  ["%{sec}t %{msec}t %{msec_frac}t", "971186136 971186136123 123"],
  ["%{end:sec}t %{end:msec}t", "971186137 971186137357"],
  ["%400,501{User-Agent}i", "-"],
  ["%200,304{User-Agent}i", "curl/8"],
  ["%!200,304,302{Referer}i", "-"],
  ["%!400{User-Agent}i", "curl/8"],
  ["%%%m%%", "%GET%"],
  ["\\t%m\\\\", "\tGET\\"],
  ["%{X}e%{Y}n%f", "---"],
  ["%{X}e %{Y}e", "1 -", { variables: { X: "1" } }],
  ["%{UNIQUE_ID}e", "1a2b-3c.2"],
  ["%{%%c %Ed %Oy}t", "%c 10 00"],
  ["%{SSL_PROTOCOL}x %{SSL_CIPHER}x %{version}c", "- - -"],
  ["%{SSL_PROTOCOL}x %{SSL_TLS_SNI}x %{version}c %{subjectdn}c", 'TLSv1.3 a\\"b TLSv1.3 -', {
    tls: () => ({ SSL_PROTOCOL: "TLSv1.3", SSL_TLS_SNI: 'a"b' }),
  }],
  ["%{hextid}P", "1267"],
  ["ä%m", "\\xc3\\xa4GET"],
];

Deno.test("readFormat: each directive writes what httpd would", () => {
  for (const [format, expected, given] of CASES) assert.equal(line(format, given), expected, format);
});

Deno.test("readFormat: %t is the time in the process's own zone", () => {
  const given = { begun: Date.UTC(2026, 1, 3, 4, 5, 6, 789) };
  const parts = /^\[(\d\d)\/(\w{3})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)\]$/.exec(line("%t", given));
  assert.ok(parts !== null);
  const [, day, month, year, clock, hours, minutes] = parts;
  assert.equal(new Date(`${day} ${month} ${year} ${clock} ${hours}:${minutes}`).getTime(), given.begun - 789);
  assert.equal(line("%{%Y-%m-%dT%H:%M:%S}t", given), line("%{%FT%T}t", given));
});

Deno.test("readFormat: weeks are those of strftime(3)", () => {
  // As date(1) says it: of days at both ends of years that begin on different days of the week.
  const days = [
    [[2000, 9, 10], "2000 00 41 41 41 PM pm"],
    [[2023, 0, 1], "2022 22 52 01 00 PM pm"],
    [[2024, 11, 30], "2025 25 01 52 53 PM pm"],
    [[2026, 11, 31], "2026 26 53 52 52 PM pm"],
    [[2027, 0, 1], "2026 26 53 00 00 PM pm"],
    [[2027, 0, 4], "2027 27 01 01 01 PM pm"],
  ] as const;
  for (const [[year, month, day], expected] of days) {
    const begun = new Date(year, month, day, 13).getTime();
    assert.equal(line("%{%G %g %V %U %W %p %P}t", { begun }), expected);
  }
});

Deno.test("readFormat: the named formats are httpd's", () => {
  const time = line("%t");
  assert.equal(line("common"), `192.0.2.7 - - ${time} "GET /app/a.txt?b=c HTTP/1.1" 200 2326`);
  assert.equal(line("combined"), `${line("common")} "http://x/\\"y\\"" "curl/8"`);
});

Deno.test("readFormat: what cannot be read is told, with what would be right", () => {
  assert.match(fault("%h %y"), /Unknown directive "%y"/);
  assert.match(fault("%{X i"), /from "%\{X i" on; write %%/);
  assert.match(fault("100%"), /write %%/);
  assert.match(fault("%i"), /"%i" needs the name of a header field in braces/);
  assert.match(fault("%{}i"), /needs the name of a header field/);
  assert.match(fault("%{h}T"), /takes s, ms or us/);
  assert.match(fault("%{nope}x"), /takes one of site, route, backend/);
  assert.match(fault("%{%Q}t"), /strftime/);
  assert.match(fault("no directive"), /without a directive/);
  assert.match(fault(""), /without a directive/);
});

Deno.test("readFormat: what has no value here is named", () => {
  const reading = readFormat("%h %{PATH}e %f %^FB %{ms}^FB %{SSL_SERVER_I_DN}x");
  assert.ok("value" in reading);
  assert.deepEqual(reading.value.missing, [
    "%f, names of files",
    "%^FB, the time to the first byte",
    "%{ms}^FB, the time to the first byte",
    "%{SSL_SERVER_I_DN}x, variables of mod_ssl",
  ]);
});

Deno.test("json: an object with the same keys always, whatever is missing", () => {
  const full = JSON.parse(line("json"));
  const json = readFormat("json");
  assert.ok("value" in json);
  const empty = JSON.parse(
    written(json.value, new LogRecord({ name: "front", process: 1, kind: "front" })),
  );
  assert.deepEqual(Object.keys(full), Object.keys(JSON_FIELDS));
  assert.deepEqual(Object.keys(empty), Object.keys(full));
  assert.equal(full.time, "2000-10-10T13:55:36.123Z");
  assert.equal(full.target, "/app/a.txt?b=c");
  assert.equal(full.referer, 'http://x/"y"');
  assert.equal(empty.status, null);
  assert.equal(empty.method, null);
  assert.equal(JSON.parse(line("json", { target: "/\xc3\xa4\xff" })).target, "/ä\ufffd");
});

/** Any bytes that a client could send, and some that mean something in lines. */
const hostile = fc.string({
  unit: fc.oneof(
    fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
    fc.constantFrom("\n", "\r", '"', "\\", "\x1b", "\x7f", "\x85"),
  ),
});

Deno.test("no byte of a client ends a line, closes a quote or leaves ASCII", () => {
  fc.assert(fc.property(hostile, hostile, hostile, (target, agent, host) => {
    const given = {
      target,
      path: target,
      query: target,
      authority: host,
      method: host || "GET",
      head: `GET / HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: ${agent}\r\n\r\n`,
    };
    const text = line('%h "%r" "%{User-Agent}i" "%U" "%q" "%V" %m', given);
    assert.match(text, /^[\x20-\x7e]*$/);
    // Quotes that are not escaped are those of the format.
    assert.equal(text.replace(/\\./g, "").split('"').length - 1, 10, text);
    const json = line("json", given);
    assert.match(json, /^[\x20-\x7e]*$/);
    assert.equal(Object.keys(JSON.parse(json)).length, Object.keys(JSON_FIELDS).length);
  }));
});

Deno.test("a line of a record that is used again is that of a new one", () => {
  const everything = readFormat(
    '%a %{remote}p %u %{msec}t "%r" %>s %b %I %D "%{Referer}i" %{Content-Type}o %{session}C %X %404{User-Agent}i %V',
  );
  const json = readFormat("json");
  const combined = readFormat("combined");
  assert.ok("value" in everything && "value" in json && "value" in combined);
  const heads = [
    "GET / HTTP/1.1\r\nHost: a\r\nReferer: b\r\n\r\n",
    "GET / HTTP/1.0\r\nUser-Agent: c\r\n\r\n",
    "",
  ];
  const given = fc.record({
    head: fc.constantFrom(...heads),
    client: fc.constantFrom("192.0.2.7", "2001:db8::1"),
    clientPort: fc.constantFrom(1, 2),
    status: fc.constantFrom(0, 200, 404),
    user: fc.constantFrom("", "frank"),
    content: fc.nat(3),
    duration: fc.nat(3),
    begun: fc.nat(3_000),
    responseHead: fc.constantFrom("", "HTTP/1.1 200 OK\r\nContent-Type: x/y\r\n\r\n"),
    fate: fc.constantFrom("X" as const, "+" as const, "-" as const),
    // How often it comes, and whether what was written before has left by then.
    leaves: fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }),
  });
  fc.assert(fc.property(fc.array(given, { maxLength: 12 }), (requests) => {
    for (const { value } of [everything, json, combined]) {
      const kept = record();
      const line = value.of(kept);
      const [bytes, decoder] = [new Uint8Array(16_384), new TextDecoder()];
      let [at, batch] = [0, 0];
      for (const { leaves, ...request } of requests) {
        const { head } = request;
        const follows = {
          method: head.slice(0, 3),
          minor: Number(head[13] ?? 1),
          authority: head.slice(22, 23),
        };
        Object.assign(kept, request, follows);
        for (const hasLeft of leaves) {
          // Others have written over what stood there.
          if (hasLeft) [at, batch] = [bytes.fill(7).length % 5, batch + 1];
          const end = line.put(bytes, at, batch);
          assert.equal(
            decoder.decode(bytes.subarray(at, end)),
            value.of(record({ ...request, ...follows })).text(),
          );
          at = end;
        }
      }
    }
  }));
});

Deno.test("RecordLine.put(): says that there is no room, and writes nothing beyond", () => {
  for (const format of ["combined", "json", '%t %D "%{Content-Type}o" %u']) {
    const reading = readFormat(format);
    assert.ok("value" in reading);
    const line = reading.value.of(record({ user: "u".repeat(40), duration: 2 ** 40 }));
    const expected = line.text();
    let fits = 0;
    for (let room = 0; room < expected.length + 400; room++) {
      const bytes = new Uint8Array(room + 8).fill(7);
      const end = line.put(bytes.subarray(0, room), 0, room);
      if (end >= 0) {
        fits++;
        assert.equal(new TextDecoder().decode(bytes.subarray(0, end)), expected);
      }
      assert.ok(bytes.subarray(Math.max(end, room)).every((byte) => byte === 7));
    }
    assert.ok(fits > 0, format);
  }
});

Deno.test("a long hostile field costs what it is long", () => {
  const work = (length: number) => {
    const head = `GET / HTTP/1.1\r\nUser-Agent: ${'"\\'.repeat(length)}\r\n${
      "A: b\r\n".repeat(length / 8)
    }\r\n`;
    return line("%{User-Agent}i %{A}i %{None}i", { head }).length;
  };
  assert.ok(work(16_384) < 2.1 * work(8_192));
});
