/** A virtual machine whose kernel does TLS: what goes into it, and running tests there. */

import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { makeGoClient } from "../e2e/tls/clients.ts";
import { client } from "../e2e/tls/site.ts";
import { isInstalled } from "../support/other_programs.ts";
import { TemporaryDirectory } from "../support/processes.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const BOOT = fileURLToPath(new URL("../../../shared/boot-tls-kernel", import.meta.url));
/** Where things lie in the machine. */
const INSIDE = "/tmp/fdpass-kernel";
/** Of Debian 13: what clients are made of, and what looks at them. The OpenSSL there lets the kernel do TLS 1.3, too. */
const PACKAGES = ["libssl3t64", "nodejs", "python3", "wget", "strace", "chromium"];
/** MiB. Everything that is written there lies in it, the project and its packages to begin with. */
const MEMORY = 2_048;
/**
 * Of the kernel there: no keys for memory protection, which V8 turns around each piece of code that it writes. To the
 * program that imitates the processor each turn is a new address space, and every start takes half as long again.
 */
const KERNEL = "nopku";

/** What is missing here for such a machine; the empty text where nothing is. */
export function missing(): string {
  if (!isInstalled("test", "-x", BOOT)) return "no ../shared/boot-tls-kernel";
  const program = ["qemu-system-x86_64", "mmdebstrap", "go"]
    .find((name) => !isInstalled("sh", "-c", `command -v ${name}`));
  return program === undefined ? "" : `there is no ${program}`;
}

/**
 * Makes a directory of Deno's that nobody else writes to, with the packages of this machine's: what Deno finds out about
 * modules and compiles is found out and compiled here, or ten slow processes would do it, each for itself.
 */
async function makeCache(path: string, modules: readonly string[]): Promise<void> {
  const { npmCache } = JSON.parse(await client(Deno.execPath(), ["info", "--json"]));
  await Deno.mkdir(path);
  await client("cp", ["-a", npmCache, path]);
  const options = { cwd: ROOT, env: { DENO_DIR: path } };
  // What runs there is not checked, and nothing can be downloaded.
  const all = [...modules, "tests/kernel_tls/rehearsal.ts", "cli.ts", "src/front/worker.ts"];
  await client(Deno.execPath(), ["cache", "--quiet", "--no-check", ...all], options);
  const rehearsal = "tests/kernel_tls/rehearsal.ts";
  await client(Deno.execPath(), ["run", "-A", "--no-check", "--cached-only", rehearsal], options);
  // A database is read through its log as long as it has one, each time from its beginning.
  for (const { name } of [...Deno.readDirSync(path)]) {
    if (!name.endsWith("-wal")) continue;
    using database = new DatabaseSync(`${path}/${name.slice(0, -"-wal".length)}`);
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }
}

/**
 * Puts Deno, what it has of packages and of this project, the project and a client in Go into one archive: many small files
 * are slow to reach from inside.
 */
async function pack(directory: TemporaryDirectory, modules: readonly string[]): Promise<void> {
  const cache = directory.join("cache");
  const [go] = await Promise.all([makeGoClient(directory.path), makeCache(cache, modules)]);
  const moved = [[Deno.execPath(), `${INSIDE}/deno`], [go, `${INSIDE}/go-client`], [
    cache,
    `${INSIDE}/cache`,
  ]];
  const project = ["cli.ts", "mod.ts", "deno.json", "deno.lock", "ffi", "src", "tests", "examples"];
  await client("tar", [
    "-cPf",
    directory.join("archive.tar"),
    ...moved.map(([from, to]) => `--transform=s,^${from},${to},`),
    ...moved.map(([from]) => from!),
    ...project.map((name) => ROOT + name),
  ]);
  await Deno.copyFile(`${ROOT}tests/kernel_tls/inside`, directory.join("inside"));
}

/** What has become of tests in the machine. */
export interface Outcome {
  /** Of the tests, unless the machine did not get that far. */
  readonly code: number;
  /** All that they have written. */
  readonly text: string;
}

/**
 * Boots the machine and runs tests in it.
 *
 * @param seconds how long it may take from here on, boot included
 * @param modules of the tests, as paths in the project
 */
export async function runInside(seconds: number, modules: readonly string[]): Promise<Outcome> {
  using directory = new TemporaryDirectory();
  await pack(directory, modules);
  const where = ["--share", directory.path, "--include", PACKAGES.join()];
  const limits = ["--memory", String(MEMORY), "--timeout", String(seconds), "--append", KERNEL];
  const { code, stdout, stderr } = await new Deno.Command(BOOT, {
    args: [...where, ...limits, "--", "bash", "inside", ROOT, ...modules],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const [text, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, text: text! + errors! };
}
