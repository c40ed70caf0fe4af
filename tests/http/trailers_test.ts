import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { ChunkedDecoder } from "../../src/http/chunked.ts";
import { announcedTrailers, relayedTrailers, takesTrailers } from "../../src/http/trailers.ts";

/** The trailer section that a decoder finds, byte by byte. */
function sectionOf(text: string): string {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  const decoder = new ChunkedDecoder();
  let verdict = "more";
  for (let at = 0; at < bytes.length; at++) verdict = decoder.next(bytes, at, at + 1);
  assert.equal(verdict, "end");
  return decoder.trailers;
}

Deno.test("ChunkedDecoder keeps the trailer section, and forgets it with the next body", () => {
  assert.equal(sectionOf("3\r\nabc\r\n0\r\nX-Sum: 1\r\nY:2\u00e4\r\n\r\n"), "X-Sum: 1\r\nY:2\u00e4\r\n");
  assert.equal(sectionOf("0\r\n\r\n"), "");
  const decoder = new ChunkedDecoder();
  const bytes = new TextEncoder().encode("0\r\nX: 1\r\n\r\n");
  for (let count = 0; count < 2; count++) {
    assert.equal(decoder.next(bytes, 0, bytes.length), "end");
    assert.equal(decoder.trailers, "X: 1\r\n");
    decoder.reset();
    assert.equal(decoder.trailers, "");
  }
});

const HEADER_ONLY = [
  "Transfer-Encoding",
  "content-length",
  "HOST",
  "Trailer",
  "TE",
  "Connection",
  "Authorization",
  "Cookie",
  "Set-Cookie",
  "If-Match",
  "If-Anything",
  "X-Forwarded-For",
  "X-Forwarded-User",
  "Forwarded",
  "Via",
  "Content-Type",
  "Location",
  "Cache-Control",
];

Deno.test("relayedTrailers() leaves out what belongs into the head, and what is for one hop", () => {
  for (const name of HEADER_ONLY) {
    assert.equal(relayedTrailers(`A: 1\r\n${name}: x\r\nB: 2\r\n`, []), "A: 1\r\nB: 2\r\n", name);
  }
  assert.equal(relayedTrailers("X-Own: 1\r\nX: 2\r\n", [["Connection", "close, x-OWN"]]), "X: 2\r\n");
  assert.equal(relayedTrailers("", []), "");
});

Deno.test("announcedTrailers() announces what may come", () => {
  assert.equal(announcedTrailers([["Trailer", "X-Sum, Content-Length"], ["trailer", "Y"]]), "x-sum, y");
  assert.equal(announcedTrailers([["Trailer", "Host"]]), "");
  assert.equal(announcedTrailers([["Trailer", "a b, c\u00e4"]]), "");
});

Deno.test("takesTrailers() reads TE", () => {
  for (const value of ["trailers", "gzip, Trailers", "trailers;q=0.5"]) {
    assert.ok(takesTrailers([["TE", value]]));
  }
  for (const value of ["", "gzip", "trailers-not", "x trailers"]) assert.ok(!takesTrailers([["te", value]]));
});

Deno.test("relayedTrailers() makes no line that was not there", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.stringMatching(/^[A-Za-z-]{1,20}$/), fc.stringMatching(/^[ -~]{0,20}$/))),
      (fields) => {
        const lines = fields.map(([name, value]) => `${name}:${value}\r\n`);
        const passed = relayedTrailers(lines.join(""), []).split(/(?<=\r\n)/).filter((line) => line !== "");
        for (const line of passed) assert.ok(lines.includes(line));
        assert.ok(passed.length <= lines.length);
      },
    ),
  );
});
