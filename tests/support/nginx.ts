/** A real nginx on a port of this host, for as long as a block lasts. */

import { isInstalled, OtherProgram } from "./other_programs.ts";
import type { TemporaryDirectory } from "./processes.ts";

const PROGRAM = "/usr/sbin/nginx";

/** Why there is no nginx here; undefined where there is one. */
export const noNginx: string | undefined = isInstalled(PROGRAM, "-v") ? undefined : "there is no nginx";

/** A running nginx, in one process. */
export class Nginx {
  private constructor(readonly program: OtherProgram, readonly port: number) {}

  /**
   * Starts it.
   *
   * @param directory where it may write; belongs to it
   * @param server what stands in its one server, besides `listen`
   */
  static async start(directory: TemporaryDirectory, server: string): Promise<Nginx> {
    const port = freePort();
    const written = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) =>
      `${name}_temp_path ${name};`
    );
    const path = directory.write(
      "nginx.conf",
      [
        "daemon off;",
        "master_process off;",
        "pid nginx.pid;",
        "error_log stderr;",
        "events {}",
        "http {",
        "include /etc/nginx/mime.types;",
        "default_type application/octet-stream;",
        "access_log off;",
        ...written,
        "server {",
        `listen 127.0.0.1:${port};`,
        server,
        "}",
        "}",
        "",
      ].join("\n"),
    );
    const program = new OtherProgram(PROGRAM, ["-p", directory.path, "-c", path, "-e", "stderr"]);
    try {
      await program.until(() => answers(port), "nginx to listen");
      return new Nginx(program, port);
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program.kill("SIGTERM");
  }
}

/** A port that nobody listens on: nginx does not say which one the kernel has chosen. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function answers(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}
