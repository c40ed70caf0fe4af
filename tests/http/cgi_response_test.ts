import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { type CgiHead, MAX_CGI_HEAD, parseCgiHead } from "../../src/http/cgi_response.ts";

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** What a head says, or why it says nothing. */
function read(text: string): Partial<CgiHead> | string {
  const head = parseCgiHead(bytes(text));
  if (head.verdict === "more") return "more";
  if (head.verdict === "reject") return head.why;
  const { verdict: _, end: _end, isPlain: _plain, ...rest } = head;
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
}

const CASES: readonly (readonly [name: string, text: string, expected: Partial<CgiHead>])[] = [
  ["6.3.1: a document", "Content-Type: text/plain\n\n", {
    status: 200,
    fields: [["Content-Type", "text/plain"]],
  }],
  ["6.3: lines that end with CRLF", "Content-Type:text/plain\r\n\r\n", {
    status: 200,
    fields: [["Content-Type", "text/plain"]],
  }],
  ["6.3.3: a status", "Status: 404 Not Here\nContent-Type: a/b\n\n", {
    status: 404,
    reason: "Not Here",
    fields: [["Content-Type", "a/b"]],
  }],
  ["6.3.3: a status without a phrase", "status: 204\n\n", { status: 204, fields: [] }],
  ["6.2.2: a local redirect", "Location: /other?a=b\n\n", {
    status: 302,
    localRedirect: "/other?a=b",
    fields: [["Location", "/other?a=b"]],
  }],
  ["6.2.3: a client redirect", "Location: https://example.com/\n\n", {
    status: 302,
    fields: [["Location", "https://example.com/"]],
  }],
  [
    "6.2.4: a client redirect with a document",
    "Location: http://a/\nStatus: 301 Gone\nContent-Type: a/b\n\nx",
    {
      status: 301,
      reason: "Gone",
      fields: [["Location", "http://a/"], ["Content-Type", "a/b"]],
    },
  ],
  ["a path with a status is the client's to follow", "Status: 303\nLocation: /done\n\n", {
    status: 303,
    fields: [["Location", "/done"]],
  }],
  ["two slashes start a host", "Location: //example.com/\n\n", {
    status: 302,
    fields: [["Location", "//example.com/"]],
  }],
  ["6.3.5: fields of CGI itself are not for the client", "Content-Type: a/b\nX-CGI-Cost: 3\nX-Cost: 4\n\n", {
    status: 200,
    fields: [["Content-Type", "a/b"], ["X-Cost", "4"]],
  }],
  [
    "6.3.4: what is about the connection is the server's",
    "Content-Type: a/b\nConnection: x-hop\nX-Hop: 1\nTransfer-Encoding: chunked\n\n",
    {
      status: 200,
      fields: [["Content-Type", "a/b"]],
    },
  ],
  ["a length", "Content-Type: a/b\nContent-Length: 12\n\n", {
    status: 200,
    contentLength: 12,
    fields: [["Content-Type", "a/b"]],
  }],
  ["fields that may stand there twice", "Content-Type: a/b\nSet-Cookie: a=1\nSet-Cookie: b=2\n\n", {
    status: 200,
    fields: [["Content-Type", "a/b"], ["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"]],
  }],
];

for (const [name, text, expected] of CASES) {
  Deno.test(`parseCgiHead() reads ${name}`, () => {
    assert.deepEqual(read(text), expected);
    const head = parseCgiHead(bytes(text));
    for (let cut = 0; cut < text.length; cut++) {
      const verdict = parseCgiHead(bytes(text.slice(0, cut)));
      if (head.verdict === "head" && cut >= head.end) assert.deepEqual(verdict, head);
      else assert.equal(verdict.verdict, "more", `cut at ${cut}`);
    }
  });
}

Deno.test("parseCgiHead() tells whether anything is said of the status", () => {
  const plain = (text: string) => (parseCgiHead(bytes(text)) as CgiHead).isPlain;
  assert.equal(plain("Content-Type: a/b\n\n"), true);
  for (const line of ["Status: 200", "Location: http://a/", "Location: /a"]) {
    assert.equal(plain(`Content-Type: a/b\n${line}\n\n`), false, line);
  }
});

const FAULTS: readonly (readonly [name: string, text: string, why: RegExp])[] = [
  ["no field that counts", "X-Mood: good\n\n", /neither Content-Type nor Location nor Status/],
  ["no head at all", "\n<html>", /neither Content-Type nor Location nor Status/],
  ["content without a head", "<html>\n<p>Hello\n\n", /the line "<html>" is no header field/],
  ["a line that goes on", "Content-Type: a/b\n and more\n\n", /no header field/],
  ["a space before the colon", "Content-Type : a/b\n\n", /no header field/],
  ["a control character", "Content-Type: a/b\nX-Odd: a\x01b\n\n", /no header field/],
  ["a bare CR", "Content-Type: a/b\nX-Odd: a\rSet-Cookie: b\n\n", /no header field/],
  ["a status that is no number", "Status: fine\n\n", /no final status/],
  ["a status that is not final", "Status: 101 Switching Protocols\n\n", /no final status/],
  ["two statuses", "Status: 200\nStatus: 404\n\n", /twice/],
  ["two locations", "Location: /a\nLocation: /b\n\n", /twice/],
  ["a length that is no number", "Content-Type: a/b\nContent-Length: -1\n\n", /Content-Length/],
  ["two lengths", "Content-Type: a/b\nContent-Length: 1\nContent-Length: 1\n\n", /Content-Length/],
  ["5: what a non-parsed-header program writes", "HTTP/1.1 200 OK\r\n", /non-parsed-header/],
];

for (const [name, text, why] of FAULTS) {
  Deno.test(`parseCgiHead() refuses ${name}`, () => assert.match(String(read(text)), why));
}

Deno.test("parseCgiHead() does not wait for the end of a head without end", () => {
  const line = "X-Long: " + "a".repeat(1_000) + "\n";
  assert.equal(read(line.repeat(10)), "more");
  assert.match(String(read(line.repeat(MAX_CGI_HEAD / 1_000))), /more than 65536 bytes/);
});

Deno.test("parseCgiHead() throws at nothing, and lets through nothing that would end a line", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "Content-Type: a/b\n",
      "Status: 200\n",
      "Location: /\n",
      "\n",
      "\r\n",
      ":",
      " ",
      "\r",
      "\0",
    ),
    fc.string({ unit: "binary", maxLength: 8 }).map((text) => text.replace(/[^\0-\xff]/g, "?")),
  );
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
    const head = parseCgiHead(bytes(pieces.join("")));
    if (head.verdict !== "head") return;
    assert.ok(head.status >= 200 && head.status <= 999);
    for (const [name, value] of head.fields) {
      assert.match(name, /^[^\s:]+$/);
      assert.doesNotMatch(value, /[\r\n\0]/);
    }
  }));
});
