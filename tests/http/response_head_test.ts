import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { ResponseParser } from "../../src/http/response_parser.ts";
import { DateField, encodeResponseHead, httpDate, reasonPhrase } from "../../src/http/response_head.ts";

const text = (bytes: Uint8Array) => String.fromCharCode(...bytes);

Deno.test("encodeResponseHead writes status line, fields in order and a blank line", () => {
  const head = encodeResponseHead(200, [["Content-Length", "0"], ["Set-Cookie", "a=b"], [
    "set-cookie",
    "c=d",
  ]]);
  assert.equal(
    text(head),
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: a=b\r\nset-cookie: c=d\r\n\r\n",
  );
});

Deno.test("encodeResponseHead takes any iterable, such as Headers", () => {
  const head = encodeResponseHead(204, new Headers({ "X-A": "b" }));
  assert.equal(text(head), "HTTP/1.1 204 No Content\r\nx-a: b\r\n\r\n");
});

Deno.test("encodeResponseHead writes Latin-1", () => {
  const head = encodeResponseHead(200, [["X", "caf\xe9"]]);
  assert.ok(head.includes(0xe9));
  assert.equal(text(head), "HTTP/1.1 200 OK\r\nX: caf\xe9\r\n\r\n");
});

Deno.test("encodeResponseHead keeps the space before a reason phrase that is empty", () => {
  assert.equal(text(encodeResponseHead(299, [])), "HTTP/1.1 299 \r\n\r\n");
  assert.equal(text(encodeResponseHead(200, [], "Fine")), "HTTP/1.1 200 Fine\r\n\r\n");
});

Deno.test("encodeResponseHead throws on what would break the head", () => {
  for (const value of ["a\rb", "a\nb", "a\r\nX: y", "a\0", "\u0100", "€"]) {
    assert.throws(() => encodeResponseHead(200, [["X", value]]), TypeError, JSON.stringify(value));
    assert.throws(() => encodeResponseHead(200, [], value), TypeError, JSON.stringify(value));
  }
  for (const name of ["", "a b", "a:", "a\n", "\xe9", "\u0141"]) {
    assert.throws(() => encodeResponseHead(200, [[name, ""]]), TypeError, JSON.stringify(name));
  }
  for (const status of [0, 99, 1000, 200.5, NaN]) {
    assert.throws(() => encodeResponseHead(status, []), TypeError, String(status));
  }
});

Deno.test("encodeResponseHead never lets a value add a line", () => {
  const values = fc.string({
    unit: fc.constantFrom("a", " ", "\r", "\n", "\0", "\xff", "\u010a", "\u2028"),
    maxLength: 4,
  });
  fc.assert(fc.property(values, (value) => {
    let head: Uint8Array;
    try {
      head = encodeResponseHead(200, [["X", value]]);
    } catch (error) {
      assert.ok(error instanceof TypeError);
      return;
    }
    assert.equal(text(head), `HTTP/1.1 200 OK\r\nX: ${value}\r\n\r\n`);
    assert.equal(text(head).split(/\r|\n/).length, 7);
  }));
});

Deno.test("whatever a handler gives, what a client reads is one response with these fields, or none is sent", () => {
  const nasty = fc.string({
    unit: fc.constantFrom(
      ..."aZ-:; \t\r\n\0\x7f\xff\u0100",
      "\r\n",
      "\r\nX: y",
      "\r\n\r\nHTTP/1.1 200 OK\r\n",
    ),
    maxLength: 4,
  });
  const fields = fc.array(fc.tuple(fc.oneof(nasty, fc.constantFrom("X-A", "set-cookie")), nasty), {
    maxLength: 4,
  });
  const reader = new ResponseParser({ head: 10_000 });
  let sent = 0;
  fc.assert(
    fc.property(fields, fc.option(nasty, { nil: undefined }), (fields, reason) => {
      let head: Uint8Array;
      try {
        head = encodeResponseHead(200, fields, reason);
      } catch (error) {
        assert.ok(error instanceof TypeError);
        return;
      }
      // Control characters that end no line are let through, and a client may refuse them.
      if (reader.parse(head, 0, head.length) === "reject") {
        assert.match(reader.why, /control character/);
        return;
      }
      sent++;
      assert.equal(reader.end, head.length);
      const part = (start: number, end: number) => text(head.subarray(start, end));
      const found = Array.from({ length: reader.fieldCount }, (_, index) => {
        const [a, b, c, d] = reader.fields.subarray(4 * index, 4 * index + 4);
        return [part(a!, b!), part(c!, d!)];
      });
      const trim = (value: string) => value.replace(/^[ \t]+|[ \t]+$/g, "");
      assert.deepEqual(found, fields.map(([name, value]) => [name, trim(value)]));
    }),
    { numRuns: 2_000 },
  );
  assert.ok(sent >= 100, `only ${sent} heads were sent`);
});

Deno.test("reasonPhrase knows registered codes only", () => {
  assert.equal(reasonPhrase(431), "Request Header Fields Too Large");
  assert.equal(reasonPhrase(413), "Content Too Large");
  assert.equal(reasonPhrase(418), "");
});

Deno.test("httpDate writes an IMF-fixdate", () => {
  // The example of RFC 9110, 5.6.7.
  assert.equal(httpDate(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
  assert.equal(httpDate(784_111_777_999), "Sun, 06 Nov 1994 08:49:37 GMT");
  assert.equal(httpDate(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  for (const ms of [NaN, Infinity, 8.64e15]) assert.throws(() => httpDate(ms), RangeError);
});

Deno.test("httpDate is read back as the same second", () => {
  const year9999 = Date.UTC(9999, 11, 31);
  fc.assert(fc.property(fc.integer({ min: 0, max: year9999 }), (ms) => {
    assert.match(httpDate(ms), /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/);
    assert.equal(Date.parse(httpDate(ms)), Math.floor(ms / 1000) * 1000);
  }));
});

Deno.test("DateField formats once a second", () => {
  const date = new DateField();
  const first = date.line(784_111_777_000);
  assert.equal(text(first), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  assert.equal(date.line(784_111_777_999), first);
  assert.equal(date.value(784_111_778_000), "Sun, 06 Nov 1994 08:49:38 GMT");
  assert.equal(text(date.line(784_111_778_000)), "Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n");
  assert.equal(date.value(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
});
