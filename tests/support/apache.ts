/** A real Apache httpd on a port of this host, with a directory of its own, for as long as a block lasts. */

import { isInstalled, OtherProgram } from "./other_programs.ts";
import { freePort } from "./ports.ts";
import type { TemporaryDirectory } from "./processes.ts";

const MODULES = "/usr/lib/apache2/modules";
const PROGRAM = "/usr/sbin/apache2";

/** Why there is no Apache here; undefined where there is one. */
export const noApache: string | undefined = isInstalled(PROGRAM, "-v") ? undefined : "there is no apache2";

/** Whom Apache's processes belong to: when root starts it, the user of Debian's package, else whoever starts it. */
export const APACHE_USER: { readonly uid: number; readonly gid: number } = (() => {
  const own = { uid: Deno.uid()!, gid: Deno.gid()! };
  if (own.uid !== 0) return own;
  const line = /^www-data:[^:]*:(\d+):(\d+):/m.exec(Deno.readTextFileSync("/etc/passwd"));
  return line === null ? own : { uid: Number(line[1]), gid: Number(line[2]) };
})();

/** How many connections it can have under way, more than any test has clients. */
const THREADS = 128;

/** A running Apache. */
export class Apache {
  private constructor(
    readonly directory: TemporaryDirectory,
    readonly program: OtherProgram,
    readonly port: number,
  ) {}

  /**
   * Starts it.
   *
   * @param directory its ServerRoot
   * @param modules their names, without `mod_` and `.so`: besides the MPM, authz_core and unixd
   * @param configuration what follows: `Listen` and the rest of what a server needs is there
   */
  static async start(
    directory: TemporaryDirectory,
    modules: readonly string[],
    configuration: string,
  ): Promise<Apache> {
    // Its processes change their user, and have to get through to the sockets.
    Deno.chmodSync(directory.path, 0o755);
    const port = freePort();
    const path = directory.write(
      "httpd.conf",
      [
        `ServerRoot "${directory.path}"`,
        "ServerName test",
        `DefaultRuntimeDir "${directory.path}"`,
        "PidFile httpd.pid",
        "Mutex posixsem",
        "ErrorLog error.log",
        ...Deno.uid() === 0 ? [`User #${APACHE_USER.uid}`, `Group #${APACHE_USER.gid}`] : [],
        `Listen 127.0.0.1:${port}`,
        ...["mpm_event", "authz_core", ...modules].map((name) =>
          `LoadModule ${name}_module ${MODULES}/mod_${name}.so`
        ),
        "StartServers 1",
        "ServerLimit 1",
        `ThreadLimit ${THREADS}`,
        `ThreadsPerChild ${THREADS}`,
        `MaxRequestWorkers ${THREADS}`,
        "MinSpareThreads 1",
        `MaxSpareThreads ${THREADS}`,
        configuration,
        "",
      ].join("\n"),
    );
    const program = new OtherProgram(PROGRAM, ["-d", directory.path, "-f", path, "-D", "FOREGROUND"]);
    const apache = new Apache(directory, program, port);
    try {
      await program.until(() => answers(port), "Apache to listen");
      return apache;
    } catch (error) {
      await apache[Symbol.asyncDispose]();
      throw new Error(`${(error as Error).message}\n${apache.errors}`);
    }
  }

  /** What it has written to its log of errors. */
  get errors(): string {
    try {
      return Deno.readTextFileSync(this.directory.join("error.log"));
    } catch {
      return "";
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // SIGKILL would leave its children.
    await this.program.kill("SIGTERM");
  }
}

/** Whether somebody listens on a port of this host. */
export async function answers(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}
