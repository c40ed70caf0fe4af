/** The two servers that are compared, each in a process of its own. */

import { fileURLToPath } from "node:url";
import { Program, QUIET, startFront, TemporaryDirectory } from "../../../support/processes.ts";
import { within } from "../../../support/waiting.ts";

const SERVER = fileURLToPath(import.meta.resolve("./server.ts"));

/** A server that listens. */
export interface Side extends AsyncDisposable {
  readonly port: number;
}

/** `Deno.serve`. */
export async function denoSide(): Promise<Side> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--allow-all", SERVER],
    env: QUIET,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = process.stdout.getReader();
  const { value } = await within(reader.read(), "the port of Deno.serve");
  return {
    port: Number(new TextDecoder().decode(value)),
    async [Symbol.asyncDispose]() {
      process.kill("SIGKILL");
      await reader.cancel();
      await process.status;
    },
  };
}

/** A front with a fetch backend behind it. */
export async function ownSide(): Promise<Side> {
  const directory = new TemporaryDirectory();
  const socket = directory.join("app.sock");
  const backend = new Program(["backend", "--socket", socket, "--fetch", SERVER], {
    permissions: ["--allow-all"],
  });
  await backend.line(/ ready on /);
  const front = await startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${socket}` }] });
  return {
    port: front.port,
    async [Symbol.asyncDispose]() {
      await front[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}
