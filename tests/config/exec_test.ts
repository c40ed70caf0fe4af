/** The keys of backends that run programs. */

import assert from "node:assert/strict";
import type { Exec } from "../../src/config/config.ts";
import { describe } from "../../src/config/describe.ts";
import { parseJson } from "../../src/config/json/parse.ts";

const document = (entry: string) =>
  `{ "listen": "80", "sites": [{ "to": "app" }], "backends": { "app": { "socket": "/a.sock", ${entry} } } }`;
const parse = (entry: string) => parseJson(document(entry), { name: "f.json", baseDirectory: "/etc/fdpass" });
const runs = (entry: string) => parse(entry).backends[0]!.runs as Exec;

Deno.test("exec: a program with a slash is a file beside the configuration, any other is looked for in PATH", () => {
  assert.deepEqual(runs(`"exec": ["./greet", "./as-it-is", ""]`), {
    kind: "exec",
    command: ["/etc/fdpass/greet", "./as-it-is", ""],
  });
  assert.deepEqual(runs(`"exec": ["cat"]`), { kind: "exec", command: ["cat"] });
});

Deno.test("exec: cgi and the limits", () => {
  assert.deepEqual(runs(`"exec": ["a"], "cgi": true, "maxPrograms": 7, "programTimeout": "2m"`), {
    kind: "exec",
    command: ["a"],
    cgi: true,
    maxPrograms: 7,
    programTimeout: 120_000,
  });
  assert.deepEqual(runs(`"exec": ["a"], "cgi": false`), { kind: "exec", command: ["a"] });
});

Deno.test("exec: what is wrong is told with its place", () => {
  const command = `write a program and its arguments, such as ["./greet", "--politely"]`;
  for (
    const [entry, expected] of [
      [`"exec": "cat"`, `backends.app.exec: Found "cat"; ${command}`],
      [`"exec": []`, `backends.app.exec: Found an empty list; ${command}`],
      [`"exec": ["cat", 1]`, `backends.app.exec[1]: Found 1; ${command}`],
      [`"exec": [""]`, `backends.app.exec[0]: Cannot run an empty name; ${command}`],
      [`"exec": ["a", "b\\u0000"]`, `backends.app.exec[1]: Cannot pass on a NUL; leave it out`],
      [`"cgi": true`, `Found "cgi" without "exec"; add a program and its arguments, or leave it out`],
      [`"exec": ["a"], "programTimeout": 0`, `backends.app.programTimeout: Cannot wait for 0`],
      [`"exec": ["a"], "maxPrograms": 0`, `Found 0; write a whole number from 1 to 65535`],
      [
        `"exec": ["a"], "static": "b"`,
        `Found both "static" and "exec"; keep one of them, or make two backends`,
      ],
    ] as const
  ) {
    assert.throws(
      () => parse(entry),
      (error: Error) => error.message.includes(expected) || assert.fail(error.message),
    );
  }
});

Deno.test("exec: describe() shows the command", () => {
  assert.match(describe(parse(`"exec": ["sh", "-c", "echo hello"]`)), /exec sh -c "echo hello"$/m);
  assert.match(describe(parse(`"exec": ["/srv/app"], "cgi": true`)), /exec \/srv\/app by CGI$/m);
});
