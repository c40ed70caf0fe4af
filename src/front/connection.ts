/** One client connection, from accept to the moment it is somebody else's. */

import { close, type Descriptor } from "../../ffi/mod.ts";
import { Timed } from "../loop/deadlines.ts";
import type { Source } from "../loop/poller.ts";
import { SIZE_ADDRESS } from "../protocol/messages.ts";
import type { Acceptor } from "./acceptor.ts";
import { writeSockaddr } from "./address.ts";
import type { Channel } from "./channel.ts";
import type { ErrorAnswers } from "./error_answers.ts";
import type { Front } from "./front.ts";
import type { HandoffChannel } from "./handoff_channel.ts";
import type { WaitingLine } from "./waiting_line.ts";

/**
 * Where a connection is in its life. At every moment exactly one part of the front answers for its descriptor:
 *
 * - `free`: nobody; the object waits in the pool, without a descriptor
 * - `reading`: the front, until the request head is complete, its deadline passes or the client goes
 * - `parked`: the front as well, which waits for the next request on a connection that a backend gave back
 * - `waiting`: the waiting line of a route's backends
 * - `handed`: the channel it was sent on, until the backend has acknowledged it; then our copy is closed
 * - `refusing`: the front, which has answered with an error and reads the rest away before it closes
 *
 * ```
 * accept, RETURN → reading → handed → (ACK) free
 *                   ↕ │  ↖     │ NACK, channel gone, no ACK in time
 *              parked │   waiting ←
 *                     └→ refusing → free
 * ```
 */
export type ConnectionState = "free" | "reading" | "parked" | "waiting" | "handed" | "refusing";

/** No bytes: what most connections have as their preread. */
export const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);

const NOBODY: readonly HandoffChannel[] = [];

/**
 * A connection's state. Objects are pooled and used again, so that a connection costs no allocation. Decisions are
 * made in front.ts; this class knows how to hold a descriptor and let it go.
 */
export class Connection extends Timed implements Source {
  fd: Descriptor = -1 as Descriptor;
  state: ConnectionState = "free";
  /** Where it was accepted: says which sites answer on it. Undefined when no listener takes its address any more. */
  acceptor: Acceptor | undefined;
  localKnown = false;
  /** Bytes of the head that were there at the last look. */
  seen = 0;
  /** The client has sent all that it will send (FIN). */
  ended = false;
  /** Whether the poller watches it. Never while it is on a channel: a registration outlives our descriptor. */
  watched = false;
  /** Bytes that were read from it: by a backend, before it gave the connection back, or for a response that has begun. */
  preread: Uint8Array<ArrayBuffer> = NOTHING;
  /** Requests answered on it before. */
  requests = 0;
  /** The channel it was sent on, and its id there. */
  channel: Channel | undefined;
  id = 0;
  /** The channels whose backends do not want it. */
  refusedBy: readonly HandoffChannel[] = NOBODY;
  /** The head of a response is out, and the request's has been taken for it: see apache_channel.ts. */
  begun = false;
  /** Whether its request is a HEAD; known for one that waits. */
  isHead = false;
  /** What it is answered with when it is refused: its site's, as soon as that is known. */
  errors: ErrorAnswers;
  /** The line it waits in and its neighbours there. */
  line: WaitingLine | undefined;
  ahead: Connection | undefined;
  behind: Connection | undefined;
  /** When it must have found a backend, since the first time that it had to wait; 0 before that. */
  waitsUntil = 0;

  /**
   * @param addresses where, from `at` on, the client's address and the one it connected to are, as hand-offs carry them:
   * memory of many connections, as a typed array of its own would be the larger half of one
   */
  constructor(readonly front: Front, readonly addresses: Uint8Array<ArrayBuffer>, readonly at: number) {
    super();
    this.errors = front.errors;
  }

  /** The client's address. A view that is made for the occasion, not for every connection. */
  get client(): Uint8Array<ArrayBuffer> {
    return this.addresses.subarray(this.at, this.at + SIZE_ADDRESS);
  }

  /** The address that the client connected to; another such view. */
  get local(): Uint8Array<ArrayBuffer> {
    return this.addresses.subarray(this.at + SIZE_ADDRESS, this.at + 2 * SIZE_ADDRESS);
  }

  ready(events: number): void {
    this.front.lifecycle.ready(this, events);
  }

  override expire(): void {
    this.front.lifecycle.expired(this);
  }

  /** Starts a new life. @param fd owned by this object from now on */
  begin(fd: Descriptor, acceptor: Acceptor | undefined): void {
    this.fd = fd;
    this.state = "reading";
    this.acceptor = acceptor;
    this.localKnown = false;
    this.seen = 0;
    this.ended = false;
    this.preread = NOTHING;
    this.requests = 0;
    this.refusedBy = NOBODY;
    this.begun = false;
    this.waitsUntil = 0;
    this.errors = this.front.errors;
  }

  /** Finds out which address the client connected to, unless that is known. */
  findLocal(): void {
    if (this.localKnown) return;
    const { acceptor, front } = this;
    const at = this.at + SIZE_ADDRESS;
    if (acceptor?.localKnown) {
      this.addresses.set(acceptor.local, at);
    } else {
      front.addressBuffer.readLocal(this.fd);
      writeSockaddr(this.addresses, at, front.addressBuffer.bytes);
    }
    this.localKnown = true;
  }

  /** Watches the descriptor, if it is not watched already. */
  watch(events: number): void {
    if (this.watched) return;
    this.front.loop.poller.add(this.fd, events, this);
    this.watched = true;
  }

  /** Ends watching: needed before the descriptor is sent or closed, while other processes may hold the socket. */
  unwatch(): void {
    if (!this.watched) return;
    this.front.loop.poller.remove(this.fd);
    this.watched = false;
  }

  /** Ends this life: closes our copy of the descriptor, whoever else has one. */
  end(): void {
    this.stopDeadline();
    this.unwatch();
    close(this.fd);
    this.fd = -1 as Descriptor;
    this.state = "free";
    this.acceptor = undefined;
    this.channel = undefined;
    this.preread = NOTHING;
  }
}
