/** Sockets in directories with long names: what `check` lets pass runs, and what cannot run is told before anything does. */

import assert from "node:assert/strict";
import { runProgram, startUp, TemporaryDirectory } from "../support/processes.ts";
import { get } from "../support/raw_client.ts";

/** A directory below another, whose path has so many bytes with the slash at its end. */
function deep(directory: TemporaryDirectory, bytes: number): string {
  const path = `${directory.path}/${"x".repeat(bytes - directory.path.length - 2)}`;
  Deno.mkdirSync(path);
  return path;
}

for (const [workers, most] of [[1, 99], [2, 94]] as const) {
  Deno.test(`a socket as deep as it may be has ${workers} process(es) behind it, and one deeper is refused`, async () => {
    using directory = new TemporaryDirectory();
    directory.write("hello.txt", "hello");
    const configuration = (socket: string) => ({
      listen: "127.0.0.1:0",
      sites: [{ to: "files" }],
      backends: { files: { socket, static: directory.path, workers } },
    });
    {
      const socket = `${deep(directory, most)}/${"s".repeat(107 - most)}`;
      await using up = await startUp(configuration(socket));
      assert.equal((await get(up.port, "/hello.txt")).text, "hello");
      await up.stopCleanly();
    }
    const socket = `${deep(directory, most + 1)}/s`;
    const message = new RegExp(`has ${most + 1} bytes, and .* write a directory of at most ${most} bytes\n$`);
    for (const command of ["check", "up"]) {
      const input = JSON.stringify(configuration(socket));
      const { code, stderr, stdout } = await runProgram([command, "-"], {
        permissions: ["--allow-all"],
        input,
      });
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, message);
    }
    const args = ["backend", "--socket", socket, "--workers", `${workers}`, "--static", directory.path];
    const { code, stderr } = await runProgram(args, { permissions: ["--allow-all"] });
    assert.equal(code, 2);
    assert.match(stderr, message);
  });
}
