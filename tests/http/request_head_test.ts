import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { endsHead } from "../../src/http/head_growth.ts";
import { RequestHead } from "../../src/http/request_head.ts";
import { latin1, LIMITS, show } from "./compliance/case.ts";
import { CASES, ofFirstHead } from "./compliance/table.ts";

function parse(text: string): RequestHead {
  const head = new RequestHead(LIMITS);
  const bytes = latin1(text);
  assert.equal(head.parse(bytes, 0, bytes.length), "head", head.why);
  return head;
}

/** The verdict, or the status of a rejection. */
function outcome(head: RequestHead, bytes: Uint8Array, start: number, end: number): string | number {
  const verdict = head.parse(bytes, start, end);
  if (verdict === "reject") assert.match(head.why, /^[a-z].*[^.]$/, "a rejection says why");
  return verdict === "reject" ? head.status : verdict;
}

/** Parses every prefix, and asserts that only "more" ever changes, also in what it says. Gives the last outcome. */
function parsePrefixes(head: RequestHead, bytes: Uint8Array): string | number {
  let decided: string | undefined;
  let last: string | number = "more";
  for (let end = 0; end <= bytes.length; end++) {
    last = outcome(head, bytes, 0, end);
    const whole = `${last} ${last === "head" ? head.end : head.why}`;
    if (decided !== undefined) assert.equal(whole, decided, `with ${end} of ${bytes.length} bytes`);
    else if (last === "head") assert.equal(head.end, end, "a head ends where it is first seen whole");
    if (last !== "more") decided = whole;
  }
  return last;
}

Deno.test("RequestHead gives each case its verdict, split at every byte", () => {
  const head = new RequestHead(LIMITS);
  for (const each of CASES) {
    const [, input] = each;
    const expected = ofFirstHead(each);
    assert.equal(parsePrefixes(head, latin1(input)), expected, show(each));
    // Neither what lies around the range nor what the object read before may matter.
    const around = latin1("\0\r\n" + input + "\r\n\r\nGET / HTTP/1.1\r\n\r\n");
    assert.equal(outcome(head, around, 3, 3 + input.length), expected, show(each));
  }
});

Deno.test("RequestHead ends at the blank line, whatever follows", () => {
  for (const each of CASES) {
    if (ofFirstHead(each) !== "head") continue;
    const [, input] = each;
    const { end } = parse(input);
    const whole = input.slice(0, end);
    assert.ok(whole.endsWith("\r\n\r\n"), show(each));
    assert.equal(parse(whole).end, end, show(each));
    assert.equal(parse(whole + "\0 body \r\n\r\n").end, end, show(each));
  }
});

Deno.test("RequestHead gives the parts of each form of target", () => {
  const parts = (target: string, method = "GET") => {
    const text = `${method} ${target} HTTP/1.1\r\nHost: h:1\r\n\r\n`;
    const head = parse(text);
    assert.equal(text.slice(head.methodStart, head.methodEnd), method);
    assert.equal(text.slice(head.targetStart, head.targetEnd), target);
    const path = text.slice(head.pathStart, head.pathEnd);
    const query = text.slice(head.queryStart, head.queryEnd);
    return [head.form, text.slice(head.hostStart, head.hostEnd), path, query];
  };
  assert.deepEqual(parts("/"), ["origin", "h:1", "/", ""]);
  assert.deepEqual(parts("/a/b?c=d?e/f"), ["origin", "h:1", "/a/b", "c=d?e/f"]);
  assert.deepEqual(parts("/a?"), ["origin", "h:1", "/a", ""]);
  assert.deepEqual(parts("//a/b"), ["origin", "h:1", "//a/b", ""]);
  assert.deepEqual(parts("http://x"), ["absolute", "x", "", ""]);
  assert.deepEqual(parts("http://x?q"), ["absolute", "x", "", "q"]);
  assert.deepEqual(parts("HTTPS://X:2/a?q"), ["absolute", "X:2", "/a", "q"]);
  assert.deepEqual(parts("http://[::1]:2/"), ["absolute", "[::1]:2", "/", ""]);
  assert.deepEqual(parts("http://x/http://y/"), ["absolute", "x", "/http://y/", ""]);
  assert.deepEqual(parts("x:443", "CONNECT"), ["authority", "x:443", "", ""]);
  assert.deepEqual(parts("*", "OPTIONS"), ["asterisk", "h:1", "*", ""]);
});

Deno.test("RequestHead has an empty host where there is none, not the one before", () => {
  const head = new RequestHead(LIMITS);
  for (const rest of ["GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost:\r\n\r\n"]) {
    const first = latin1("GET http://example.com/ HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.equal(head.parse(first, 0, first.length), "head");
    const bytes = latin1(rest);
    assert.equal(head.parse(bytes, 0, bytes.length), "head");
    assert.equal(head.hostStart, head.hostEnd);
  }
});

Deno.test("RequestHead reads what fields say about the connection", () => {
  const flags = (version: string, ...lines: string[]) => {
    const head = parse(`GET / HTTP/${version}\r\nHost: a\r\n${lines.map((l) => l + "\r\n").join("")}\r\n`);
    const { minor, keepAlive, chunked, expectContinue, upgrade } = head;
    assert.equal(`1.${minor}`, version);
    return Object.entries({ keepAlive, chunked, expectContinue, upgrade }).filter((f) => f[1]).map((f) =>
      f[0]
    );
  };
  assert.deepEqual(flags("1.1"), ["keepAlive"]);
  assert.deepEqual(flags("1.1", "Connection: close"), []);
  assert.deepEqual(flags("1.1", "Connection: foo ,\tCLOSE,"), []);
  assert.deepEqual(flags("1.1", "Connection: keep-alive", "Connection: close"), []);
  assert.deepEqual(flags("1.1", "Connection: close", "Connection: keep-alive"), []);
  assert.deepEqual(flags("1.1", "Connection: closed"), ["keepAlive"]);
  assert.deepEqual(flags("1.1", "Connection:"), ["keepAlive"]);
  assert.deepEqual(flags("1.0"), []);
  assert.deepEqual(flags("1.0", "Connection: Keep-Alive"), ["keepAlive"]);
  assert.deepEqual(flags("1.0", "Connection: keep-alive, close"), []);
  assert.deepEqual(flags("1.1", "Transfer-Encoding: chunked"), ["keepAlive", "chunked"]);
  assert.deepEqual(flags("1.1", "Expect: 100-continue"), ["keepAlive", "expectContinue"]);
  assert.deepEqual(flags("1.0", "Expect: 100-continue"), []);
  assert.deepEqual(flags("1.1", "Connection: Upgrade", "Upgrade: websocket"), ["keepAlive", "upgrade"]);
  assert.deepEqual(flags("1.1", "Upgrade: h2c", "Connection: x, upgrade"), ["keepAlive", "upgrade"]);
  assert.deepEqual(flags("1.1", "Connection: upgrade, close", "Upgrade: h2c"), ["upgrade"]);
  assert.deepEqual(flags("1.1", "Connection: Upgrade"), ["keepAlive"]);
  assert.deepEqual(flags("1.1", "Upgrade: websocket"), ["keepAlive"]);
  assert.deepEqual(flags("1.0", "Connection: Upgrade", "Upgrade: websocket"), []);
});

Deno.test("RequestHead reads the content length, and forgets it", () => {
  const head = new RequestHead(LIMITS);
  for (
    const [line, expected] of [["Content-Length: 042", 42], ["X: y", -1], ["Content-Length:0", 0]] as const
  ) {
    const bytes = latin1(`POST / HTTP/1.1\r\nHost: a\r\n${line}\r\n\r\n`);
    assert.equal(head.parse(bytes, 0, bytes.length), "head");
    assert.equal(head.contentLength, expected);
  }
});

const token = fc.string({
  unit: fc.constantFrom(..."abcXYZ019!#$%&'*+-.^_`|~"),
  minLength: 1,
  maxLength: 12,
});
const visible = fc.string({ unit: fc.constantFrom(...'aZ09 \t"(),/:;<=>?@[]{}\x80\xff'), maxLength: 24 });
const name = token.filter((text) =>
  !/^(host|expect|upgrade|connection|content-length|transfer-encoding)$/i.test(text)
);
const segment = fc.string({ unit: fc.constantFrom(..."aZ09-._~%!$&'()*+,;=:@/|{}"), maxLength: 20 });

Deno.test("RequestHead gives back the parts that a head was made of", () => {
  const heads = fc.record({
    method: token.filter((text) => text !== "CONNECT"),
    path: segment.map((text) => `/${text}`),
    query: fc.option(segment),
    minor: fc.constantFrom(0, 1),
    fields: fc.array(
      fc.record({
        name,
        value: visible,
        before: fc.constantFrom("", " ", "\t "),
        after: fc.constantFrom("", " "),
      }),
    ),
    offset: fc.nat(9),
  });
  const head = new RequestHead({ requestLine: 1000, head: 10_000 });
  fc.assert(fc.property(heads, ({ method, path, query, minor, fields, offset }) => {
    let text = "\n".repeat(offset) +
      `${method} ${path}${query === null ? "" : `?${query}`} HTTP/1.${minor}\r\n`;
    text += "Host: example.com\r\n";
    for (const { name, value, before, after } of fields) text += `${name}:${before}${value}${after}\r\n`;
    text += "\r\n";
    const bytes = latin1(text + "body");
    assert.equal(head.parse(bytes, offset, bytes.length), "head", head.why);
    const part = (start: number, end: number) => text.slice(start, end);
    assert.equal(part(head.methodStart, head.methodEnd), method);
    assert.equal(part(head.pathStart, head.pathEnd), path);
    assert.equal(part(head.queryStart, head.queryEnd), query ?? "");
    assert.equal(head.minor, minor);
    assert.equal(head.end, text.length);
    assert.equal(head.fieldCount, fields.length + 1);
    const found = Array.from({ length: head.fieldCount }, (_, index) => {
      const [a, b, c, d] = head.fields.subarray(4 * index, 4 * index + 4);
      return [part(a!, b!), part(c!, d!)];
    });
    const trim = (value: string) => value.replace(/^[ \t]+|[ \t]+$/g, "");
    assert.deepEqual(found, [["Host", "example.com"], ...fields.map((f) => [f.name, trim(f.value)])]);
  }));
});

const mostly = (good: string, ...others: string[]) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(good) }, { weight: 1, arbitrary: fc.constantFrom(...others) });

/** A request line and field lines, each of them mostly in order: enough of these are whole heads. */
const nearlyHttp = fc.tuple(
  mostly("", "\r\n", "\n"),
  mostly("GET ", "OPTIONS ", "CONNECT ", "PRI ", " ", "G:"),
  mostly("/", "*", "http://a", "a:80", "[::1]:80"),
  mostly("", "/", "?a", "@", "#", "\xff"),
  mostly(" HTTP/1.1\r\n", " HTTP/1.0\r\n", " HTTP/2.0\r\n", "\r\n", " HTTP/1.1\n"),
  mostly("Host: a\r\n", "", "Host: \r\n", "Host: a b\r\n"),
  fc.array(
    fc.tuple(
      fc.constantFrom(
        "Host:",
        "A: ",
        "B:",
        "Content-Length: ",
        "Transfer-Encoding:",
        "Connection: ",
        "Expect:",
        " ",
      ),
      fc.array(fc.constantFrom("a", "5", ",", " ", "\t", "chunked", "close", "\r", "\xff"), { maxLength: 2 }),
      mostly("\r\n", "\n", "\r"),
    ).map(([name, value, ending]) => name + value.join("") + ending),
    { maxLength: 3 },
  ),
  mostly("\r\n", "\n", ""),
).map((parts) => latin1(parts.flat().join("")));

Deno.test("RequestHead keeps its verdict and its offsets in range on any bytes", () => {
  const head = new RequestHead({ requestLine: 30, head: 90, fields: 4 });
  let heads = 0;
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), nearlyHttp), (bytes) => {
      if (parsePrefixes(head, bytes) !== "head") return;
      heads++;
      const spans = [
        [head.methodStart, head.methodEnd, head.targetStart, head.targetEnd, head.end],
        [head.targetStart, head.pathStart, head.pathEnd, head.queryStart, head.queryEnd, head.targetEnd],
        [0, head.hostStart, head.hostEnd, head.end],
        [head.targetEnd, ...head.fields.subarray(0, 4 * head.fieldCount), head.end, bytes.length],
      ];
      for (const span of spans) {
        assert.deepEqual(span, span.toSorted((a, b) => a - b), "offsets in their order");
      }
    }),
    { numRuns: 2000 },
  );
  assert.ok(heads >= 10, `only ${heads} whole heads, so the offsets were hardly looked at`);
});

Deno.test("endsHead agrees with a search of the text, and sees each byte once", () => {
  const pieces = fc.array(fc.constantFrom("\r", "\n", "\r\n", "a"), { maxLength: 12 }).map((list) =>
    list.join("")
  );
  fc.assert(
    fc.property(pieces, pieces, pieces, (before, known, fresh) => {
      const bytes = latin1(before + known + fresh);
      const start = before.length;
      const from = start + known.length;
      const ends = [...(known + fresh).matchAll(/(?<=\n\r?)\n/g)].map((match) => start + match.index);
      assert.equal(endsHead(bytes, start, from, bytes.length), ends.some((at) => at >= from));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("endsHead is true at the end of every head", () => {
  for (const each of CASES) {
    if (ofFirstHead(each) !== "head") continue;
    const [, input] = each;
    const bytes = latin1(input.slice(0, parse(input).end));
    for (let from = 0; from < bytes.length; from++) {
      assert.ok(endsHead(bytes, 0, from, bytes.length), show(each));
    }
  }
});
