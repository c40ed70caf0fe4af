/** HTTP servers that nobody here wrote, each on a port of this host for as long as a block lasts. */

import { answers } from "./apache.ts";
import { isInstalled, OtherProgram } from "./other_programs.ts";
import { freePort } from "./ports.ts";
import type { TemporaryDirectory } from "./processes.ts";

/** Why a server cannot be had here; undefined where it can. */
export const noNginx: string | undefined = isInstalled("nginx", "-v") ? undefined : "there is no nginx";
export const noHaproxy: string | undefined = isInstalled("haproxy", "-v") ? undefined : "there is no haproxy";
export const noPython: string | undefined = isInstalled("python3", "-V") ? undefined : "there is no python3";
export const noNode: string | undefined = !isInstalled("node", "-v") || !isInstalled("npm", "-v")
  ? "there is no node with npm"
  : Deno.env.has("HOME")
  ? undefined
  : "npm has no home";

/** The package that the server for Node is. */
const HTTP_SERVER = "http-server@14.1.1";

/** A running server. */
export class OtherServer {
  private constructor(readonly program: OtherProgram, readonly port: number) {}

  static async #start(
    port: number,
    command: string,
    args: readonly string[],
    what: string,
  ): Promise<OtherServer> {
    const program = new OtherProgram(command, args);
    try {
      await program.until(() => answers(port), `${what} to listen`);
      return new OtherServer(program, port);
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * nginx, as one process that writes nowhere but into a directory.
   *
   * @param server what stands in its `server` block besides `listen`
   * @param listen what follows the address in `listen`
   */
  static async nginx(directory: TemporaryDirectory, server: string, listen = ""): Promise<OtherServer> {
    const port = freePort();
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((name) => `${name}_temp_path ${directory.join(name)};`);
    const path = directory.write(
      "nginx.conf",
      `daemon off; master_process off; pid ${directory.join("nginx.pid")}; error_log stderr;
events {}
http {
  include /etc/nginx/mime.types;
  access_log off;
  ${temporary.join("\n  ")}
  server {
    listen 127.0.0.1:${port} ${listen};
    ${server}
  }
}
`,
    );
    return await this.#start(port, "nginx", ["-c", path, "-p", directory.path, "-e", "stderr"], "nginx");
  }

  /** haproxy. @param rules what stands in its frontend besides `bind`. @param bind what follows the address in `bind` */
  static async haproxy(directory: TemporaryDirectory, rules: string, bind: string): Promise<OtherServer> {
    const port = freePort();
    const path = directory.write(
      "haproxy.cfg",
      `defaults
  mode http
  timeout client 10s
  timeout server 10s
  timeout connect 10s
frontend all
  bind 127.0.0.1:${port} ${bind}
  ${rules}
`,
    );
    return await this.#start(port, "haproxy", ["-db", "-f", path], "haproxy");
  }

  /** The files of a directory by Python's http.server. */
  static async python(directory: string): Promise<OtherServer> {
    const port = freePort();
    const args = ["-m", "http.server", "--bind", "127.0.0.1", "--directory", directory, String(port)];
    return await this.#start(port, "python3", args, "http.server");
  }

  /** The files of a directory by a package for Node, which is installed into another directory first. */
  static async node(packages: TemporaryDirectory, directory: string): Promise<OtherServer> {
    const npm = new Deno.Command("npm", {
      args: [
        "install",
        "--prefix",
        packages.path,
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        HTTP_SERVER,
      ],
      stdin: "null",
    });
    const { success, stderr } = await npm.output();
    if (!success) throw new Error(`Cannot install ${HTTP_SERVER}: ${new TextDecoder().decode(stderr)}`);
    const port = freePort();
    const program = packages.join("node_modules/http-server/bin/http-server");
    const args = [program, directory, "-a", "127.0.0.1", "-p", String(port), "--silent"];
    return await this.#start(port, "node", args, "http-server");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program.kill("SIGTERM");
  }
}
