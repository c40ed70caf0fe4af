/** How much a client may send (RFC 9110, 15.5.15; RFC 6585, 5). */

import { type Chapter, fields, line } from "./case.ts";

export const LIMITED: Chapter = {
  title: "Limits",
  cases: [
    [
      "9112, 3: a request line of exactly the limit",
      line(`GET /${"a".repeat(46)} HTTP/1.1`),
      "open",
      "GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa []",
    ],
    ["9110, 15.5.15", line(`GET /${"a".repeat(47)} HTTP/1.1`), 414],
    ["9112, 3: the next byte may only be too much", "G".repeat(60), "head"],
    ["9110, 15.5.15", "G".repeat(61), 414],
    ["9110, 15.5.15", `GET http://${"a".repeat(50)}`, 414],
    ["9110, 15.5.15", `CONNECT ${"a".repeat(53)}`, 414],
    ["9112, 3: wrong before it is too long", `GET /${"a".repeat(50)} \0`, 400],
    [
      "9112, 2.2: empty lines are no part of the request line",
      "\r\n\r\n" + line(`GET /${"a".repeat(46)} HTTP/1.1`),
      "open",
      "GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa []",
    ],
    ["6585, 5: a head of exactly the limit", fields(`A: ${"a".repeat(400 - 33)}`), "open", "POST / []"],
    ["6585, 5", fields(`A: ${"a".repeat(401 - 33)}`), 431],
    ["6585, 5", `GET / HTTP/1.1\r\nA: ${"a".repeat(400 - 19)}`, "head"],
    ["6585, 5", `GET / HTTP/1.1\r\nA: ${"a".repeat(401 - 19)}`, 431],
    [
      "6585, 5: exactly as many fields as the limit",
      fields("A:", "A:", "A:", "A:", "A:"),
      "open",
      "POST / []",
    ],
    ["6585, 5", fields("A:", "A:", "A:", "A:", "A:", "A:"), 431],
  ],
};
