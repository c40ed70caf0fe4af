/** What a kind of backend is to the processes that run backends: how it is started, and what serves in it. */

import type { ConnectionServer } from "../../backend/connection/connection_server.ts";
import type { BackendKind } from "../../config/config.ts";
import type { logOf } from "../log/log.ts";

/** The log of the backend that is made. */
export type KindLog = ReturnType<typeof logOf>;

/** One kind. What serves is loaded only where it does: `fdpass up` knows the arguments of all kinds, and runs none. */
export interface KindProgram<Kind extends BackendKind> {
  /** The arguments of `fdpass backend` that say what it runs. */
  arguments(kind: Kind): string[];
  /** What stands behind all options, if anything does. */
  operands?(kind: Kind): readonly string[];
  /**
   * The permissions that its process needs under `deno run`, besides libc and NOTIFY_SOCKET, which every backend has.
   * `-A` alone stands for all of them.
   */
  permissions(kind: Kind): string[];
  /** Libraries that it calls besides libc, by their paths. */
  libraries?(kind: Kind): readonly string[];
  /**
   * Whether it reads something at its start that may have changed since, as a module: SIGHUP has it read afresh, by a new
   * process.
   */
  readonly reloads: boolean;
  /**
   * Makes what serves the connections.
   *
   * @param name what the backend is called
   * @throws {Error} when it cannot start: why, and the way out
   */
  serve(kind: Kind, log: KindLog, name: string): Promise<ConnectionServer>;
  /**
   * Makes what serves connections that Apache hands over: their requests have been read, and the heads of their responses
   * sent. It throws when it cannot start: why, and the way out. A kind that cannot do without requests says that instead,
   * as a sentence.
   */
  readonly serveForApache?: string | ((kind: Kind, log: KindLog) => Promise<ConnectionServer>);
}
