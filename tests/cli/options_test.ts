/** Numbers on the command line: what is out of bounds is bad usage, told in a sentence, with exit code 2. */

import assert from "node:assert/strict";
import { type CommandEnding, runCommandLines } from "../support/command_lines.ts";
import { named } from "../support/other_user.ts";
import { runProgram, startBackend, TemporaryDirectory } from "../support/processes.ts";

const BACKEND = ["backend", "--socket", "/nonexistent/a.sock", "--static", "/"];
const TIME = /write a duration from 0 to "1440m"/;
const SYNTAX = /write "500ms", "10s" or "2m"/;
const IDS = /numbers up to 4294967294, such as 33, 33:33, or :33 for the group alone/;

/** What is wrong, and how that is told. */
const WRONG: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [[...BACKEND, "--drain-timeout", "1441m"], TIME],
  [[...BACKEND, "--drain-timeout", "86401"], TIME],
  // setTimeout() takes what is above 2^31 for 1 ms.
  [[...BACKEND, "--drain-timeout", "2147484s"], TIME],
  [[...BACKEND, "--drain-timeout", "9".repeat(400)], TIME],
  [[...BACKEND, "--drain-timeout", "1h"], SYNTAX],
  [[...BACKEND, "--drain-timeout", "-1s"], SYNTAX],
  [[...BACKEND, "--drain-timeout", ""], SYNTAX],
  [[...BACKEND, "--owner", "4294967295"], IDS],
  [[...BACKEND, "--owner", "0:4294967295"], IDS],
  [[...BACKEND, "--owner", ":4294967296"], IDS],
  [[...BACKEND, "--owner", "1".repeat(400)], IDS],
  [[...BACKEND, "--owner", ""], IDS],
  [[...BACKEND, "--owner", ":"], IDS],
  [[...BACKEND, "--owner", "root"], IDS],
  [[...BACKEND, "--owner", "-1"], IDS],
  [[...BACKEND, "--allow-user", "4294967295"], /whole number from 0 to 4294967294/],
  [[...BACKEND, "--workers", "257"], /whole number from 1 to 256/],
  [[...BACKEND, "--workers", "0"], /whole number from 1 to 256/],
  [[...BACKEND, "--max-age", "-1"], /whole number from 0 to 2147483647/],
  [[...BACKEND, "--max-age", "2147483648"], /whole number from 0 to 2147483647/],
  [[...BACKEND, "--max-age", "1h"], /whole number from 0 to 2147483647/],
  [[...BACKEND, "--file-cache", "0"], /whole number from 1 to 3600/],
  [
    ["backend", "--socket", "a.sock", "--fetch", "a.ts", "--no-file-cache"],
    /Cannot use --no-file-cache without --static/,
  ],
  [[...BACKEND, "--symlinks", "inside"], /Allowed choices are follow, beneath, never/],
  [[...BACKEND, "--abort-delay", "1s"], /Cannot use --abort-delay without --fetch or --upstream/],
  [[...BACKEND, "--compress=deflate"], /Cannot compress with "deflate"; write some of zstd, br, gzip/],
  [[...BACKEND, "--compress-types", "text/html"], /Cannot use --compress-types without --compress/],
  [
    [...BACKEND, "--compress", "--compress-levels", "gzip=10"],
    /gzip at the level 10; write a whole number from 1 to 9/,
  ],
  [[...BACKEND, "--apache", "--compress"], /Cannot use --compress with --apache/],
  [[...BACKEND, "--mode", "1777"], /permission bits such as 660/],
  [["front", "-", "--workers", "65"], /whole number from 1 to 64/],
  [["up", "-", "--workers", "65"], /whole number from 1 to 64/],
  [["demo", "--port", "65536"], /whole number from 1 to 65535/],
  [["front", "-", "--with-parent", "4194305"], /whole number from 1 to 4194304/],
];

/** What comes of them, without any permission; the first test that asks has all of them run. */
let endings: Promise<CommandEnding[]> | undefined;

for (const [index, [args, message]] of WRONG.entries()) {
  const option = args.slice(-2).join(" ").slice(0, 40);
  Deno.test(`the command line: ${args[0]} ${option} is bad usage`, async () => {
    endings ??= runCommandLines(WRONG.map(([args]) => args), []);
    const { code, stdout, stderr } = (await endings)[index]!;
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /^\s+at .*\(|Uncaught|panicked/m);
    assert.equal(stdout, "");
  });
}

Deno.test("the command line: a format is told what it gets only a dash for, as in configurations", async () => {
  const args = [...BACKEND, "--access-log", "-", "--access-log-format", "%h %{note}n %>s"];
  const { stderr } = await runProgram(args, { permissions: ["--allow-all"] });
  assert.match(stderr, /^fdpass: --access-log-format: lines have a dash for %\{note\}n, notes of modules$/m);
});

Deno.test("the command line: a day is the longest time, and the shortest is none", async () => {
  using directory = new TemporaryDirectory();
  for (const time of ["1440m", "86400", "0", "0.5ms"]) {
    await using backend = await startBackend(
      directory.join("a.sock"),
      { static: directory.path },
      ["--drain-timeout", time],
    );
    // No time at all may be over before everything has ended.
    const { code, stderr } = await backend.stop();
    assert.equal(code, 0, stderr);
  }
});

Deno.test({
  ...named(
    "the command line: --owner sets the user, the group, or both",
    Deno.uid() === 0 ? undefined : "only root can give a file to another user",
  ),
  async fn() {
    using directory = new TemporaryDirectory();
    const socket = directory.join("a.sock");
    const own = Deno.statSync(directory.path);
    for (
      const [text, uid, gid] of [
        ["4294967294", 4_294_967_294, own.gid],
        ["12:34", 12, 34],
        [":4294967294", own.uid, 4_294_967_294],
      ] as const
    ) {
      await using backend = await startBackend(socket, { static: directory.path }, ["--owner", text]);
      const file = Deno.statSync(socket);
      assert.deepEqual([file.uid, file.gid], [uid, gid], text);
      await backend.stopCleanly();
    }
  },
});
