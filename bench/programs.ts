/** The programs that a run needs: where they are, which version they have, and those that are compiled for it. */

import { fileURLToPath } from "node:url";
import type { Processes } from "./processes.ts";

/** Where programs are; those of administrators are not in everybody's PATH. */
const PLACES = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"];

/** Where distributions keep Apache's modules. */
const APACHE_MODULES = ["/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/lib/httpd/modules"];

/** The programs in bench/floor. */
const FLOOR = [
  "front",
  "backend",
  "apache_front",
  "apache_backend",
  "client",
  "hold",
  "switch",
  "tls",
  "origin",
  "echo",
] as const;
export type FloorProgram = typeof FLOOR[number];

/** What some of them are linked with. */
const LIBRARIES: Partial<Record<FloorProgram, readonly string[]>> = { tls: ["-lssl", "-lcrypto"] };

/** How a program tells its version, and where in the text that is. */
const VERSIONS: Record<string, readonly [args: readonly string[], pattern: RegExp]> = {
  ab: [["-V"], /Version (\S+)/],
  wrk: [["-v"], /wrk (?:debian\/)?(\d[\w.]*)/],
  nginx: [["-v"], /nginx\/(\S+)/],
  haproxy: [["-v"], /version (\S+)/],
  apache2: [["-v"], /Apache\/(\S+)/],
  strace: [["-V"], /version (\S+)/],
  openssl: [["version"], /^OpenSSL (\S+)/],
  cc: [["--version"], /^.*\b(\d+\.\d+\.\d+)/],
};

/** A program is not there. What is to be measured with it is left out and says so. */
export class NotInstalled extends Error {
  override name = "NotInstalled";

  constructor(program: string, message = `${program} is not installed`) {
    super(message);
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** What is installed. */
export class Programs {
  readonly versions: Record<string, string> = {};
  readonly #paths = new Map<string, string>();
  readonly #floor = new Map<FloorProgram, string>();

  /** Looks for everything, and compiles the floor into a directory. */
  static async find(processes: Processes, directory: string): Promise<Programs> {
    const programs = new Programs();
    for (const [name, [args, pattern]] of Object.entries(VERSIONS)) {
      const path = PLACES.map((place) => `${place}/${name}`).find(isFile);
      if (path === undefined) continue;
      programs.#paths.set(name, path);
      // wrk counts being asked as a failure.
      const output = await processes.run(name, { command: path, args }, 10, { anyExit: true });
      programs.versions[name] = pattern.exec(output)?.[1] ?? "unknown";
    }
    await programs.#compile(processes, directory);
    return programs;
  }

  async #compile(processes: Processes, directory: string): Promise<void> {
    const compiler = this.#paths.get("cc");
    if (compiler === undefined) return;
    for (const name of FLOOR) {
      const source = fileURLToPath(import.meta.resolve(`./floor/${name}.c`));
      const path = `${directory}/${name}`;
      const libraries = LIBRARIES[name] ?? [];
      const args = ["-O2", "-Wall", "-Wextra", "-o", path, source, ...libraries];
      try {
        await processes.run(`cc ${name}.c`, { command: compiler, args }, 60);
      } catch (error) {
        // A library that is not there leaves out what is measured with it.
        if (libraries.length === 0) throw error;
        continue;
      }
      this.#floor.set(name, path);
    }
  }

  has(name: string): boolean {
    return this.#paths.has(name);
  }

  /** The path of an installed program. @throws {NotInstalled} */
  path(name: string): string {
    const path = this.#paths.get(name);
    if (path === undefined) throw new NotInstalled(name);
    return path;
  }

  /** The path of a compiled program. @throws {NotInstalled} when there is no compiler */
  floor(name: FloorProgram): string {
    const path = this.#floor.get(name);
    if (path === undefined) throw new NotInstalled(name === "tls" ? "cc, or libssl-dev" : "cc");
    return path;
  }

  /** Where Apache's modules are. @throws {NotInstalled} */
  apacheModules(module: string): string {
    const directory = APACHE_MODULES.find(isDirectory);
    if (directory === undefined || !isFile(`${directory}/${module}.so`)) throw new NotInstalled(module);
    return directory;
  }
}
