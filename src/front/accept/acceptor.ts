/** An address that is listened on. */

import {
  AddressBuffer,
  adopt,
  close,
  decodeInternetAddress,
  type Descriptor,
  EAGAIN,
  EMFILE,
  ENFILE,
  ENOBUFS,
  ENOMEM,
  EPOLLIN,
  libc,
  settle,
  SOCK_CLOEXEC,
} from "../../../ffi/mod.ts";
import { SIZE_ADDRESS } from "../../protocol/messages.ts";
import { writeSockaddr } from "../connection/address.ts";
import type { Listener } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";

const { accept4 } = libc;

/** Connections accepted in a row before others get their turn; the poller tells again of what is left. */
const BATCH = 64;
/**
 * Twice what the kernel queues for a listener at most (listenTcp asks for 4,096): everything that is there, and who comes
 * meanwhile. An end all the same, for neither a flood nor an error that stays may keep a listener open.
 */
const WHOLE_QUEUE = 8_192;

/** Who takes what is accepted. */
export interface Arrivals {
  /**
   * A connection was accepted.
   *
   * @param fd owned by whoever is told
   * @param peer the client's address, as the kernel writes it; to be copied
   */
  arrived(fd: Descriptor, listener: Listener, peer: Uint8Array): void;
  /** There is no descriptor free to accept into. */
  exhausted(): void;
}

/**
 * Accepts connections. They stay in blocking mode: the front asks for no waiting call by call (MSG_DONTWAIT), so the
 * socket that a backend gets is as the kernel made it.
 */
export class Acceptor implements Listener {
  readonly local: Uint8Array<ArrayBuffer> = new Uint8Array(SIZE_ADDRESS);
  readonly localKnown: boolean;
  readonly port: number;
  place = -1;
  #open = true;
  #paused = false;
  #stopping = false;
  readonly #core: Core;
  readonly #arrivals: Arrivals;

  /**
   * @param key tells listeners apart from plan to plan
   * @param fds listening sockets of one address, owned by this object from now on: one, or more where there were more
   *   Workers once
   */
  constructor(core: Core, arrivals: Arrivals, readonly key: string, readonly fds: readonly Descriptor[]) {
    this.#core = core;
    this.#arrivals = arrivals;
    const buffer = new AddressBuffer();
    buffer.readLocal(fds[0]!);
    const address = decodeInternetAddress(buffer.bytes);
    this.port = address?.port ?? 0;
    this.localKnown = address !== undefined && address.host !== "0.0.0.0" && address.host !== "::";
    if (this.localKnown) writeSockaddr(this.local, 0, buffer.bytes);
    for (const fd of fds) core.loop.poller.add(fd, EPOLLIN, { ready: () => this.ready(fd) });
  }

  /** Somebody waits at one of the sockets. */
  ready(fd: Descriptor): void {
    this.#accept(fd, BATCH);
  }

  #accept(fd: Descriptor, most: number): void {
    this.#acceptEach(fd, most);
    this.#core.ledger.accepts(false);
  }

  #acceptEach(fd: Descriptor, most: number): void {
    const { address: peer, ledger } = this.#core;
    for (let count = 0; count < most && this.#open && !this.#paused; count++) {
      peer.reset();
      ledger.accepts(true);
      const accepted = settle(accept4(fd, peer.bytes, peer.length, SOCK_CLOEXEC));
      if (accepted >= 0) {
        this.#arrivals.arrived(adopt(accepted), this, peer.bytes);
        continue;
      }
      if (accepted === -EAGAIN) return;
      if (accepted === -EMFILE || accepted === -ENFILE || accepted === -ENOBUFS || accepted === -ENOMEM) {
        // The number is looked for before the queue: without one this says nothing of who waits there. The first time it does,
        // for the poller has told of somebody; of whoever is left, it tells again.
        if (count === 0) this.#arrivals.exhausted();
        return;
      }
      // What is left are errors of the one connection (ECONNABORTED, EPERM, …; accept(2)): the next may be fine.
    }
  }

  /** Accepts nothing for now; what the kernel has queued waits. */
  pause(): void {
    // Who waits at one that stops is taken in whatever else is the case.
    if (this.#stopping) return;
    this.#paused = true;
    this.#watch(0);
  }

  /** Goes on accepting. */
  resume(): void {
    this.#paused = false;
    this.#watch(EPOLLIN);
  }

  #watch(events: number): void {
    if (!this.#open) return;
    for (const fd of this.fds) this.#core.loop.poller.modify(fd, events);
  }

  /**
   * Takes everything that the kernel has queued, then closes the sockets: who connects later is refused by the kernel.
   * What were left in the queue would be reset, though its clients have connected, and may have asked already.
   */
  stop(): void {
    if (!this.#open) return;
    this.#paused = false;
    this.#stopping = true;
    for (const fd of this.fds) this.#accept(fd, WHOLE_QUEUE);
    this.#open = false;
    for (const fd of this.fds) {
      this.#core.loop.poller.remove(fd);
      close(fd);
    }
  }
}
