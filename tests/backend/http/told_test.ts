/** What a request was routed by, and what a handler or program reads of it, are one host and one path. */

import fc from "../../support/properties.ts";
import assert from "node:assert/strict";
import { metaVariables } from "../../../src/backend/exec/cgi/meta_variables.ts";
import { requestUrl } from "../../../src/backend/fetch/request_url.ts";
import type { Exchange } from "../../../src/backend/http/exchange.ts";
import { ScopeGuard } from "../../../src/backend/http/scope_guard.ts";
import type { Site } from "../../../src/config/config.ts";
import { RequestHead } from "../../../src/http/request_head.ts";
import { RouteTable } from "../../../src/route/route_table.ts";
import { site } from "../../route/naive.ts";

const PATHS = ["/", "/admin/", "/admin/secret", "/%7Badmin%7D/", "/a%5Cb/", "/x/", "/%22/", "/[a]/", "/b"];
const SITES: readonly Site[] = [
  site([], ...PATHS),
  ...["b.example", "*.b.example", "127.0.0.1", "0.0.0.1", "[::1]", "[::ffff:7f00:1]", "[1:0:0:2::]"].map((
    name,
  ) => site([name], ...PATHS)),
];
const TABLE = new RouteTable(SITES);

/** Where a request goes: site, route and normal path; or nothing for one that gets an error. */
function routed(host: string, path: string): [site: number, route: number, path: string] | undefined {
  const bytes = new TextEncoder().encode(host + path);
  const route = TABLE.find(bytes, 0, host.length, host.length, bytes.length);
  if (route < 0) return undefined;
  const { bytes: normal, start, end } = TABLE.path;
  return [TABLE.site, route, new TextDecoder().decode(normal.subarray(start, end))];
}

/** What there is of an exchange where kinds look for host and path. */
function exchangeOf(
  head: RequestHead,
  text: string,
  [site, route, normal]: [number, number, string],
): Exchange {
  const slice = (start: number, end: number) => text.slice(start, end);
  const { prefix } = TABLE.routes[route]!;
  const connection = {
    client: { hostname: "192.0.2.1", port: 1 },
    local: { hostname: "198.51.100.1", port: 8080 },
    transfer: {
      site: SITES[site]!.names[0] ?? "",
      route: prefix,
      map: "",
      path: normal,
      detail: 0,
      except: new Uint8Array(),
    },
  };
  const given = {
    authority: slice(head.hostStart, head.hostEnd),
    path: slice(head.pathStart, head.pathEnd),
    query: slice(head.queryStart, head.queryEnd),
    minor: head.minor,
    connection,
    client: connection.client,
    scheme: "http",
    guard: new ScopeGuard(connection as never),
    fields: () => [],
  };
  return given as unknown as Exchange;
}

const pathPiece = fc.constantFrom(
  ...[
    "/",
    "/",
    "/",
    "\\",
    "..",
    ".",
    "%2e",
    "%2E%2e",
    "%2f",
    "%5c",
    "%5C",
    "admin",
    "secret",
    "{admin}",
    "%7badmin%7D",
  ],
  ...[
    "x",
    "b",
    '"',
    "%22",
    "[a]",
    "%61dmin",
    "%00",
    "%",
    "%zz",
    ";",
    "@",
    ":",
    "|",
    "^",
    "`",
    "%09",
    "~",
    "%7e",
    "//",
  ],
  ...["a\\b", "a%5Cb", "%C3%A4", "%ff", "*", "&", "=", "+", " ", "\t", "\x7f", "ä"],
);
const segment = fc.constantFrom(
  "",
  "..",
  ".",
  "admin",
  "secret",
  "x",
  "%2e%2E",
  ".%2e",
  "{admin}",
  "b",
  "%2f..",
  "..\\",
);
const path = fc.oneof(
  fc.array(pathPiece, { maxLength: 10 }).map((pieces) => "/" + pieces.join("")),
  fc.array(segment, { maxLength: 6 }).map((segments) => "/" + segments.join("/")),
);
const hostPiece = fc.constantFrom(
  ...[
    "b",
    "example",
    ".",
    "b.example",
    "B.Example",
    "%62",
    "127.0.0.1",
    "127.1",
    "0x7f.1",
    "0",
    "1",
    "0x",
    "xn--",
    "@",
  ],
  ...[
    "[::1]",
    "[0:0::1]",
    "[::ffff:127.0.0.1]",
    "[1:0:0:2:0:0:0:0]",
    "[",
    "]",
    ":",
    "80",
    "08080",
    "..",
    "-",
    "_",
    "a",
  ],
  ...[
    "'",
    ",",
    "xn--a",
    "XN--MNCHEN-3YA",
    "0177",
    "\t",
    "\\",
    "/",
    "#",
    "?",
    "ä",
    "%",
    "[::]",
    "[::1%25eth0]",
    "4294967297",
  ],
);
const host = fc.oneof(
  fc.array(hostPiece, { maxLength: 5 }).map((pieces) => pieces.join("")),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 }).map((groups) =>
    `[${groups.map((group) => (group % 3 === 0 ? 0 : group).toString(16)).join(":")}]`
  ),
  fc.ipV6().map((address) => `[${address}]`),
  fc.ipV4Extended(),
);
const form = fc.constantFrom("origin", "absolute", "none");

Deno.test("the routed site and path are those that a handler reads from request.url", () => {
  const head = new RequestHead({ requestLine: 8_192, head: 32_768 });
  let [read, absolute] = [0, 0];
  fc.assert(
    fc.property(host, path, form, (host, path, form) => {
      const target = form === "absolute" ? `http://${host}${path}` : path;
      const field = form === "none" ? "" : `Host: ${form === "absolute" ? "b.example" : host}\r\n`;
      const text = `GET ${target} HTTP/1.${form === "none" ? 0 : 1}\r\n${field}\r\n`;
      const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
      if (head.parse(bytes, 0, bytes.length) !== "head") return;
      const slice = (start: number, end: number) => text.slice(start, end);
      const found = routed(slice(head.hostStart, head.hostEnd), slice(head.pathStart, head.pathEnd));
      // The front answers.
      if (found === undefined) return;
      const exchange = exchangeOf(head, text, found);
      const url = requestUrl(exchange);
      // Answered with 400.
      if (!URL.canParse(url)) return;
      const { host: readHost, pathname } = new URL(url);
      read++;
      if (form === "absolute") absolute++;
      // The first site has no name, and takes what nobody claims.
      assert.deepEqual(routed(readHost, pathname), found, `${text} is read as ${url}`);

      const variables = metaVariables(exchange, {
        method: "GET",
        path: exchange.path,
        query: "",
        contentLength: undefined,
      }, "x");
      if ("status" in variables) return;
      const variable = (name: string) =>
        variables.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
      assert.equal(routed(variable("SERVER_NAME"), "/")![0], found[0], text);
      const decoded = (path: string) =>
        path.replace(/%(..)/g, (_, digits) => String.fromCharCode(parseInt(digits, 16)));
      const told = variable("SCRIPT_NAME") + variable("PATH_INFO");
      assert.equal(told === "" ? "/" : told, decoded(found[2]), text);
      assert.deepEqual(routed(readHost, new URL(variable("REQUEST_URI"), url).pathname), found, text);
    }),
    { numRuns: 6_000 },
  );
  assert.ok(read > 900 && absolute > 150, `${read} ${absolute}`);
});
