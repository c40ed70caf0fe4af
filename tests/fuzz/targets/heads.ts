/** Heads of requests and responses, and of what programs write. */

import assert from "node:assert/strict";
import { ResponseFields } from "../../../src/backend/relay/response_fields.ts";
import { fieldsOfHead } from "../../../src/backend/http/head_text.ts";
import { toldPath } from "../../../src/backend/http/told.ts";
import { parseCgiHead } from "../../../src/http/cgi_response.ts";
import { endsHead } from "../../../src/http/head_growth.ts";
import type { HeaderField } from "../../../src/http/hop_by_hop.ts";
import { RequestHead } from "../../../src/http/request_head.ts";
import { responseHeadText } from "../../../src/http/response_head.ts";
import { ResponseParser } from "../../../src/http/response_parser.ts";
import { RouteTable } from "../../../src/route/route_table.ts";
import { site } from "../../route/naive.ts";
import { pieces } from "../chance.ts";
import { among, type Target, textOf } from "../target.ts";

const FIELDS = [
  "Host: a\r\n",
  "\r\n\r\n",
  "Content-Length: 1\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Connection: close\r\n",
];
const VALUES = [
  "close",
  "keep-alive, upgrade",
  "100-continue",
  "chunked",
  "\xff",
  "   \t",
  "a".repeat(200),
  "\\",
  "%2e%2e/",
];

/** What a reader says of the beginning of its input, piece by piece, is what it says of the whole. */
function sameWhenCut(
  input: Uint8Array,
  cuts: readonly Uint8Array[],
  read: (part: Uint8Array) => string,
): string {
  const whole = read(input);
  let length = 0;
  for (const piece of cuts) {
    length += piece.length;
    const part = read(input.subarray(0, length));
    if (part === "more") continue;
    assert.equal(part, whole, `after ${length} of ${input.length} bytes`);
    break;
  }
  return whole;
}

const limits = { requestLine: 300, head: 2_000, fields: 20 };
const heads = [new RequestHead(limits), new RequestHead(limits)] as const;
const table = new RouteTable([site(["a"], "/", "/a/", "/a%5Cb/"), site([], "/", "/admin/")]);

/** What a request head is found to be, by offsets from its start. */
function readRequest(reader: RequestHead, input: Uint8Array, around: number): string {
  const { bytes, start, end } = among(input, around);
  const verdict = reader.parse(bytes, start, end);
  if (verdict === "reject") return `reject ${reader.status} ${reader.why}`;
  if (verdict === "more") return "more";
  const fields = reader.fields.subarray(0, 4 * reader.fieldCount).map((offset) => offset - start);
  const offsets = [reader.methodStart, reader.methodEnd, reader.targetStart, reader.targetEnd, reader.end];
  for (const offset of offsets) assert.ok(offset >= start && offset <= end, "an offset out of range");
  return JSON.stringify([
    offsets.map((at) => at - start),
    [...fields],
    reader.contentLength,
    reader.chunked,
    reader.keepAlive,
  ]);
}

export const REQUESTS: Target = {
  name: "request-head",
  seeds: [
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /a/b?c=d HTTP/1.1\r\nHost: a.example:80\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n0123456789",
    "GET http://a/x/../y HTTP/1.1\r\nHost: b\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "OPTIONS * HTTP/1.0\r\n\r\n",
    "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
  ],
  words: [
    ...FIELDS,
    ...VALUES,
    "GET ",
    " HTTP/1.1\r\n",
    "http://",
    "[::1]",
    "0x7f.1",
    "//",
    "/../",
    "Host: ",
  ],
  read: (input) => readRequest(heads[0], input, 0),
  run(input, chance) {
    const outcome = sameWhenCut(input, pieces(input, chance), (part) => {
      const seen = readRequest(heads[0], part, 0x0d);
      assert.equal(readRequest(heads[1], part, 0x0a), seen, "it depends on what stands around it");
      return seen;
    });
    if (!outcome.startsWith("[")) return outcome;
    const { bytes, start, end } = among(input, 0);
    const [head] = heads;
    head.parse(bytes, start, end);
    assert.ok(endsHead(bytes, start, start, head.end), "it ends without an empty line");
    const slice = (from: number, to: number) => textOf(bytes.subarray(from, to));
    const fields = fieldsOfHead(slice(head.methodStart, head.end));
    assert.equal(fields.length, head.fieldCount);
    for (const [at, [name, value]] of fields.entries()) {
      const [a, b, c, d] = head.fields.subarray(4 * at, 4 * at + 4);
      assert.deepEqual([name, value], [slice(a!, b!), slice(c!, d!)]);
    }
    const route = table.find(bytes, head.hostStart, head.hostEnd, head.pathStart, head.pathEnd);
    const told = `http://${slice(head.hostStart, head.hostEnd) || "b"}${
      toldPath(slice(head.pathStart, head.pathEnd))
    }`;
    if (route >= 0 && head.form !== "asterisk" && URL.canParse(told)) {
      const { host, pathname } = new URL(told);
      const again = Uint8Array.from(host + pathname, (character) => character.charCodeAt(0));
      assert.equal(table.find(again, 0, host.length, host.length, again.length), route, told);
    }
    return `${head.form} ${route} ${head.chunked} ${head.keepAlive} ${head.upgrade} ${head.fieldCount}`;
  },
};

const parsers = [
  new ResponseParser({ head: 2_000, fields: 20 }),
  new ResponseParser({ head: 2_000, fields: 20 }),
] as const;
const VIEW = {
  upstream: { at: { host: "up", port: 80 }, authority: "up", base: "/v1" },
  authority: "up",
  prefix: "/a/",
  clientAuthority: "own.example",
  rules: {},
};
const RULED = {
  ...VIEW,
  rules: {
    reverse: [{ path: "/a/", url: "http://up/" }, { path: "https://own.example", url: "http://sec" }],
    cookiePaths: [{ from: "/old", to: "/new" }],
    cookieDomains: [{ from: "up", to: "own.example" }],
  },
};

function readResponse(parser: ResponseParser, input: Uint8Array, around: number): string {
  const { bytes, start, end } = among(input, around);
  const verdict = parser.parse(bytes, start, end);
  if (verdict !== "head") return verdict === "more" ? "more" : `reject ${parser.why}`;
  assert.ok(parser.end >= start && parser.end <= end);
  return JSON.stringify([
    parser.end - start,
    parser.status,
    parser.contentLength,
    parser.chunked,
    parser.keepAlive,
    [...parser.fields.subarray(0, 4 * parser.fieldCount).map((offset) => offset - start)],
  ]);
}

export const RESPONSES: Target = {
  name: "response-head",
  seeds: [
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    "HTTP/1.1 302 Found\r\nLocation: http://up/v1/a?b\r\nSet-Cookie: a=1; Path=/old; Domain=up\r\nConnection: close\r\n\r\n",
    "HTTP/1.0 404\r\nTransfer-Encoding: chunked\r\nURI: //up/v1\r\nContent-Location: /v1/x\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nKeep-Alive: timeout=5\r\n\r\n",
  ],
  words: [
    ...FIELDS,
    ...VALUES,
    "Location: ",
    "http://up/",
    "/\\evil/",
    "//evil/",
    "/\t/evil/",
    "@",
    "; Path=",
    "; Domain=",
  ],
  read: (input) => readResponse(parsers[0], input, 0),
  run(input, chance) {
    const outcome = sameWhenCut(input, pieces(input, chance), (part) => {
      const seen = readResponse(parsers[0], part, 0x0d);
      assert.equal(readResponse(parsers[1], part, 0x3a), seen, "it depends on what stands around it");
      return seen;
    });
    if (!outcome.startsWith("[")) return outcome;
    const [parser] = parsers;
    parser.parse(input, 0, input.length);
    const fields: HeaderField[] = [];
    for (let at = 0; at < 4 * parser.fieldCount; at += 4) {
      const [a, b, c, d] = parser.fields.subarray(at, at + 4);
      fields.push([textOf(input.subarray(a, b)), textOf(input.subarray(c, d))]);
    }
    for (const view of [VIEW, RULED]) {
      const seen = new ResponseFields(textOf(input.subarray(0, parser.end)), 1, view).list;
      // What is passed on can be said: a name that is none, or a value that ends its line, throws.
      responseHeadText(200, seen);
      for (const [name, value] of seen) {
        if (!/^(location|uri|content-location)$/i.test(name)) continue;
        if (fields.some(([other, same]) => other === name && same === value)) continue;
        assert.equal(
          URL.parse(value, "http://own.example/")?.hostname ?? "own.example",
          "own.example",
          value,
        );
      }
    }
    return `${parser.status} ${parser.chunked} ${parser.keepAlive} ${parser.framing("GET")} ${fields.length}`;
  },
};

export const PROGRAMS: Target = {
  name: "cgi-head",
  seeds: [
    "Content-Type: text/plain\n\nhello",
    "Status: 404 Not Found\r\nContent-Length: 3\r\nX-A: b\r\n\r\nabc",
    "Location: /a?b\n\n",
    "Location: http://a/\nStatus: 302\nContent-Type: a/b\n\n",
  ],
  words: [
    "\n\n",
    "\r\n\r\n",
    "Status: ",
    "200",
    "Location: /",
    "\\",
    "//",
    "Content-Length: 1",
    "HTTP/1.1 200 OK\r\n",
    "X-CGI-A: ",
  ],
  read: parseCgiHead,
  run(input, chance) {
    const outcome = sameWhenCut(input, pieces(input, chance), (part) => {
      const head = parseCgiHead(part.slice());
      return head.verdict === "more" ? "more" : JSON.stringify(head);
    });
    const head = parseCgiHead(input);
    if (head.verdict !== "head") return outcome;
    responseHeadText(head.status, head.fields, head.reason);
    if (head.localRedirect !== undefined) {
      const [, location = ""] = head.fields.find(([name]) => name.toLowerCase() === "location") ?? [];
      assert.equal(new URL(location, "http://own.example/").host, "own.example", location);
    }
    return `${head.status} ${head.localRedirect !== undefined} ${
      head.contentLength === undefined
    } ${head.fields.length}`;
  },
};
