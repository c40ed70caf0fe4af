/** The listening socket of an admin address: of a port, or at a path. */

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
import type { Poller } from "../../loop/poller.ts";

const { accept4 } = libc;

/** Whoever may write to the socket may ask. */
const MODE = 0o660;

/** Takes a connection: its own from then on. */
type Accepted = (fd: Descriptor) => void;

/** Where guests come in. Owns its socket, and the file of that. */
export interface AdminDoor {
  /** The address as it is, with the port that the kernel chose for port 0. */
  readonly address: string;
  /** Its socket, where another process can go on with that: lent. */
  readonly socket?: Descriptor;
  /** Lets guests in, from now on or again. */
  open(): void;
  /** Leaves whoever comes to the next process. */
  rest(): void;
  close(): void;
}

/** How it is opened. */
export interface DoorOptions {
  readonly poller: Poller;
  /** Guests that may wait to be accepted. */
  readonly backlog: number;
  readonly accepted: Accepted;
  /** Whether another front had the address until now. */
  readonly takeOver: boolean;
  /** That one's socket, where it is one of a port: owned by the door from now on. */
  readonly given?: Descriptor | undefined;
}

/** Opens an address. Nobody is let in yet. @throws {ErrnoError | ListenError} when it cannot be had */
export function openDoor(at: Admin["at"], options: DoorOptions): AdminDoor {
  if ("path" in at) return new PathDoor(at, options);
  const { poller, backlog, accepted, given } = options;
  return new PortDoor(poller, given ?? listenTcp(at.host, at.port, { backlog }), accepted);
}

class PortDoor implements AdminDoor {
  readonly address: string;
  #watched = false;

  constructor(readonly poller: Poller, readonly socket: Descriptor, readonly accepted: Accepted) {
    this.address = formatAddress(localAddress(socket)!);
  }

  open(): void {
    if (this.#watched) return;
    this.#watched = true;
    // Edge-triggered: with no descriptor free to accept into, a level would fire without end. Whoever waits is an event.
    this.poller.add(this.socket, EPOLLIN | EPOLLET, { ready: () => this.#accept() });
  }

  #accept(): void {
    for (;;) {
      const result = settle(accept4(this.socket, null, null, SOCK_CLOEXEC | SOCK_NONBLOCK));
      // Out of descriptors, the next one who comes is an event again, and all who wait are accepted then.
      if (result < 0) return;
      this.accepted(adopt(result));
    }
  }

  rest(): void {
    if (this.#watched) this.poller.remove(this.socket);
    this.#watched = false;
  }

  close(): void {
    this.rest();
    close(this.socket);
  }
}

class PathDoor implements AdminDoor {
  readonly address: string;
  #listener: BackendListener;
  #watched = false;

  constructor(readonly at: { readonly path: string }, readonly options: DoorOptions) {
    this.address = formatAdminAddress(at);
    this.#listener = this.#listen(options.takeOver);
  }

  #listen(takeOver: boolean): BackendListener {
    return BackendListener.listen(this.at.path, { mode: MODE, takeOver }, {
      type: SOCK_STREAM,
      backlog: this.options.backlog,
    });
  }

  open(): void {
    if (!this.#listener.isThere) {
      // The one that had taken the path over has died.
      this.#listener.close();
      this.#listener = this.#listen(true);
      this.#watched = false;
    }
    if (this.#watched) return;
    this.#watched = true;
    this.#listener.watch(this.options.poller, this.options.accepted);
  }

  /** The path leads to the next process from the moment on when that listens there: who has come here is let in. */
  rest(): void {}

  close(): void {
    this.#listener.close();
  }
}
