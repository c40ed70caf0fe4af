/** Which requests get a line, as an expression of httpd says. */

import assert from "node:assert/strict";
import { asksFiles, fits } from "../../src/logs/condition.ts";
import { LogRecord } from "../../src/logs/record.ts";
import { parseCondition } from "../../src/rules/expression_parser.ts";
import { type Given, record } from "./records.ts";

const condition = (text: string) => parseCondition(text, (source) => source);

/** An expression, whether a record fits it, and what is otherwise about that. */
const CASES: readonly (readonly [expression: string, isTrue: boolean, given?: Given])[] = [
  ["%{REQUEST_STATUS} -ge 400", false],
  ["%{REQUEST_STATUS} -ge 400", true, { status: 404 }],
  ["%{REQUEST_STATUS} in {'404','410'}", true, { status: 410 }],
  ["%{REQUEST_URI} =~ m#^/app/#", true],
  ["%{REQUEST_URI} !~ m#\\.(gif|png)$#", false, { path: "/a.png" }],
  ["%{REQUEST_URI} == '/a b'", true, { path: "/a%20b" }],
  ["%{QUERY_STRING} == 'b=c'", true],
  ["-z %{QUERY_STRING}", true, { target: "/", query: "" }],
  ["%{REQUEST_METHOD} == 'POST'", false],
  ["%{HTTP_USER_AGENT} =~ /^curl/", true],
  ["%{HTTP:X-None} == ''", true],
  ["req('Referer') =~ /x/", true],
  ["resp('Content-Type') == 'text/plain'", true],
  ["%{CONTENT_TYPE} == 'text/html'", false],
  ["%{REMOTE_ADDR} -ipmatch '192.0.2.0/24'", true],
  ["-R '10.0.0.0/8'", false],
  ["-R '2001:db8::/32'", true, { client: "2001:db8::7" }],
  ["%{REMOTE_USER} == 'frank'", true, { user: "frank" }],
  ["-n reqenv('image') && !(%{REQUEST_STATUS} == 304)", true, { variables: { image: "1" } }],
  ["%{HTTPS} == 'on'", true, { tls: () => ({ HTTPS: "on" }) }],
  ["%{HTTPS} == 'on'", false],
  ["%{SSL_PROTOCOL} == 'TLSv1.3'", true, { tls: () => ({ SSL_PROTOCOL: "TLSv1.3" }) }],
  ["%{SERVER_NAME} == 'example.com'", true],
  ["%{THE_REQUEST} =~ m#HTTP/1.1$#", true],
  ["false || true", true],
];

Deno.test("fits: an expression is worth for a line what it is worth for httpd", () => {
  for (const [text, isTrue, given] of CASES) {
    assert.equal(fits(condition(text), record(given)), isTrue, `${text} ${JSON.stringify(given)}`);
  }
});

Deno.test("fits: a record of nothing that could be read is judged as well", () => {
  const empty = new LogRecord({ name: "front", process: 1, kind: "front" });
  for (const [text] of CASES) fits(condition(text), empty);
});

Deno.test("asksFiles: wherever in an expression files are asked about", () => {
  for (const text of ["-f '/a'", "!(-d '/a')", "true && (false || -x '/a')"]) {
    assert.equal(asksFiles(condition(text)), true, text);
  }
  for (const [text] of CASES) assert.equal(asksFiles(condition(text)), false, text);
});
