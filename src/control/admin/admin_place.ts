/** The admin address through reloads: the next one is opened before the last one goes. */

import type { Admin } from "../../config/admin.ts";
import { formatAdminAddress } from "../../config/admin_address.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import type { Loop } from "../../loop/loop.ts";
import type { Log } from "../log/log.ts";
import { AdminServer } from "./admin_server.ts";
import { AdminResponder, type Figures } from "./responder.ts";

/** Milliseconds for a request and its answer, and for a connection between two of them. */
const PATIENCE = 10_000;
const IDLE = 5_000;

/** Opens and closes the server as configurations say. */
export class AdminPlace {
  #server: AdminServer | undefined;
  readonly #responder: AdminResponder;
  readonly #patience: Deadlines;
  readonly #idle: Deadlines;

  constructor(readonly loop: Loop, figures: Figures, readonly log: Log) {
    this.#responder = new AdminResponder(figures);
    this.#patience = loop.deadlines.list(PATIENCE);
    this.#idle = loop.deadlines.list(IDLE);
  }

  /**
   * Opens what a configuration asks for, where it is not open yet, and closes what was open before: once the rest has
   * worked. Until then nothing has changed for anybody.
   *
   * @param rest what else has to be had
   * @throws {ErrnoError | ListenError} when the address cannot be had, or what `rest` throws
   */
  async apply(admin: Admin | undefined, rest: () => Promise<void>): Promise<void> {
    const last = this.#server;
    const stays = admin !== undefined && last?.key === formatAdminAddress(admin.at);
    const next = admin === undefined || stays
      ? undefined
      : new AdminServer(this.loop, admin.at, this.#responder, this.#patience, this.#idle);
    try {
      await rest();
    } catch (error) {
      next?.close();
      throw error;
    }
    this.#responder.names = new Set(admin?.names);
    if (admin === undefined) this.#responder.history.stop();
    else this.#responder.history.start();
    if (stays) return;
    this.#server = next;
    last?.close();
    if (next !== undefined) {
      this.log.info("admin-open", "figures and status at {address}", { address: next.address });
    }
  }

  /** Closes it. */
  close(): void {
    this.#responder.history.stop();
    this.#server?.close();
    this.#server = undefined;
  }
}
