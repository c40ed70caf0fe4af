/** `fdpass demo`: `fdpass up` on a configuration of its own, with a page that shows what happens. */

import { loadConfig } from "../config/load.ts";
import { print } from "../control/log/log.ts";
import { runSupervisor } from "../control/up/supervisor.ts";
// Imported by name so that a compiled binary has the module in it, though only the backend's process runs it.
import { NAME as APP } from "./app.ts";
import { makeCertificate } from "./certificate.ts";
import { NAME as FILES, writeFiles } from "./files.ts";
import { freePort, HOST } from "./free_port.ts";

/** How long people wait for the end when a stream or a download is under way. */
const DRAIN_TIMEOUT = "2s";

/** The configuration, as a user would write it. @param directory holds the sockets and the files */
function configuration(port: number, directory: string, tls: boolean): string {
  const shown = tls ? { certificate: `${directory}/demo.pem`, key: `${directory}/demo.key` } : {};
  return JSON.stringify({
    listen: [tls ? { address: `${HOST}:${port}`, tls } : `${HOST}:${port}`],
    sites: [{ ...shown, routes: [{ path: "/files/", to: FILES }, { path: "/", to: APP }] }],
    backends: {
      [APP]: { socket: `${directory}/app.sock`, fetch: import.meta.resolve("./app.ts") },
      [FILES]: { socket: `${directory}/files.sock`, static: `${directory}/files` },
    },
    drainTimeout: DRAIN_TIMEOUT,
  });
}

/** A directory that nobody else can look into, for as long as the demo runs. */
class PrivateDirectory implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "fdpass-demo-" });
  readonly #remove = () => this[Symbol.dispose]();

  constructor() {
    // The second signal ends the process at once, but not without this.
    addEventListener("unload", this.#remove);
  }

  [Symbol.dispose](): void {
    removeEventListener("unload", this.#remove);
    try {
      Deno.removeSync(this.path, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** SIGTERM and SIGINT from before the supervisor listens to them. */
class EarlySignals implements Disposable {
  came = false;
  readonly #note = () => {
    this.came = true;
  };

  constructor() {
    Deno.addSignalListener("SIGTERM", this.#note);
    Deno.addSignalListener("SIGINT", this.#note);
  }

  [Symbol.dispose](): void {
    Deno.removeSignalListener("SIGTERM", this.#note);
    Deno.removeSignalListener("SIGINT", this.#note);
  }
}

/**
 * Runs the demo until it is told to stop.
 *
 * @param firstPort where it listens, or on the next port that is free
 * @param tls whether it speaks TLS, with a certificate made for it
 * @returns the exit code
 * @throws {UsageError} when no port is to be had
 */
export async function runDemo(firstPort: number, tls: boolean): Promise<number> {
  using early = new EarlySignals();
  using directory = new PrivateDirectory();
  const port = freePort(firstPort);
  writeFiles(`${directory.path}/files`);
  if (tls) await makeCertificate(directory.path);
  const input = configuration(port, directory.path, tls);
  const config = await loadConfig("-", { stdin: new Blob([input]).stream(), runDirectory: directory.path });
  if (early.came) return 0;
  const address = `${tls ? "https" : "http"}://${tls ? "localhost" : HOST}:${port}/`;
  const trust = tls ? `--cacert ${directory.path}/demo.pem ` : "";
  return await runSupervisor(config, {
    source: "-",
    input,
    workers: 1,
    control: { control: `${directory.path}/control.sock`, runDirectory: directory.path },
    ready: () => {
      if (port !== firstPort) print(`Port ${firstPort} is taken; this is the next free one`);
      print(`Open ${address} in a browser, or run curl ${trust}${address} (Ctrl-C ends the demo)`);
      if (tls) {
        print(
          "The certificate was made for this demo and nobody has signed it: a browser warns, and lets you go on. To have it " +
            `trusted, import ${directory.path}/demo.pem as an authority, and remove it afterwards`,
        );
      }
    },
  });
}
