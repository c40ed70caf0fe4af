/** Where operators and their programs look at a front: a small HTTP server of the control plane, for reading alone. */

import type { Descriptor } from "../../../ffi/mod.ts";
import type { Admin } from "../../config/admin.ts";
import { formatAdminAddress } from "../../config/admin_address.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import type { Loop } from "../../loop/loop.ts";
import { type AdminDoor, openDoor } from "./admin_door.ts";
import { AdminGuest, type Responder } from "./admin_guest.ts";

/** Connections at a time. Beyond that the one gives way that was answered first, or has come first and asked nothing. */
const MOST_GUESTS = 64;
/** How a server succeeds another process's. */
export interface Succeeding {
  /** Whether that one had the address until now. */
  readonly takeOver: boolean;
  /** Its socket: the server's from now on. */
  readonly given?: Descriptor | undefined;
}

/** Listens at an address, and answers those who ask there. Owns the listening socket, and its file. */
export class AdminServer {
  /** Tells addresses apart from one configuration to the next. */
  readonly key: string;
  readonly #guests = new Set<AdminGuest>();
  readonly #door: AdminDoor;

  /**
   * @param loop is run by the caller
   * @param respond says what is answered
   * @param patience for a request and its answer
   * @param idle for a connection between two requests
   * @param succeeding what is taken over
   * @throws {ErrnoError | ListenError} when the address cannot be had
   */
  constructor(
    readonly loop: Loop,
    at: Admin["at"],
    readonly respond: Responder,
    readonly patience: Deadlines,
    readonly idle: Deadlines,
    succeeding: Succeeding = { takeOver: false },
  ) {
    this.key = formatAdminAddress(at);
    this.#door = openDoor(at, {
      ...succeeding,
      poller: loop.poller,
      backlog: MOST_GUESTS,
      accepted: (fd) => this.#accepted(fd),
    });
  }

  /** The address as it is, with the port that the kernel chose for port 0. */
  get address(): string {
    return this.#door.address;
  }

  /** Its listening socket, where another process can go on with that: lent. */
  get socket(): Descriptor | undefined {
    return this.#door.socket;
  }

  /** Lets guests in: nobody is before this. */
  open(): void {
    this.#door.open();
  }

  /** Leaves whoever comes to the next process. Those who are here get their answers. */
  rest(): void {
    this.#door.rest();
  }

  #accepted(fd: Descriptor): void {
    if (this.#guests.size >= MOST_GUESTS) {
      const [oldest] = this.#guests;
      oldest!.close();
    }
    const guest = new AdminGuest(this, fd);
    this.#guests.add(guest);
    guest.ready();
  }

  served(guest: AdminGuest): void {
    this.#guests.delete(guest);
    this.#guests.add(guest);
  }

  /** A guest has gone. */
  left(guest: AdminGuest): void {
    this.#guests.delete(guest);
  }

  /** Closes everything. */
  close(): void {
    this.#door.close();
    for (const guest of [...this.#guests]) guest.close();
  }
}
