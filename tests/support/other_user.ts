/** Programs as another user than the tests' own, where that is possible. */

import { fileURLToPath } from "node:url";

/** `nobody`, as Linux systems have it by convention. */
export const OTHER_USER = 65_534;

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** How a program is started as the other user. */
export interface OtherUser {
  /** What runs it: for {@linkcode StartOptions.through}. */
  readonly through: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** A copy of the packages that the program uses, which anybody may read: Deno's own directory is often private. */
export class ReadableCache {
  readonly #path = Deno.makeTempDirSync({ prefix: "fdpass-e2e-cache-" });

  private constructor() {}

  /** Makes the copy. */
  static async make(): Promise<ReadableCache> {
    const cache = new ReadableCache();
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
    const { npmCache } = JSON.parse(new TextDecoder().decode(stdout)) as { npmCache: string };
    await new Deno.Command("cp", { args: ["-r", npmCache, `${cache.#path}/npm`] }).output();
    await new Deno.Command("chmod", { args: ["-R", "a+rX", cache.#path] }).output();
    return cache;
  }

  /** Who runs with this copy. */
  get user(): OtherUser {
    return {
      through: ["setpriv", `--reuid=${OTHER_USER}`, `--regid=${OTHER_USER}`, "--clear-groups"],
      environment: { DENO_DIR: this.#path, HOME: "/nonexistent" },
    };
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#path, { recursive: true });
  }
}

/** Why nothing can be run as another user here; undefined when it can. */
export const noOtherUser: string | undefined = (() => {
  if (Deno.uid() !== 0) return "only root can start programs as another user";
  try {
    const args = [
      `--reuid=${OTHER_USER}`,
      `--regid=${OTHER_USER}`,
      "--clear-groups",
      "cat",
      `${ROOT}cli.ts`,
    ];
    const { success } = new Deno.Command("setpriv", { args, stdout: "null", stderr: "null" }).outputSync();
    return success ? undefined : "the other user cannot read this directory, or setpriv may not change users";
  } catch {
    return "there is no setpriv";
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
