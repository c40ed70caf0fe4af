/** Lines of fields (RFC 9112, 5; RFC 9110, 5). */

import { type Chapter, fields } from "./case.ts";

export const FIELDS: Chapter = {
  title: "Header fields",
  cases: [
    [
      "9110, 5.3: in their order",
      fields("X-A: b", "X-A: b", "x-a:c"),
      "open",
      "POST / [] {X-A: b} {X-A: b} {x-a: c}",
    ],
    ["9112, 5.1", fields("X-A:"), "open", "POST / [] {X-A: }"],
    ["9112, 5.1", fields("X-A: \t "), "open", "POST / [] {X-A: }"],
    ["9112, 5.1", fields("X-A: \t b c \t "), "open", "POST / [] {X-A: b c}"],
    ["9112, 5.1", fields("X-A:b"), "open", "POST / [] {X-A: b}"],
    ["9112, 5.1", fields("X-A: b:c"), "open", "POST / [] {X-A: b:c}"],
    ["9112, 5.1", fields("X-A::"), "open", "POST / [] {X-A: :}"],
    ["9110, 5.5", fields('X-A: "b\tc", (d)'), "open", 'POST / [] {X-A: "b\tc", (d)}'],
    ["9110, 5.6.2", fields("X-!#$%&'*+-.^_`|~09: b"), "open", "POST / [] {X-!#$%&'*+-.^_`|~09: b}"],
    ["9110, 5.5: obs-text", fields("X-A: \x80\xff"), "open", "POST / [] {X-A: \x80\xff}"],
    ["9112, 5.1", fields("A : b"), 400],
    ["9112, 5.1", fields("A\t: b"), 400],
    ["9112, 5.1", fields(": b"), 400],
    ["9112, 5.1", fields("A"), 400],
    ["9112, 5.1", fields("A B: c"), 400],
    ["9112, 5.1", fields("A(b): c"), 400],
    ["9112, 5.1", fields("\xc4: c"), 400],
    ["9112, 5.1", fields("A\0: c"), 400],
    ["9112, 5.2", fields("A: b", " c"), 400],
    ["9112, 5.2", fields("A: b", "\tc"), 400],
    ["9112, 5.2", fields("A: b", " "), 400],
    ["9112, 2.2", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400],
    ["9110, 5.5", fields("A: b\0c"), 400],
    ["9110, 5.5", fields("A: b\x7f"), 400],
    ["9110, 5.5", fields("A: \x0b"), 400],
    ["9110, 5.5", fields("A: \x1b[31m"), 400],
  ],
};
