// TLS under a kernel that does it, where this machine's mostly does not: a script beside the checkout boots one in a
// virtual machine. Run apart, by `deno task test:kernel`, for it takes minutes.
import assert from "node:assert/strict";
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
const PACKAGES = "libssl3t64,nodejs,python3,wget,strace";
/** For all of it, on a machine that does something else besides. */
const SECONDS = 900;

/** What is missing; the empty text where nothing is. */
function missing(): string {
  if (!isInstalled("test", "-x", BOOT)) return "no ../shared/boot-tls-kernel";
  const program = ["qemu-system-x86_64", "mmdebstrap", "go"]
    .find((name) => !isInstalled("sh", "-c", `command -v ${name}`));
  return program === undefined ? "" : `there is no ${program}`;
}

/** What Deno has found out about modules: nine processes at a time would find it out anew, each for itself. */
const FOUND_OUT = ["dep_analysis_cache_v2", "node_analysis_cache_v2", "v8_code_cache_v2"];

/**
 * Puts Deno, what it has of packages and of this project, the project and a client in Go into one archive: many small files
 * are slow to reach from inside.
 */
async function pack(directory: TemporaryDirectory): Promise<void> {
  const { denoDir } = JSON.parse(await client(Deno.execPath(), ["info", "--json"]));
  // What runs there is not checked, and nothing can be downloaded.
  const modules = ["tests/kernel_tls/connections.ts", "cli.ts", "src/front/worker.ts"];
  await client(Deno.execPath(), ["cache", "--quiet", "--no-check", ...modules], { cwd: ROOT });
  const go = await makeGoClient(directory.path);
  const moved = [[Deno.execPath(), `${INSIDE}/deno`], [go, `${INSIDE}/go-client`], [
    denoDir,
    `${INSIDE}/cache`,
  ]];
  await client("tar", [
    "-cPf",
    directory.join("archive.tar"),
    ...moved.map(([from, to]) => `--transform=s,^${from},${to},`),
    Deno.execPath(),
    go,
    `${denoDir}/npm`,
    ...FOUND_OUT.flatMap((name) => [name, `${name}-wal`]).map((name) => `${denoDir}/${name}`).filter(exists),
    `${denoDir}/gen/file${ROOT}`,
    ...["cli.ts", "mod.ts", "deno.json", "deno.lock", "ffi", "src", "tests"].map((name) => ROOT + name),
  ]);
  await Deno.copyFile(`${ROOT}tests/kernel_tls/inside`, directory.join("inside"));
}

function exists(path: string): boolean {
  return isInstalled("test", "-e", path);
}

const lack = missing();

Deno.test(`clients, files, ends and new keys under a kernel that does TLS${lack && `: ${lack}`}`, {
  ignore: lack !== "",
}, async () => {
  using directory = new TemporaryDirectory();
  await pack(directory);
  const { code } = await new Deno.Command(BOOT, {
    args: [
      "--share",
      directory.path,
      "--include",
      PACKAGES,
      "--memory",
      "4096",
      "--timeout",
      String(SECONDS),
      "--",
      "bash",
      "inside",
      ROOT,
    ],
    stdin: "null",
    // As it comes: what has gone wrong is said there.
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  assert.equal(code, 0);
});
