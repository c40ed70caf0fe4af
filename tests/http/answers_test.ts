import assert from "node:assert/strict";
import { answer, type AnswerStatus, isAnswerStatus } from "../../src/http/answers.ts";
import { reasonPhrase } from "../../src/http/response_head.ts";
import { CASES } from "./compliance/table.ts";

const STATUSES = [400, 404, 408, 413, 414, 417, 421, 429, 431, 500, 501, 502, 503, 504, 505, 508] as const;

/** Splits a response as a client does. */
function read(bytes: Uint8Array) {
  const response = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  const blank = response.indexOf("\r\n\r\n");
  const [statusLine, ...lines] = response.slice(0, blank).split("\r\n");
  const fields = Object.fromEntries(lines.map((line) => line.split(": ") as [string, string]));
  return { statusLine, fields, content: response.slice(blank + 4) };
}

Deno.test("answer is a complete response that closes, for each status", () => {
  for (const status of STATUSES) {
    const { statusLine, fields, content } = read(answer(status));
    assert.equal(statusLine, `HTTP/1.1 ${status} ${reasonPhrase(status)}`);
    assert.equal(fields["Connection"], "close");
    assert.equal(fields["Content-Type"], "text/plain; charset=utf-8");
    assert.equal(fields["Content-Length"], String(new TextEncoder().encode(content).length));
    assert.equal("Date" in fields, false);
    assert.match(content, new RegExp(`^${status} ${reasonPhrase(status)}\n\n[A-Z].*\\.\n$`));
  }
});

Deno.test("answer says when and why", () => {
  const { fields, content } = read(
    answer(400, { date: "Sun, 06 Nov 1994 08:49:37 GMT", why: "the header field has no colon" }),
  );
  assert.equal(fields["Date"], "Sun, 06 Nov 1994 08:49:37 GMT");
  assert.equal(
    content,
    "400 Bad Request\n\nThis is not a valid HTTP/1.1 request.\nBecause the header field has no colon.\n",
  );
});

Deno.test("answer asks to retry after whole seconds, and always with 503", () => {
  assert.equal(read(answer(503)).fields["Retry-After"], "1");
  assert.equal(read(answer(503, { retryAfter: 0 })).fields["Retry-After"], "0");
  assert.equal(read(answer(503, { retryAfter: 2.1 })).fields["Retry-After"], "3");
  assert.equal(read(answer(413, { retryAfter: 60 })).fields["Retry-After"], "60");
  assert.equal("Retry-After" in read(answer(404)).fields, false);
  for (const retryAfter of [-1, NaN, Infinity]) assert.throws(() => answer(503, { retryAfter }), TypeError);
});

Deno.test("answer to HEAD has no content, but its length", () => {
  const { fields, content } = read(answer(404, { head: true }));
  assert.equal(content, "");
  assert.equal(fields["Content-Length"], read(answer(404)).fields["Content-Length"]);
});

Deno.test("answer has no content where the status allows none, whatever a site says", () => {
  for (const [status, length] of [[204, false], [205, true], [304, false]] as const) {
    const response = new TextDecoder().decode(answer(status, { document: "text", persistent: true }));
    assert.equal(response.endsWith("\r\n\r\n"), true, response);
    assert.equal(response.includes("Content-Length: 0\r\n"), length, response);
    assert.doesNotMatch(response, /Content-Type|text/);
  }
});

Deno.test("answer refuses a date that would split the response", () => {
  assert.throws(() => answer(404, { date: "now\r\nX: y" }), TypeError);
});

Deno.test("answer has words for every status that the request head is rejected with", () => {
  const rejections = new Set(
    CASES.map((each) => each[2]).filter((expected) => typeof expected === "number"),
  );
  assert.ok(rejections.size >= 6);
  for (const status of rejections) assert.ok(isAnswerStatus(status), String(status));
  const unknown: number = 418;
  assert.equal(isAnswerStatus(unknown), false);
  assert.ok(STATUSES.every((status: AnswerStatus) => isAnswerStatus(status)));
});
