/**
 * Requests that two servers are known to read as different requests (RFC 9112, 11.2): one framing for the first, another
 * for the second, and what one takes for content is the other's next request. None of them may be read in two ways, so
 * each is refused; or it is read in the one way that the RFC leaves, and then everything behind it is a request.
 */

import { type Chapter, chunked, fields, get, latin1, old } from "./case.ts";

/** What an attacker would like to have read as a request of somebody else. */
const HIDDEN = get("/admin");
/** The length of that as content behind an empty chunked content. */
const COVERED = String(latin1("0\r\n\r\n" + HIDDEN).length);
/** A chunked content that covers the hidden request. */
const CHUNK = `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`;

/** A request with the spelling of Transfer-Encoding that some do not see, and a length for those. */
const disguised = (...lines: string[]) =>
  fields(...lines, `Content-Length: ${COVERED}`) + "0\r\n\r\n" + HIDDEN;

export const SMUGGLING: Chapter = {
  title: "Request smuggling",
  cases: [
    // Both framings.
    ["9112, 6.3", disguised("Transfer-Encoding: chunked"), 400],
    ["9112, 6.3", fields("Content-Length: 4", "Transfer-Encoding: chunked") + CHUNK, 400],
    ["9112, 6.3: in any case", disguised("tRANSFER-eNCODING: chunked"), 400],
    ["9112, 6.3", disguised("Transfer-Encoding: CHUNKED"), 400],
    [
      "9112, 6.3: a length of 0 as well",
      fields("Content-Length: 0", "Transfer-Encoding: chunked") + CHUNK,
      400,
    ],
    ["9112, 6.1: of HTTP/1.0", old("Content-Length: 5", "Transfer-Encoding: chunked") + "0\r\n\r\n", 400],
    [
      "9112, 6.1: of HTTP/1.0",
      old("Connection: keep-alive", "Transfer-Encoding: chunked") + "0\r\n\r\n",
      400,
    ],
    // Transfer-Encoding that is spelt so that one of two does not see it.
    ["9112, 5.1", disguised("Transfer-Encoding : chunked"), 400],
    ["9112, 5.1", disguised("Transfer-Encoding\t: chunked"), 400],
    ["9112, 5.2", disguised(" Transfer-Encoding: chunked"), 400],
    ["9112, 5.2", disguised("X: y", " Transfer-Encoding: chunked"), 400],
    ["9112, 5.2: folded", disguised("Transfer-Encoding:", " chunked"), 400],
    ["9112, 5.2: folded", fields("Transfer-Encoding:", "\tchunked") + "0\r\n\r\n", 400],
    ["9110, 5.5", disguised("Transfer-Encoding: \x0bchunked"), 400],
    ["9110, 5.5", disguised("Transfer-Encoding: chunked\x0c"), 400],
    ["9110, 5.5", disguised("Transfer-Encoding: chun\0ked"), 400],
    ["9112, 2.2", disguised("X: y\nTransfer-Encoding: chunked"), 400],
    ["9112, 2.2", disguised("X: y\rTransfer-Encoding: chunked"), 400],
    ["9112, 2.2", disguised("Transfer-Encoding: chunked\r"), 400],
    ["9110, 5.1", disguised("Transfer-Encoding\0: chunked"), 400],
    ["9110, 5.1", disguised("\x00Transfer-Encoding: chunked"), 400],
    ["9110, 5.1", disguised("Transfer-Encoding\xa0: chunked"), 400],
    ["9112, 6.1", disguised("Transfer-Encoding: xchunked"), 400],
    ["9112, 6.1", disguised("Transfer-Encoding: chunked-x"), 400],
    ["9112, 6.1", disguised("Transfer-Encoding: identity, chunked"), 400],
    ["9112, 6.1", disguised("Transfer-Encoding: chunked, identity"), 400],
    ["9112, 6.1", disguised("Transfer-Encoding: x", "Transfer-Encoding: chunked"), 400],
    ["9112, 6.1", disguised("Transfer-Encoding: chunked", "Transfer-Encoding: x"), 400],
    ["9112, 6.1", fields("Transfer-Encoding: identity") + HIDDEN, 400],
    ["9112, 6.1", fields("Transfer-Encoding: identity, chunked") + "0\r\n\r\n", 501],
    ["9112, 6.1", fields("Transfer-Encoding: \xff") + "0\r\n\r\n", 400],
    ["9112, 6.1", fields("Transfer-Encoding: chunked ; q=1") + "0\r\n\r\n", 400],
    ["9112, 6.1", fields("Transfer-Encoding: 'chunked'") + "0\r\n\r\n", 400],
    // Names that look like it, and are others: then the length is all there is.
    [
      "9110, 5.1: another name",
      fields("Transfer_Encoding: chunked", "Content-Length: 5") + "0\r\n\r\n",
      "open",
      "POST / [0\r\n\r\n]",
    ],
    [
      "9110, 5.1: another name",
      fields("X-Transfer-Encoding: chunked") + get("/2"),
      "open",
      "POST / [] {X-Transfer-Encoding: chunked}",
      "GET /2 []",
    ],
    ["9110, 5.1: another name", fields("TE: chunked") + get("/2"), "open", "POST / []", "GET /2 []"],
    ["9110, 5.1: another name", fields("Content_Length: 3") + get("/2"), "open", "POST / []", "GET /2 []"],
    // Lengths that are counted differently.
    ["9112, 6.3", fields("Content-Length: 0", `Content-Length: ${HIDDEN.length}`) + HIDDEN, 400],
    ["9112, 6.3", fields(`Content-Length: ${HIDDEN.length}`, "content-length: 0") + HIDDEN, 400],
    ["9112, 6.3", fields(`Content-Length: 0, ${HIDDEN.length}`) + HIDDEN, 400],
    ["9110, 8.6", fields("Content-Length: 3;a") + "abc", 400],
    ["9110, 8.6", fields("Content-Length: 3 ") + "abc", "open", "POST / [abc]"],
    ["9110, 8.6", fields("Content-Length: 1_0") + "abc", 400],
    ["9110, 8.6", fields("Content-Length: 0b1") + "a", 400],
    ["9110, 8.6", fields("Content-Length: 1e1") + "0123456789", 400],
    ["9110, 8.6", fields("Content-Length: \xb2") + "ab", 400],
    [
      "9110, 8.6: no octal number",
      fields("Content-Length: 010") + "0123456789",
      "open",
      "POST / [0123456789]",
    ],
    ["9110, 8.6: 2^32 + 3", fields("Content-Length: 4294967299") + "abc", "content"],
    ["9110, 8.6: 2^64 + 3", fields("Content-Length: 18446744073709551619") + "abc", 400],
    ["9112, 5.1", fields("Content-Length : 3") + "abc", 400],
    ["9112, 5.2", fields("Content-Length:", " 3") + "abc", 400],
    ["9112, 5.2", fields("Content-Length: 3", " 0") + "abc", 400],
    ["9110, 8.6", fields("Content-Length: 3\x0b") + "abc", 400],
    // Content that looks like a request is content.
    [
      "9112, 6.2",
      fields(`Content-Length: ${HIDDEN.length}`) + HIDDEN + get("/2"),
      "open",
      `POST / [${HIDDEN}]`,
      "GET /2 []",
    ],
    ["9112, 7.1", chunked(CHUNK + get("/2")), "open", `POST / [${HIDDEN}]`, "GET /2 []"],
    [
      "9112, 6.3: one without framing has none",
      fields("Content-Type: text/plain") + HIDDEN,
      "open",
      "POST / []",
      "GET /admin []",
    ],
    // Chunks that one of two ends elsewhere.
    ["9112, 7.1", chunked("0\r\n" + HIDDEN), "broken"],
    ["9112, 7.1", chunked("0\n\r\n" + HIDDEN), "broken"],
    ["9112, 7.1", chunked("1\r\nZ\r\nQ\r\n\r\n"), "broken"],
    [
      "9112, 7.1: a terminator that is skipped unread",
      chunked("5\r\nAAAAAXX2\r\n45\r\n" + "0\r\n\r\n"),
      "broken",
    ],
    ["9112, 7.1.1: a line's end in an extension", chunked("2;\n" + "xx\r\n10\r\n" + "0\r\n\r\n"), "broken"],
    ["9112, 7.1.1", chunked('2;a="\r\n' + 'xx\r\n0"\r\n\r\n'), "broken"],
    // A host that one of two does not see.
    ["9112, 3.2", `GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`, 400],
    ["9112, 3.2", `GET / HTTP/1.1\r\n Host: b\r\nHost: a\r\n\r\n`, 400],
    ["9112, 3.2", `GET / HTTP/1.1\r\nHost: a\r\n Host: b\r\n\r\n`, 400],
    ["9112, 3.2", `GET / HTTP/1.1\r\nHost : b\r\nHost: a\r\n\r\n`, 400],
    ["9112, 3.2", `GET / HTTP/1.1\r\nHost: a, b\r\n\r\n`, 400],
    ["9112, 3.2", `GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n`, 400],
    [
      "9112, 3.2.2: the target's host goes before",
      `GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n`,
      "open",
      "GET http://b/ [] @b",
    ],
    ["9112, 3.2.2", `GET a://b/ HTTP/1.1\r\nHost: a\r\n\r\n`, 400],
    [
      "9110, 7.2: a field of another name",
      `GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Host: b\r\n\r\n`,
      "open",
      "GET / [] {X-Forwarded-Host: b}",
    ],
    // A second request in the first one's line.
    ["9112, 3", "GET / HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["9112, 3", "GET /\x0bHTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["9112, 3", "GET /\xa0HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["9112, 3", "GET / HTTP/1.1\x00\r\nHost: a\r\n\r\n", 400],
  ],
};
