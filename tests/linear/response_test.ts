/** Whatever an upstream or a program writes: twice as much takes twice the work. */

import assert from "node:assert/strict";
import { Answering, OutputError } from "../../src/backend/exec/cgi/answering.ts";
import { ReceivedResponse } from "../../src/backend/relay/received_response.ts";
import { ResponseFields } from "../../src/backend/relay/response_fields.ts";
import { parseCgiHead } from "../../src/http/cgi_response.ts";
import { appended } from "../../src/http/growing.ts";
import { isWorthReading } from "../../src/http/head_growth.ts";
import { ResponseParser } from "../../src/http/response_parser.ts";
import { announcedTrailers } from "../../src/http/trailers.ts";
import type { Steps } from "../../src/loop/course.ts";
import { assertLinear } from "../support/work.ts";
import { made, PATTERNS } from "./patterns.ts";

/** Long enough: with 1,000 already, what is quadratic is six times as much work as eight shorter texts together. */
const SIZE = 1_500;
const VIEW = {
  upstream: { at: { host: "up", port: 80 }, authority: "up", base: "/v1" },
  authority: "up",
  prefix: "/a/",
  clientAuthority: "site.example",
};
const RULES = [
  {},
  {
    reverse: [{ path: "/a/", url: "http://up/" }, { path: "/b", url: "/" }, {
      path: "https://x",
      url: "http:",
    }],
    cookieDomains: [{ from: "a", to: "b" }],
    cookiePaths: [{ from: "/old", to: "/new" }],
  },
];

/** Everything that a relay does with a response's head. */
function relay(text: string): void {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  const parser = new ResponseParser({ head: 1 << 20, fields: 100_000 });
  if (parser.parse(bytes, 0, bytes.length) !== "head") return;
  const response = new ReceivedResponse(parser, bytes, 0, "GET");
  for (const rules of RULES) void new ResponseFields(response.head, 1, { ...VIEW, rules }).list;
  announcedTrailers(response.fields);
}

const GROUPS: readonly (readonly string[])[] = [
  ["X-Anything", "Location", "Content-Location", "URI"],
  ["Set-Cookie", "Keep-Alive", "Via", "Trailer", "Upgrade", "Content-Type"],
  ["Status"],
  ["Location"],
  ["Connection"],
  ["Content-Length"],
  ["Transfer-Encoding"],
];

for (const names of GROUPS) {
  Deno.test(`what is in ${names.join(", ")} of a response takes work in proportion to its length`, async () => {
    for (const pattern of PATTERNS) {
      const lines = (size: number, end: string) =>
        names.map((name) => `${name}: ${made(pattern, size)}${end}`).join("");
      await assertLinear(JSON.stringify(pattern), SIZE, (size) => {
        const text = `HTTP/1.1 200 OK\r\n${lines(size, "\r\n")}\r\n`;
        return () => relay(text);
      });
      await assertLinear(`${JSON.stringify(pattern)} by CGI`, SIZE, (size) => {
        const text = `X-A: b\n${lines(size, "\n")}X-B: c\n\n`;
        const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
        return () => void parseCgiHead(bytes);
      });
    }
  });
}

Deno.test("many fields of a response take work in proportion to their number", async () => {
  for (const line of ["a: b", "Set-Cookie: a=b; Path=/old", "Via: 1.1 a", "Connection: a", "Location: /"]) {
    await assertLinear(line, 500, (size) => {
      const text = `HTTP/1.1 200 OK\r\n${`${line}\r\n`.repeat(size)}\r\n`;
      return () => relay(text);
    });
    await assertLinear(`${line} by CGI`, 500, (size) => {
      const bytes = new TextEncoder().encode(`Status: 200\n${`${line}\n`.repeat(size)}\n`);
      return () => void parseCgiHead(bytes);
    });
  }
});

Deno.test("a response's head that comes in small pieces takes work in proportion to its length", async () => {
  await assertLinear("by one", 4_000, (size) => {
    const text = `HTTP/1.1 200 OK\r\n${"a: b\r\n".repeat(size / 6)}\r\n`;
    const bytes = new TextEncoder().encode(text);
    return () => {
      const parser = new ResponseParser({ head: 40_000, fields: 10_000 });
      let held: Uint8Array<ArrayBuffer> = new Uint8Array(0);
      for (let length = 0, seen = 0; length < bytes.length; length++) {
        held = appended(held, 0, length, bytes.subarray(length, length + 1));
        const worth = isWorthReading(held, 0, seen, length + 1, parser.longest);
        if (worth && parser.parse(held, 0, length + 1) !== "more") return;
        seen = length + 1;
      }
    };
  });
});

/** Steps that wait for nothing. */
// deno-lint-ignore require-yield
function* stepsTo<T>(result: T): Steps<T> {
  return result;
}

Deno.test("what a program writes byte by byte takes work in proportion to its length", async () => {
  for (const end of ["\n\n", "\r\n\r\n", ""]) {
    await assertLinear(JSON.stringify(end), 4_000, (size) => {
      const text = `Content-Type: a/b${"\nX-A: b".repeat(size / 7)}${end}${"x".repeat(size)}`;
      const bytes = new TextEncoder().encode(text);
      return () => {
        let at = 0;
        const output = {
          get ended() {
            return at >= bytes.length;
          },
          take: () => at < bytes.length ? bytes.slice(at, ++at) : undefined,
          read() {
            return stepsTo(this.take());
          },
        };
        const exchange = {
          method: "GET",
          guard: { owns: () => false },
          connection: { home: {} },
          respond: () => stepsTo(undefined),
        };
        const program = {
          late: false,
          endsSoon: () => stepsTo({ killed: false }),
        };
        try {
          const steps = new Answering(exchange as never, program as never, output as never).run();
          assert.ok(steps.next(true).done, "all of it is there");
        } catch (error) {
          if (!(error instanceof OutputError)) throw error;
        }
      };
    });
  }
});
