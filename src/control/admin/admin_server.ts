/** Where operators and their programs look at a front: a small HTTP server of the control plane, for reading alone. */

import {
  adopt,
  close,
  type Descriptor,
  EPOLLET,
  EPOLLIN,
  formatAddress,
  libc,
  listenTcp,
  localAddress,
  settle,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
} from "../../../ffi/mod.ts";
import { BackendListener } from "../../backend/channel/listener.ts";
import type { Admin } from "../../config/admin.ts";
import { formatAdminAddress } from "../../config/admin_address.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import type { Loop } from "../../loop/loop.ts";
import { AdminGuest, type Responder } from "./admin_guest.ts";

const { accept4 } = libc;

/** Connections at a time. Beyond that the one gives way that was answered first, or has come first and asked nothing. */
const MOST_GUESTS = 64;
/** Whoever may write to the socket may ask. */
const MODE = 0o660;

/** Listens at an address, and answers those who ask there. Owns the listening socket, and its file. */
export class AdminServer {
  /** The address as it is, with the port that the kernel chose for port 0. */
  readonly address: string;
  /** Tells addresses apart from one configuration to the next. */
  readonly key: string;
  readonly #guests = new Set<AdminGuest>();
  readonly #stopListening: () => void;

  /**
   * @param loop is run by the caller
   * @param respond says what is answered
   * @param patience for a request and its answer
   * @param idle for a connection between two requests
   * @throws {ErrnoError | ListenError} when the address cannot be had
   */
  constructor(
    readonly loop: Loop,
    at: Admin["at"],
    readonly respond: Responder,
    readonly patience: Deadlines,
    readonly idle: Deadlines,
  ) {
    this.key = formatAdminAddress(at);
    if ("path" in at) {
      const listener = BackendListener.listen(at.path, { mode: MODE }, {
        type: SOCK_STREAM,
        backlog: MOST_GUESTS,
      });
      listener.watch(loop.poller, (fd) => this.#accepted(fd));
      this.address = this.key;
      this.#stopListening = () => listener.close();
      return;
    }
    const fd = listenTcp(at.host, at.port, { backlog: MOST_GUESTS });
    this.address = formatAddress(localAddress(fd)!);
    // Edge-triggered: with no descriptor free to accept into, a level would fire without end.
    loop.poller.add(fd, EPOLLIN | EPOLLET, { ready: () => this.#accept(fd) });
    this.#stopListening = () => {
      loop.poller.remove(fd);
      close(fd);
    };
  }

  #accept(fd: Descriptor): void {
    for (;;) {
      const result = settle(accept4(fd, null, null, SOCK_CLOEXEC | SOCK_NONBLOCK));
      // Out of descriptors, the next one who comes is an event again, and all who wait are accepted then.
      if (result < 0) return;
      this.#accepted(adopt(result));
    }
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
    this.#stopListening();
    for (const guest of [...this.#guests]) guest.close();
  }
}
