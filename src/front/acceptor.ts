/** A listening socket and what answers on it. */

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
} from "../../ffi/mod.ts";
import type { Route, Site } from "../config/config.ts";
import type { Source } from "../loop/poller.ts";
import { SIZE_ADDRESS } from "../protocol/messages.ts";
import { RouteTable } from "../route/route_table.ts";
import { writeSockaddr } from "./address.ts";
import type { BackendGroup } from "./backend_group.ts";
import type { Front } from "./front.ts";
import type { ErrorAnswers } from "./error_answers.ts";
import { FrontRoute } from "./front_route.ts";

const { accept4 } = libc;

/** Connections accepted in a row before others get their turn; the poller tells again of what is left. */
const BATCH = 64;
/**
 * Twice what the kernel queues for a listener at most (listenTcp asks for 4,096): everything that is there, and who comes
 * meanwhile. An end all the same, for neither a flood nor an error that stays may keep a listener open.
 */
const WHOLE_QUEUE = 8_192;

/**
 * Accepts connections. They stay in blocking mode: the front asks for no waiting call by call (MSG_DONTWAIT), so the
 * socket that a backend gets is as the kernel made it.
 */
export class Acceptor implements Source {
  table: RouteTable = new RouteTable([]);
  routes: readonly FrontRoute[] = [];
  /** Each site's, in the order of the table. */
  errors: readonly ErrorAnswers[] = [];
  /** Known once for all connections, unless the socket listens on every address of the machine. */
  readonly local: Uint8Array<ArrayBuffer> = new Uint8Array(SIZE_ADDRESS);
  readonly localKnown: boolean;
  readonly port: number;
  #open = true;

  /** @param fd a listening socket, owned by this object from now on */
  constructor(readonly front: Front, readonly key: string, readonly fd: Descriptor) {
    const buffer = new AddressBuffer();
    buffer.readLocal(fd);
    const address = decodeInternetAddress(buffer.bytes);
    this.port = address?.port ?? 0;
    this.localKnown = address !== undefined && address.host !== "0.0.0.0" && address.host !== "::";
    if (this.localKnown) writeSockaddr(this.local, 0, buffer.bytes);
    front.loop.poller.add(fd, EPOLLIN, this);
  }

  /**
   * Takes the sites of a (new) configuration.
   *
   * @param groupOf the group of a route's backends, if it has any
   * @param errorsOf what a site answers instead of the front's own text
   */
  route(
    sites: readonly Site[],
    groupOf: (route: Route) => BackendGroup | undefined,
    errorsOf: (site: Site) => ErrorAnswers,
  ): void {
    this.table = new RouteTable(sites);
    this.routes = this.table.routes.map((entry) => new FrontRoute(entry, groupOf(entry.route)));
    this.errors = sites.map(errorsOf);
  }

  ready(): void {
    this.#accept(BATCH);
  }

  #accept(most: number): void {
    const { front, fd } = this;
    const peer = front.addressBuffer;
    for (let count = 0; count < most && this.#open; count++) {
      peer.reset();
      const accepted = settle(accept4(fd, peer.bytes, peer.length, SOCK_CLOEXEC));
      if (accepted >= 0) {
        front.lifecycle.accepted(adopt(accepted), this);
        continue;
      }
      if (accepted === -EAGAIN) return;
      if (accepted === -EMFILE || accepted === -ENFILE || accepted === -ENOBUFS || accepted === -ENOMEM) {
        front.descriptorsExhausted();
        return;
      }
      // What is left are errors of the one connection (ECONNABORTED, EPERM, …; accept(2)): the next may be fine.
    }
  }

  /** Accepts nothing for now; what the kernel has queued waits. */
  pause(): void {
    if (this.#open) this.front.loop.poller.modify(this.fd, 0);
  }

  /** Goes on accepting. */
  resume(): void {
    if (this.#open) this.front.loop.poller.modify(this.fd, EPOLLIN);
  }

  /**
   * Takes everything that the kernel has queued, then closes the socket: who connects later is refused by the kernel.
   * What were left in the queue would be reset, though its clients have connected, and may have asked already.
   */
  stop(): void {
    if (!this.#open) return;
    this.#accept(WHOLE_QUEUE);
    this.#open = false;
    this.front.loop.poller.remove(this.fd);
    close(this.fd);
  }
}
