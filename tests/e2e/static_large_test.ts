/** A very large file: it arrives whole, and the backend that sends it does not grow. */

import assert from "node:assert/strict";
import { DescriptorTables, residentMemory } from "../support/proc.ts";
import { startBackend, startFront, TemporaryDirectory } from "../support/processes.ts";
import { get, RawClient, seededBytes } from "../support/raw_client.ts";

const MEBIBYTE = 1 << 20;
const SIZE = 512 * MEBIBYTE;

/** Every mebibyte is another one: its number stands in it. */
function writeLarge(path: string): void {
  using file = Deno.openSync(path, { write: true, create: true });
  const block = seededBytes(MEBIBYTE, 4711);
  for (let number = 0; number < SIZE / MEBIBYTE; number++) {
    new DataView(block.buffer).setUint32(0, number);
    for (let at = 0; at < MEBIBYTE;) at += file.writeSync(block.subarray(at));
  }
}

/** The first word that a shell's command writes: here, a SHA-256. */
async function firstWord(command: string, ...args: readonly string[]): Promise<string> {
  const shell = new Deno.Command("sh", { args: ["-c", command, "sh", ...args], stderr: "piped" });
  const { stdout, stderr } = await shell.output();
  assert.equal(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout).split(" ")[0]!;
}

Deno.test("static: a file of 512 MiB", async (t) => {
  using directory = new TemporaryDirectory();
  writeLarge(directory.join("large.bin"));
  const socket = `${directory.path}.sock`;
  await using backend = await startBackend(socket, { static: directory.path });
  await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${socket}` }] });
  assert.equal((await get(front.port, "/none")).status, 404);
  const tables = await DescriptorTables.of(front.pid, backend.pid);
  const memory = residentMemory(backend.pid);

  await t.step("arrives whole, by its SHA-256", async () => {
    const url = `http://127.0.0.1:${front.port}/large.bin`;
    const [sent, received] = await Promise.all([
      firstWord('openssl dgst -sha256 -r "$1"', directory.join("large.bin")),
      firstWord('curl -sS -m 60 "$1" | openssl dgst -sha256 -r', url),
    ]);
    assert.match(sent, /^[0-9a-f]{64}$/);
    assert.equal(received, sent);
  });

  await t.step("has ranges at its end as at its beginning", async () => {
    using client = await RawClient.connect(front.port);
    for (const number of [0, 300, 511]) {
      const first = number * MEBIBYTE;
      await client.write(
        `GET /large.bin HTTP/1.1\r\nHost: test\r\nRange: bytes=${first}-${first + 3}\r\n\r\n`,
      );
      const { status, fields, body } = await client.response();
      assert.equal(status, 206);
      assert.equal(fields.get("content-range"), `bytes ${first}-${first + 3}/${SIZE}`);
      assert.equal(new DataView(body.buffer, body.byteOffset).getUint32(0), number);
    }
  });

  const grown = residentMemory(backend.pid) - memory;
  assert.ok(grown < 16 * MEBIBYTE, `the backend has grown by ${grown} bytes`);
  await tables.untilRestored();
  await backend.stopCleanly();
  await front.stopCleanly();
});
