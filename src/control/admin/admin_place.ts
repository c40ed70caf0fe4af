/** The admin address through reloads: the next one is opened before the last one goes. */

import { close, type Descriptor } from "../../../ffi/mod.ts";
import type { Admin } from "../../config/admin.ts";
import { formatAdminAddress } from "../../config/admin_address.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import type { Loop } from "../../loop/loop.ts";
import type { Log } from "../log/log.ts";
import { AdminServer, type Succeeding } from "./admin_server.ts";
import { AdminResponder, type Figures } from "./responder.ts";

/** Milliseconds for a request and its answer, and for a connection between two of them. */
const PATIENCE = 10_000;
const IDLE = 5_000;

/** The admin address of a front that is succeeded. */
export interface AdminHeritage {
  /** As configured. */
  readonly key: string;
  /** Its listening socket; undefined where that has a path, which leads to whoever listens there last. */
  readonly socket?: Descriptor | undefined;
}

/** Opens and closes the server as configurations say. */
export class AdminPlace {
  #server: AdminServer | undefined;
  /** The one that lets guests in. */
  #open: AdminServer | undefined;
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
    const next = admin === undefined || stays ? undefined : this.#listen(admin);
    try {
      await rest();
    } catch (error) {
      next?.close();
      throw error;
    }
    this.#responder.names = new Set(admin?.names);
    if (admin === undefined) this.#responder.history.stop();
    else this.#responder.history.start();
    if (!stays) {
      this.#server = next;
      last?.close();
    }
    if (this.#server === this.#open) return;
    this.#open = this.#server;
    if (this.#open === undefined) return;
    this.#open.open();
    this.log.info("admin-open", "figures and status at {address}", { address: this.#open.address });
  }

  #listen({ at }: Admin, succeeding?: Succeeding): AdminServer {
    return new AdminServer(this.loop, at, this.#responder, this.#patience, this.#idle, succeeding);
  }

  /**
   * Goes on where another front ends: who comes from now on waits, until {@linkcode apply} lets everybody in.
   *
   * @param admin what this front goes by
   * @param heritage the other one's address; its socket is this object's from now on
   */
  succeed(admin: Admin | undefined, { key, socket }: AdminHeritage): void {
    if (admin === undefined || formatAdminAddress(admin.at) !== key) {
      if (socket !== undefined) close(socket);
      return;
    }
    try {
      this.#server = this.#listen(admin, { takeOver: true, given: socket });
    } catch {
      // What is wrong with the path is told when it is tried again.
    }
  }

  /** What another front can go on with: its socket is lent. */
  get heritage(): AdminHeritage | undefined {
    const server = this.#server;
    return server === undefined ? undefined : { key: server.key, socket: server.socket };
  }

  /** Another front is there for whoever comes. */
  rest(): void {
    this.#server?.rest();
  }

  /** There is none any more. */
  goOn(): void {
    this.#server?.open();
  }

  /** Closes it. */
  close(): void {
    this.#responder.history.stop();
    this.#server?.close();
    this.#server = this.#open = undefined;
  }
}
