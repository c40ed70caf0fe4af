/** A real PHP-FPM with two processes, for as long as a block lasts. */

import { isInstalled, OtherProgram } from "./other_programs.ts";
import type { TemporaryDirectory } from "./processes.ts";

/** Debian names it by its version. */
const PROGRAM: string | undefined = ["/usr/sbin", "/usr/local/sbin"].flatMap((directory) => {
  try {
    return [...Deno.readDirSync(directory)].map(({ name }) => `${directory}/${name}`);
  } catch {
    return [];
  }
}).find((path) => /\/php-fpm[\d.]*$/.test(path) && isInstalled(path, "-v"));

/** Why there is none here; undefined where there is one. */
export const noPhpFpm: string | undefined = PROGRAM === undefined ? "there is no php-fpm" : undefined;

/** Processes that serve: a request each at a time. */
export const CHILDREN = 2;

/**
 * Starts it.
 *
 * @param listen the path of a socket, or an address with a port
 */
export async function startPhpFpm(directory: TemporaryDirectory, listen: string): Promise<AsyncDisposable> {
  const asRoot = Deno.uid() === 0;
  const path = directory.write(
    "fpm.conf",
    `[global]
error_log = ${directory.join("fpm.log")}
daemonize = no
[www]
${asRoot ? "user = root\ngroup = root" : ""}
listen = ${listen}
pm = static
pm.max_children = ${CHILDREN}
catch_workers_output = yes
`,
  );
  const program = new OtherProgram(PROGRAM!, [...asRoot ? ["-R"] : [], "-n", "-y", path]);
  // SIGKILL would leave its children.
  const end: AsyncDisposable = { [Symbol.asyncDispose]: () => program.kill("SIGTERM") };
  const log = directory.join("fpm.log");
  const isReady = () => {
    try {
      return Deno.readTextFileSync(log).includes("ready to handle connections");
    } catch {
      return false;
    }
  };
  try {
    await program.until(isReady, "PHP-FPM to be ready");
    return end;
  } catch (error) {
    await end[Symbol.asyncDispose]();
    throw error;
  }
}
