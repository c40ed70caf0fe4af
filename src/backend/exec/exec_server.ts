/** A program per connection, its standard input and output the client's socket, as inetd and tcpserver have it. */

import { keepAlive, setNonblocking } from "../../../ffi/mod.ts";
import type { Connection } from "../connection/connection.ts";
import type { ConnectionServer } from "../connection/connection_server.ts";
import { ConnectionLine } from "../log/connection_line.ts";
import { Bridge } from "./bridge.ts";
import { connectionEnvironment } from "./environment.ts";
import { endOf, Programs, type ProgramsOptions } from "./programs.ts";
import { aboutSite } from "../log/about_site.ts";

/** How connections are served. */
export interface ExecOptions extends ProgramsOptions {
  /** Programs that run at a time at most. */
  readonly most: number;
}

/** Seconds of silence after which the kernel asks a client for a sign of life: a program may wait without end for one. */
const KEEP_ALIVE = 60;

/** Gives each connection to a program of its own. */
export class ExecServer implements ConnectionServer {
  readonly selfContained = true;
  /** Made with the first connection, when the loop is known. */
  #programs: Programs | undefined;
  readonly #bridges = new Set<Bridge>();

  constructor(readonly options: ExecOptions) {}

  /** Programs that run. */
  get running(): number {
    return this.#programs?.running ?? 0;
  }

  full(accepted: number): boolean {
    return this.running + accepted >= this.options.most;
  }

  serve(connection: Connection): void {
    const line = ConnectionLine.of(connection);
    const programs = this.#programs ??= new Programs(connection.home.loop, this.options);
    // A shell cannot ask for these, and the programs that inetd is for know nothing of them.
    connection.setNoDelay();
    keepAlive(connection.fd, KEEP_ALIVE);
    const { client, local, transfer: { site, route, path, preread } } = connection;
    const environment = connectionEnvironment({ client, local, site, route, path, tls: connection.tls });
    // Programs know nothing of the records that tell of an end where the kernel does TLS, and say none.
    if (preread.length > 0 || connection.kernelTls) {
      return this.#serveBridged(connection, programs, environment, line);
    }
    // The program expects that reading waits for input. The mode is the socket's, and goes with it.
    setNonblocking(connection.fd, false);
    const { fd } = connection;
    const about = aboutSite(connection);
    const program = programs.start({ stdin: fd, stdout: fd, environment, about }, (end) => {
      if (end.how !== undefined) line?.failed("handler-failed");
      connection.close();
    });
    if (typeof program === "number") {
      line?.failed("handler-failed");
      // From Apache it comes with a response that has begun, and this is not the end of it.
      return connection.breakOff();
    }
    // From here on the connection is the program's: it ends when the program, or whom it has given it to, closes it.
    connection.letGo();
  }

  #serveBridged(
    connection: Connection,
    programs: Programs,
    environment: readonly string[],
    line: ConnectionLine | undefined,
  ): void {
    const bridge = Bridge.serve(connection, programs, environment, () => line?.failed("handler-failed"));
    if (bridge === undefined || bridge.closed) return;
    this.#bridges.add(bridge);
    bridge.onClose = () => this.#bridges.delete(bridge);
  }

  /** Nothing to do: programs that run go on, and the backend takes nothing new. */
  drain(): void {}

  /** Never given back: what was started with it cannot be undone. */
  returnFailed(connection: Connection): void {
    connection.close();
  }

  forget(): void {
    for (const bridge of this.#bridges) bridge.close();
    this.#programs?.forget();
  }

  async abandon(force: boolean): Promise<void> {
    if (this.#programs !== undefined) await endOf(this.#programs, force);
  }
}
