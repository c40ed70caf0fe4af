/** Whatever a client writes into a field, a target or its content: twice as much takes twice the work. */

import assert from "node:assert/strict";
import { metaVariables } from "../../src/backend/exec/cgi/meta_variables.ts";
import { requestUrl } from "../../src/backend/fetch/request_url.ts";
import { WebSocketSwitch } from "../../src/backend/fetch/websocket_handshake.ts";
import { UpgradeError } from "../../src/backend/fetch/upgrade_error.ts";
import type { Exchange } from "../../src/backend/http/exchange.ts";
import { fieldsOfHead } from "../../src/backend/http/head_text.ts";
import { HeadReader } from "../../src/backend/http/head_reader.ts";
import { Input } from "../../src/backend/http/input.ts";
import { ScopeGuard } from "../../src/backend/http/scope_guard.ts";
import { RequestFields } from "../../src/backend/relay/request_fields.ts";
import { answeredHere, relayedRequest } from "../../src/backend/relay/request_head.ts";
import { evaluate, rangeCounts } from "../../src/backend/static/conditional.ts";
import { acceptedCodings } from "../../src/backend/static/encodings.ts";
import { fileName } from "../../src/backend/static/file_name.ts";
import { selectRanges } from "../../src/backend/static/ranges.ts";
import { requestFields } from "../../src/backend/static/request_fields.ts";
import { ChunkedDecoder } from "../../src/http/chunked.ts";
import { RequestHead } from "../../src/http/request_head.ts";
import { announcedTrailers, relayedTrailers, takesTrailers } from "../../src/http/trailers.ts";
import { jsonString } from "../../src/logs/escape.ts";
import { fieldValue } from "../../src/logs/header_fields.ts";
import { RouteTable } from "../../src/route/route_table.ts";
import { site } from "../route/naive.ts";
import { assertLinear } from "../support/work.ts";
import { made, PATTERNS } from "./patterns.ts";

const LIMITS = { requestLine: 1 << 20, head: 1 << 20, fields: 100_000 };
/** Long enough: with 1,000 already, what is quadratic is six times as much work as eight shorter texts together. */
const SIZE = 1_500;

const TABLE = new RouteTable([
  { names: ["a"], routes: [{ path: "/x/", backends: ["any"], mapTo: "/y" }] },
  {
    names: [],
    routes: [
      { match: "^/m/(.*)x$", path: "", backends: ["any"], mapTo: "/$1$1" },
      { match: "(a|b)+c", path: "", backends: ["any"], mapTo: "$0" },
      { match: "^(.*)$", path: "", backends: ["any"], mapTo: "/$1" },
    ],
  },
  site(["*.b"], "/", "/a/"),
]);

/** Everything that anybody here does with a request's head. */
function read(text: string): void {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  const head = new RequestHead(LIMITS);
  if (head.parse(bytes, 0, bytes.length) !== "head") return;
  TABLE.find(bytes, head.hostStart, head.hostEnd, head.pathStart, head.pathEnd);
  const slice = (start: number, end: number) => text.slice(start, end);
  const path = slice(head.pathStart, head.pathEnd);
  const connection = {
    client: { hostname: "192.0.2.1", port: 1 },
    local: { hostname: "198.51.100.1", port: 8080 },
    transfer: { site: "a", route: "/", map: "", path: "/", detail: 1, except: new Uint8Array() },
  };
  const guard = new ScopeGuard(connection as never);
  const exchange = {
    method: "GET",
    target: slice(head.targetStart, head.targetEnd),
    path,
    query: slice(head.queryStart, head.queryEnd),
    authority: slice(head.hostStart, head.hostEnd),
    minor: 1,
    body: { done: true, unasked: false },
    input: { ended: false },
    connection,
    client: connection.client,
    scheme: "http",
    proxies: undefined,
    trusted: false,
    beginTrace: () => {},
    guard,
    mappedPath: guard.mapped(path) ?? "/",
    head: text,
    fields: () => fieldsOfHead(text),
  } as unknown as Exchange;
  const fields = exchange.fields();
  const values = requestFields(exchange);
  evaluate(values, { tag: '"a"', modified: 0 }, 0);
  rangeCounts(values, { tag: '"a"', modified: 0 }, 0);
  if (values.range !== undefined) selectRanges(values.range, 1_000);
  acceptedCodings(values.acceptEncoding);
  fileName(exchange.mappedPath);
  const passed = new RequestFields(text, new Set(["forwarded", "x-forwarded-for"]), undefined, false);
  answeredHere("OPTIONS", passed.noted);
  relayedRequest(exchange, passed, { at: { host: "u", port: 80 }, authority: "u", base: "" }, {
    preserveHost: true,
    preservePath: true,
    underscoresInHeaders: false,
    forwarded: "all",
  });
  takesTrailers(fields);
  announcedTrailers(fields);
  relayedTrailers("X-A: b\r\n", fields);
  metaVariables(exchange, { method: "GET", path, query: exchange.query, contentLength: 1 }, "x");
  URL.canParse(requestUrl(exchange));
  try {
    new WebSocketSwitch(exchange, {});
  } catch (error) {
    assert.ok(error instanceof UpgradeError, String(error));
  }
  for (const name of ["cookie", "referer"]) jsonString(fieldValue(text, name) ?? "");
}

const WEBSOCKET = {
  "Connection": "upgrade",
  "Upgrade": "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};
/** Fields that are filled together: one that takes more than its share makes all of them fail. */
const GROUPS: readonly (readonly string[])[] = [
  ["X-Anything", "Accept", "Accept-Encoding", "Cookie", "Range", "Referer", "If-Range"],
  ["If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Max-Forwards", "Content-Type"],
  ["Forwarded", "Via", "X-Forwarded-For", "TE", "Trailer", "Keep-Alive"],
  ["Connection"],
  ["Upgrade"],
  ["Sec-WebSocket-Key"],
  ["Sec-WebSocket-Version"],
  ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"],
  ["Host"],
  ["Expect"],
  ["Content-Length"],
  ["Transfer-Encoding"],
];

for (const names of GROUPS) {
  Deno.test(`what is in ${names.join(", ")} takes work in proportion to its length`, async () => {
    for (const pattern of PATTERNS) {
      await assertLinear(JSON.stringify(pattern), SIZE, (size) => {
        const value = made(pattern, size);
        const others = Object.entries({ Host: "a", ...WEBSOCKET }).filter(([other]) =>
          !names.includes(other)
        );
        const filled = names.map((name) => [name, value] as const);
        const lines = [...others, ...filled].map(([name, value]) => `${name}: ${value}\r\n`);
        const text = `GET / HTTP/1.1\r\n${lines.join("")}\r\n`;
        return () => read(text);
      });
    }
  });
}

Deno.test("targets take work in proportion to their length", async () => {
  for (const [before, repeated, behind] of PATTERNS) {
    const plain = (part: string) => part.replace(/[^!-~]|[\\#]/g, "x");
    const pattern = [plain(before), plain(repeated), plain(behind)] as const;
    for (const start of ["/", "/m/", "/?", "http://", "http://a/x/"]) {
      await assertLinear(`${start}${JSON.stringify(pattern)}`, SIZE, (size) => {
        const text = `GET ${start}${made(pattern, size)} HTTP/1.1\r\nHost: other\r\n\r\n`;
        return () => read(text);
      });
    }
  }
});

Deno.test("many fields take work in proportion to their number", async () => {
  for (
    const line of [
      "a: b",
      "Cookie: a=b",
      "Via: 1.1 a",
      "Connection: a",
      "X-Forwarded-For: a",
      "TE: a",
      "Trailer: a",
    ]
  ) {
    await assertLinear(line, 500, (size) => {
      const text = `GET / HTTP/1.1\r\nHost: a\r\n${`${line}\r\n`.repeat(size)}\r\n`;
      return () => read(text);
    });
  }
});

Deno.test("chunks, their extensions and trailer fields take work in proportion to their length", async () => {
  const parts: readonly (readonly [before: string, repeated: string, behind: string])[] = [
    ["", "1\r\na\r\n", "0\r\n\r\n"],
    ["1", ";a", "\r\na\r\n0\r\n\r\n"],
    ["1", " ", ";a\r\na\r\n0\r\n\r\n"],
    ['1;a="', "\\a", '"\r\na\r\n0\r\n\r\n'],
    ["", '1;a="b"\r\na\r\n', "0\r\n\r\n"],
    ["0\r\n", "a: b\r\n", "\r\n"],
    ["0\r\na:", " ", "b\r\n\r\n"],
    ["0\r\n", "a", ": b\r\n\r\n"],
  ];
  const limits = { sizeLine: 1 << 20, extensions: 1 << 20, trailers: 1 << 20 };
  for (const pattern of parts) {
    for (const step of [1, Infinity]) {
      await assertLinear(`${JSON.stringify(pattern)} by ${step}`, SIZE, (size) => {
        const bytes = new TextEncoder().encode(made(pattern, size));
        return () => {
          const decoder = new ChunkedDecoder(limits);
          for (let at = 0; at < bytes.length;) {
            const verdict = decoder.next(bytes, at, Math.min(bytes.length, at + step));
            at = decoder.consumed;
            if (verdict === "end" || verdict === "reject") break;
          }
          relayedTrailers(decoder.trailers, [["Connection", "a"]]);
        };
      });
    }
  }
});

/** An input whose socket has these bytes, so many at a time. */
function inputOf(bytes: Uint8Array<ArrayBuffer>, step: number): Input {
  let sent = 0;
  const scratch = new Uint8Array(65_536);
  const connection = {
    transfer: { preread: new Uint8Array(0) },
    home: { scratch, scratchSize: BigInt(scratch.length) },
    receive(target: Uint8Array, size: bigint): number {
      const piece = bytes.subarray(sent, sent + Math.min(step, Number(size)));
      target.set(piece);
      sent += piece.length;
      return piece.length;
    },
  };
  return new Input(connection as never);
}

Deno.test("a head that comes in small pieces takes work in proportion to its length, also behind another one", async () => {
  const first = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const before of ["", first]) {
    for (const line of ["a: b\r\n", `a: ${" ".repeat(50)}b\r\n`, `a: ${"b".repeat(500)}\r\n`]) {
      for (const step of [1, 3]) {
        await assertLinear(`${JSON.stringify(line)} by ${step}`, 6_000, (size) => {
          const lines = line.repeat(Math.ceil(size / line.length));
          const bytes = new TextEncoder().encode(`${before}GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`);
          return () => {
            const reader = new HeadReader({ requestLine: 60_000, head: 65_000, fields: 20_000 });
            const input = inputOf(bytes, step);
            for (let heads = before === "" ? 1 : 2; heads > 0; heads--) {
              assert.equal(reader.take(input), "head");
              input.start = reader.head.end;
              input.keep();
            }
          };
        });
      }
    }
  }
});
