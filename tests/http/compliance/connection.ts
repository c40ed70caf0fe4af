/** One request after another, and when that ends (RFC 9112, 9); Expect, upgrades and methods. */

import { type Chapter, fields, get, line, old } from "./case.ts";

/** A request of HTTP/1.1 with these lines of fields after Host. */
const next = (path: string, ...lines: string[]) =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\n${lines.map((each) => each + "\r\n").join("")}\r\n`;

export const CONNECTION: Chapter = {
  title: "Connections",
  cases: [
    // Pipelining.
    ["9112, 9.3.2", get("/1") + get("/2"), "open", "GET /1 []", "GET /2 []"],
    ["9112, 9.3.2", get("/1") + get("/2") + get("/3"), "open", "GET /1 []", "GET /2 []", "GET /3 []"],
    ["9112, 9.3.2", get("/1") + "GET /2", "head", "GET /1 []"],
    ["9112, 9.3.2", get("/1") + "X", "head", "GET /1 []"],
    ["9112, 9.3.2", get("/1") + "\0", 400, "GET /1 []"],
    ["9112, 9.3.2", get("/1") + line("GET / HTTP/2.0"), 505, "GET /1 []"],
    ["9112, 9.3.2", get("/1") + "GET / HTTP/1.1\r\n\r\n", 400, "GET /1 []"],
    ["9112, 9.3.2", get("/1") + `GET /${"a".repeat(60)}`, 414, "GET /1 []"],
    [
      "9112, 2.2: an empty line behind a request",
      get("/1") + "\r\n" + get("/2"),
      "open",
      "GET /1 []",
      "GET /2 []",
    ],
    ["9112, 2.2", get("/1") + "\n" + get("/2"), 400, "GET /1 []"],
    ["9112, 6.2", fields("Content-Length: 3") + "abc" + get("/2"), "open", "POST / [abc]", "GET /2 []"],
    ["9112, 6.2", fields("Content-Length: 3") + "abc\r\n" + get("/2"), "open", "POST / [abc]", "GET /2 []"],
    ["9112, 6.3: without either framing there is no content", fields() + "abc", "head", "POST / []"],
    ["9112, 6.3", fields() + "abc\r\n\r\n", 400, "POST / []"],
    ["9112, 6.3", fields("Content-Length: 0") + get("/2"), "open", "POST / []", "GET /2 []"],
    // Connection.
    ["9112, 9.6", next("/1", "Connection: close") + get("/2"), "close", "GET /1 []"],
    ["9112, 9.6: in any case", next("/1", "CONNECTION: CLOSE") + get("/2"), "close", "GET /1 []"],
    ["9110, 7.6.1", next("/1", "Connection: x ,\tclose,") + get("/2"), "close", "GET /1 []"],
    ["9110, 7.6.1", next("/1", "Connection: x", "Connection: close") + get("/2"), "close", "GET /1 []"],
    ["9112, 9.6: close wins", next("/1", "Connection: keep-alive, close") + get("/2"), "close", "GET /1 []"],
    ["9112, 9.6: close wins", next("/1", "Connection: close, keep-alive") + get("/2"), "close", "GET /1 []"],
    ["9112, 9.3", next("/1", "Connection: keep-alive") + get("/2"), "open", "GET /1 []", "GET /2 []"],
    [
      "9110, 7.6.1: another word",
      next("/1", "Connection: closed") + get("/2"),
      "open",
      "GET /1 []",
      "GET /2 []",
    ],
    ["9110, 7.6.1", next("/1", 'Connection: "close"') + get("/2"), "open", "GET /1 []", "GET /2 []"],
    ["9110, 7.6.1", next("/1", "Connection:") + get("/2"), "open", "GET /1 []", "GET /2 []"],
    ["9110, 7.6.1", next("/1", "Close: 1") + get("/2"), "open", "GET /1 []", "GET /2 []"],
    ["9112, 9.6", fields("Connection: close", "Content-Length: 3") + "abcdef", "close", "POST / [abc]"],
    [
      "9110, 7.6.1: what is named there still counts",
      fields("Connection: Content-Length", "Content-Length: 3") + "abc",
      "open",
      "POST / [abc]",
    ],
    [
      "9110, 7.6.1",
      fields("Connection: Transfer-Encoding", "Transfer-Encoding: chunked") + "0\r\n\r\n",
      "open",
      "POST / []",
    ],
    // HTTP/1.0.
    ["9112, 9.3", old("Host: a") + get("/2"), "close", "GET / []"],
    ["9112, C.2.2", old("Host: a", "Connection: keep-alive") + get("/2"), "open", "GET / []", "GET /2 []"],
    ["9112, C.2.2", old("Host: a", "Connection: Keep-Alive, x"), "open", "GET / []"],
    ["9112, C.2.2", old("Host: a", "Connection: keep-alive, close"), "close", "GET / []"],
    ["9112, C.2.2: another hop's word", old("Host: a", "Proxy-Connection: keep-alive"), "close", "GET / []"],
    ["9112, C.2.2", old("Host: a", "Keep-Alive: 300"), "close", "GET / []"],
    ["9112, 6.2", "POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", "close", "POST / [abc] @"],
    ["9112, 6.3: not until the end", "POST / HTTP/1.0\r\n\r\nabc", "close", "POST / [] @"],
    [
      "9112, 2.3: the version of each request",
      get("/1") + old("Host: a") + get("/3"),
      "close",
      "GET /1 []",
      "GET / []",
    ],
    // Expect.
    ["9110, 10.1.1", fields("Expect: 100-continue"), "open", "POST / []"],
    ["9110, 10.1.1", fields("Expect: 100-Continue"), "open", "POST / []"],
    ["9110, 10.1.1", fields("Expect: 100-continue", "Content-Length: 3"), "content"],
    ["9110, 10.1.1", fields("Expect: 100-continue", "Content-Length: 3") + "abc", "open", "POST / [abc]"],
    [
      "9110, 10.1.1",
      fields("Expect: 100-continue", "Content-Length: 3") + "abc" + get("/2"),
      "open",
      "POST / [abc]",
      "GET /2 []",
    ],
    ["9110, 5.6.1: an empty list", fields("Expect:"), "open", "POST / []"],
    ["9110, 10.1.1", fields("Expect: 200-ok"), 417],
    ["9110, 10.1.1", fields("Expect: 100-continue;q=1"), 417],
    ["9110, 10.1.1", fields("Expect: 100-continue, 200-ok"), 417],
    ["9110, 10.1.1", fields("Expect: 100-continue", "Expect: 200-ok"), 417],
    ["9110, 10.1.1: HTTP/1.0 has no Expect", old("Expect: 200-ok"), "close", "GET / [] @"],
    ["9112, 3.2: what is malformed is not weighed any further", fields("Expect: 200-ok", "Host: a"), 400],
    // Methods and their content.
    [
      "9110, 9.3.1: content without a meaning, and framed",
      next("/1", "Content-Length: 3") + "abc" + get("/2"),
      "open",
      "GET /1 [abc]",
      "GET /2 []",
    ],
    ["9110, 9.3.1", next("/1", "Transfer-Encoding: chunked") + "1\r\nx\r\n0\r\n\r\n", "open", "GET /1 [x]"],
    ["9110, 9.3.2", "HEAD /1 HTTP/1.1\r\nHost: a\r\n\r\n" + get("/2"), "open", "HEAD /1 []", "GET /2 []"],
    [
      "9110, 9.3.2",
      "HEAD /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" + get("/2"),
      "open",
      "HEAD /1 [abc]",
      "GET /2 []",
    ],
    ["9110, 9.3.7", "OPTIONS * HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", "open", "OPTIONS * [x]"],
    // Upgrades, which may be passed over.
    [
      "9110, 7.8",
      next("/1", "Connection: upgrade", "Upgrade: websocket") + get("/2"),
      "open",
      "GET /1 []",
      "GET /2 []",
    ],
    [
      "9113, 3.1: h2c is gone",
      next("/1", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AA") + get("/2"),
      "open",
      "GET /1 []",
      "GET /2 []",
    ],
    ["9113, 3.4: the preface later on", get("/1") + "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "GET /1 []"],
  ],
};
