import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { encodeResponseHead } from "../../src/http/response_head.ts";
import { ResponseParser } from "../../src/http/response_parser.ts";

const LIMITS = { head: 256, fields: 4 };

const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** What a parser says of bytes, in one line. */
function outcome(parser: ResponseParser, bytes: Uint8Array, start = 0, end = bytes.length): string {
  const verdict = parser.parse(bytes, start, end);
  if (verdict === "reject") return `reject: ${parser.why}`;
  if (verdict === "more") return verdict;
  const { status, minor, contentLength, chunked, keepAlive, fieldCount } = parser;
  return `1.${minor} ${status} length=${contentLength} chunked=${chunked} keep=${keepAlive} fields=${fieldCount} end=${
    parser.end - start
  }`;
}

const HEADS: readonly (readonly [text: string, outcome: string])[] = [
  ["HTTP/1.1 200 OK\r\n\r\n", "1.1 200 length=-1 chunked=false keep=true fields=0 end=19"],
  ["HTTP/1.1 200 \r\n\r\n", "1.1 200 length=-1 chunked=false keep=true fields=0 end=17"],
  ["HTTP/1.1 200\r\n\r\n", "1.1 200 length=-1 chunked=false keep=true fields=0 end=16"],
  ["HTTP/1.0 200 OK\r\n\r\n", "1.0 200 length=-1 chunked=false keep=false fields=0 end=19"],
  [
    "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
    "1.0 200 length=0 chunked=false keep=true fields=2 end=62",
  ],
  [
    "HTTP/1.1 200 OK\r\ncOnTeNt-LeNgTh:5 \r\nconnection: x, CLOSE\r\n\r\n",
    "1.1 200 length=5 chunked=false keep=false fields=2 end=60",
  ],
  [
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n",
    "1.1 200 length=-1 chunked=true keep=true fields=1 end=47",
  ],
  [
    "HTTP/1.1 204 No Content\r\nTransfer-Encoding : chunked\r\n\r\n",
    "1.1 204 length=-1 chunked=true keep=false fields=1 end=56",
  ],
  [
    "HTTP/1.1 103 \u00e4\t!\r\nLink: \u00e4\r\n\r\n",
    "1.1 103 length=-1 chunked=false keep=true fields=1 end=29",
  ],
  ["HTTP/1.1 200 OK\r\nX:\r\n\r\n", "1.1 200 length=-1 chunked=false keep=true fields=1 end=23"],
];

const FAULTY: readonly (readonly [text: string, why: string])[] = [
  ["http/1.1 200 OK\r\n\r\n", "it does not start with HTTP/1.1"],
  ["\r\nHTTP/1.1 200 OK\r\n\r\n", "it does not start with HTTP/1.1"],
  ["HTTP/1.2 200 OK\r\n\r\n", "its HTTP version is neither 1.0 nor 1.1"],
  ["HTTP/1.1  200 OK\r\n\r\n", "its status is not three digits"],
  ["HTTP/1.1\t200 OK\r\n\r\n", "there is no space after its HTTP version"],
  ["HTTP/1.1 20 OK\r\n\r\n", "its status is not three digits"],
  ["HTTP/1.1 2000 OK\r\n\r\n", "its status is not three digits"],
  ["HTTP/1.1 099 OK\r\n\r\n", "its status is less than 100"],
  ["HTTP/1.1 200 O\0K\r\n\r\n", "there is a control character"],
  ["HTTP/1.1 200 OK\n\n", "there is an LF without CR"],
  ["HTTP/1.1 200 OK\rX", "there is a CR without LF"],
  ["HTTP/1.1 200 OK\r\nX\r\n\r\n", "a header field has no colon after its name"],
  ["HTTP/1.1 200 OK\r\n: x\r\n\r\n", "a header field has no name"],
  ["HTTP/1.1 200 OK\r\n X: x\r\n\r\n", "a header line starts with whitespace"],
  ["HTTP/1.1 200 OK\r\nX: x\r\n y\r\n\r\n", "a header line starts with whitespace"],
  ["HTTP/1.1 200 OK\r\n\u00e4: x\r\n\r\n", "a header field's name has a character that no name may have"],
  ["HTTP/1.1 200 OK\r\n\n", "there is an LF without CR"],
  [
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\ncontent-length: 1\r\n\r\n",
    "it has more than one Content-Length field",
  ],
  ["HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\n", "its Content-Length is not one number"],
  ["HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", "its Content-Length is not one number"],
  [
    "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "its Content-Length is not one number",
  ],
  [
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
    "it has both a Content-Length and a Transfer-Encoding field",
  ],
  [
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
    "its Transfer-Encoding is not a list that chunked ends",
  ],
  ["HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "it has a transfer coding other than chunked"],
  [
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "an HTTP/1.0 response has a Transfer-Encoding field",
  ],
  ["HTTP/1.1 200 OK\r\na:\r\nb:\r\nc:\r\nd:\r\ne:\r\n\r\n", "it has too many header fields"],
  [`HTTP/1.1 200 OK\r\nX: ${"x".repeat(256)}\r\n\r\n`, "its head is too long"],
];

const CASES = [...HEADS, ...FAULTY.map(([text, why]) => [text, `reject: ${why}`] as const)];

Deno.test("ResponseParser gives each case its verdict, split at every byte", () => {
  const parser = new ResponseParser(LIMITS);
  for (const [text, expected] of CASES) {
    const bytes = latin1(text);
    let decided: string | undefined;
    for (let end = 0; end <= bytes.length; end++) {
      const now = outcome(parser, bytes, 0, end);
      if (decided === undefined && now !== "more") decided = now;
      else if (decided !== undefined) assert.equal(now, decided, `${text} with ${end} bytes`);
    }
    assert.equal(decided, expected, text);
    // Neither what lies around the range nor what was read before may matter.
    const around = latin1(`\r\n${text}HTTP/1.1 500 X\r\n\r\n`);
    assert.equal(outcome(parser, around, 2, 2 + bytes.length), expected, text);
  }
});

Deno.test("ResponseParser says how content is framed", () => {
  const framing = (text: string, method = "GET") => {
    const parser = new ResponseParser(LIMITS);
    assert.equal(parser.parse(latin1(text), 0, text.length), "head");
    return parser.framing(method);
  };
  const counted = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  assert.equal(framing(counted), "length");
  assert.equal(framing(chunked), "chunked");
  assert.equal(framing("HTTP/1.1 200 OK\r\n\r\n"), "close");
  for (const text of [counted, chunked]) {
    assert.equal(framing(text, "HEAD"), "none");
    for (const status of ["204", "304", "103"]) assert.equal(framing(text.replace("200", status)), "none");
  }
});

Deno.test("ResponseParser never throws, and never changes its mind, whatever the bytes", () => {
  const parser = new ResponseParser(LIMITS);
  const alphabet = [
    "HTTP/1.1 ",
    "200",
    " OK",
    "\r\n",
    "\r",
    "\n",
    ":",
    " ",
    "Content-Length",
    "5",
    "x",
    "\0",
    "\t",
  ];
  const soup = fc.array(fc.constantFrom(...alphabet), { maxLength: 30 }).map((parts) => parts.join(""));
  fc.assert(fc.property(fc.oneof(soup, fc.string({ unit: "binary-ascii" })), fc.nat(), (text, cut) => {
    const bytes = latin1(text);
    const early = outcome(parser, bytes, 0, cut % (bytes.length + 1));
    const whole = outcome(parser, bytes);
    if (early !== "more") assert.equal(whole, early);
  }));
});

Deno.test("ResponseParser reads what encodeResponseHead writes", () => {
  const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/);
  const value = fc.stringMatching(/^([!-~\u0080-\u00ff]([ -~\u0080-\u00ff]{0,12}[!-~\u0080-\u00ff])?)?$/);
  const fields = fc.array(fc.tuple(token, value), { maxLength: 4 });
  const framing = /^(content-length|transfer-encoding)$/i;
  const parser = new ResponseParser({ head: 4096, fields: 4 });
  fc.assert(fc.property(fc.integer({ min: 100, max: 999 }), fields, value, (status, fields, reason) => {
    fc.pre(fields.every(([name]) => !framing.test(name)));
    const bytes = encodeResponseHead(status, fields, reason);
    assert.equal(parser.parse(bytes, 0, bytes.length), "head", parser.why);
    assert.equal(parser.end, bytes.length);
    assert.equal(parser.status, status);
    const text = (start: number, end: number) => String.fromCharCode(...bytes.subarray(start, end));
    assert.equal(text(parser.reasonStart, parser.reasonEnd), reason);
    const read = Array.from({ length: parser.fieldCount }, (_, index) => {
      const at = parser.fields.subarray(4 * index, 4 * index + 4);
      return [text(at[0]!, at[1]!), text(at[2]!, at[3]!)];
    });
    assert.deepEqual(read, fields);
  }));
});
