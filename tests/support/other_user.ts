/** Programs as another user than the tests' own, where that is possible. */

import { fileURLToPath } from "node:url";

/** `nobody`, as Linux systems have it by convention. */
export const OTHER_USER = 65_534;

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Runs a command as the other user: by env(1), since setpriv itself could still reach what is root's alone. */
export const AS_OTHER_USER: readonly string[] = [
  "setpriv",
  `--reuid=${OTHER_USER}`,
  `--regid=${OTHER_USER}`,
  "--clear-groups",
  "env",
];

/** How a program is started as the other user: a part of {@linkcode StartOptions}. */
export interface OtherUser {
  readonly through: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly installation: { readonly deno: string; readonly root: string };
}

/** What a program is made of. The tests' own files and the records of the repository are none of it. */
const PARTS = [
  "cli.ts",
  "mod.ts",
  "deno.json",
  "deno.lock",
  "src",
  "ffi",
  "tests/e2e/fixtures",
  "tests/support",
];

/**
 * Deno, the packages and the program, where anybody may read and run them. The tests' own are often private: as root on
 * Debian, what npx has fetched lies in a home that nobody else may enter, and so may the checkout.
 */
export class ReadableCopy {
  readonly #path = Deno.makeTempDirSync({ prefix: "fdpass-e2e-copy-" });

  private constructor() {}

  /** Makes the copy. */
  static async make(): Promise<ReadableCopy> {
    const copy = new ReadableCopy();
    await copy.#fill();
    return copy;
  }

  async #fill(): Promise<void> {
    const { deno, root } = this.#installation;
    shareProgram(Deno.execPath(), deno);
    const { npmCache } = JSON.parse(await run(Deno.execPath(), "info", "--json")) as { npmCache: string };
    await run("cp", "-r", npmCache, `${this.#path}/npm`);
    Deno.mkdirSync(root);
    await run("sh", "-c", 'cd "$0" && cp -r --parents "$@"', ROOT, ...PARTS, root);
    await run("chmod", "-R", "a+rX", this.#path);
  }

  get #installation(): OtherUser["installation"] {
    return { deno: `${this.#path}/deno`, root: `${this.#path}/fdpass/` };
  }

  /** Who runs with this copy. */
  get user(): OtherUser {
    return {
      through: AS_OTHER_USER,
      environment: { DENO_DIR: this.#path, HOME: "/nonexistent" },
      installation: this.#installation,
    };
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#path, { recursive: true });
  }
}

/** Makes another name of a program that anybody may run by it: it is large, so the same file where that can be had. */
function shareProgram(program: string, name: string): void {
  try {
    if ((Deno.statSync(program).mode! & 0o005) === 0o005) return Deno.linkSync(program, name);
  } catch {
    // On another file system.
  }
  Deno.copyFileSync(program, name);
  Deno.chmodSync(name, 0o755);
}

/** Runs a command that has to end well. @returns what it wrote */
async function run(command: string, ...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`${command} ${args.join(" ")}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

/** Why nothing can be run as another user here; undefined when it can. */
export const noOtherUser: string | undefined = (() => {
  if (Deno.uid() !== 0) return "only root can start programs as another user";
  const directory = Deno.makeTempDirSync({ prefix: "fdpass-e2e-" });
  try {
    Deno.chmodSync(directory, 0o755);
    const args = [...AS_OTHER_USER.slice(1), "ls", directory];
    const { success } = new Deno.Command(AS_OTHER_USER[0]!, { args, stdout: "null", stderr: "null" })
      .outputSync();
    return success
      ? undefined
      : "the other user cannot enter the directory of temporary files, or setpriv may not change users";
  } catch {
    return "there is no setpriv";
  } finally {
    Deno.removeSync(directory);
  }
})();

/** Why limits of other programs cannot be set here; undefined when they can. */
export const noLimits: string | undefined = (() => {
  try {
    const { success } = new Deno.Command("prlimit", { args: ["--nofile=64:64", "true"] }).outputSync();
    return success ? undefined : "prlimit cannot set limits";
  } catch {
    return "there is no prlimit";
  }
})();

/** A test's name with the reason why it is left out, if it is. */
export function named(name: string, ...reasons: readonly (string | undefined)[]): {
  readonly name: string;
  readonly ignore: boolean;
} {
  const reason = reasons.find((text) => text !== undefined);
  return reason === undefined
    ? { name, ignore: false }
    : { name: `${name} (left out: ${reason})`, ignore: true };
}
