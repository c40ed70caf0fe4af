import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import fc from "../support/properties.ts";
import { ALLOW_LIBC, startBackend, startFront, TemporaryDirectory } from "../support/processes.ts";
import { get } from "../support/raw_client.ts";
import { within } from "../support/waiting.ts";

const PROGRAM = fileURLToPath(new URL("./fixtures/log_everything.ts", import.meta.url));
/** Messages that the program writes for each text. */
const MESSAGES = 4;

/** Texts with control characters of all kinds in between. */
const hostile = fc.string({
  unit: fc.oneof(
    fc.integer({ min: 0, max: 0x1f }).map((code) => String.fromCharCode(code)),
    fc.integer({ min: 0x7f, max: 0x9f }).map((code) => String.fromCharCode(code)),
    fc.constantFrom("\r\n", "\u2028", "\u2029", "\x1b[2J", "\x1b]0;owned\x07", "\\", "{", "}"),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  ),
  maxLength: 20,
});

/** What a program with these texts in its messages has written to standard error. */
async function logged(texts: readonly string[]): Promise<string> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ALLOW_LIBC, PROGRAM],
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(texts)));
  await writer.close();
  const { code, stderr } = await within(process.output(), "the end of the program");
  const text = new TextDecoder().decode(stderr);
  assert.equal(code, 0, text);
  return text;
}

Deno.test("the log: every message is one line without control characters, whatever is in it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(hostile, { minLength: 40, maxLength: 40 }), async (texts) => {
      const output = await logged(texts);
      assert.ok(output.endsWith("\n"));
      const lines = output.slice(0, -1).split("\n");
      assert.equal(lines.length, MESSAGES * texts.length);
      for (const line of lines) {
        assert.match(line, /^\d{4}-\d\d-\d\dT[\d:.]+Z (?:info|warning|error) (?:front|backend .*): /s);
        assert.doesNotMatch(line, /[\p{Cc}\u2028\u2029]/u);
      }
    }),
    { numRuns: 5, endOnFailure: true },
  );
});

Deno.test("the log: control characters are shown as escapes, everything else as it is", async () => {
  const output = await logged(["a\nb\r\tc\x00\x1b[31m\x7f\x9b ä€😀 \\n\u2028"]);
  assert.match(
    output,
    /: as a value: a\\nb\\r\\tc\\x00\\x1b\[31m\\x7f\\x9b ä€😀 \\n\\u2028\n/,
  );
});

Deno.test("the log: what a client sends and a handler throws stays in the line that tells of it", async () => {
  using directory = new TemporaryDirectory();
  const module = directory.write(
    "app.ts",
    "export default (request) => { throw new Error(decodeURIComponent(new URL(request.url).search)); };\n",
  );
  await using backend = await startBackend(directory.join("a.sock"), { fetch: module });
  await using front = await startFront({
    listen: "127.0.0.1:0",
    sites: [{ to: `fd://${directory.join("a.sock")}` }],
  });
  const forged = "\n2026-01-01T00:00:00.000Z info front: all is well\r\x1b[2J\x9b";
  assert.equal((await get(front.port, `/?${encodeURIComponent(forged)}`)).status, 500);
  await backend.message(/failed: .*\n/);
  assert.match(
    backend.stderr,
    /failed: Error: \?\\n2026-01-01T00:00:00\.000Z info front: all is well\\r\\x1b\[2J\\x9b\\n {4}at .*\n/,
  );
  assert.doesNotMatch(backend.stderr, /^2026-01-01|[^\P{Cc}\n]/mu);
  await front.stopCleanly();
  await backend.stopCleanly();
});
