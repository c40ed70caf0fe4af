/** One client connection, from accept to the moment it is somebody else's. */

import { close, type Descriptor, sendCloseNotify, SHUT_WR, shutdown } from "../../../ffi/mod.ts";
import { Timed } from "../../loop/deadlines.ts";
import type { Source } from "../../loop/poller.ts";
import { PEER_HTTPS, PEER_SAID_HTTPS, SIZE_ADDRESS, SIZE_FIELD } from "../../protocol/messages.ts";
import { isKernel } from "../../protocol/tls_field.ts";
import type { ReturnedError } from "../../protocol/error_field.ts";
import type { Transfer } from "../../protocol/transfer.ts";
import type { ErrorAnswers } from "../answer/error_answers.ts";
import type { Core } from "../core/core.ts";
import { type Counted, UNCOUNTED } from "../core/per_client.ts";
import { writeSockaddr } from "./address.ts";
import type { Crowd, InCrowd } from "./crowd.ts";
import { assertFollows, type ConnectionState } from "./states.ts";
import type { Waiter, WaitingLine } from "./waiting_line.ts";

/** Who is told what happens to a connection. */
export interface ConnectionEvents {
  /** Something has come from the client, or the client has gone. @param events EPOLLIN and its like */
  ready(connection: Connection, events: number): void;
  /** The connection's deadline has passed; which one, its state says. */
  expired(connection: Connection): void;
}

/** Where a connection came in. */
export interface Listener {
  /** Its own address, known once for all connections unless it listens on every address of the machine. */
  readonly local: Uint8Array<ArrayBuffer>;
  readonly localKnown: boolean;
  /** Its place among the listeners of the plan; -1 when the plan has it no more. */
  readonly place: number;
}

/** What a connection was sent on, or offered to: answers for it until the backend has acknowledged it. */
export interface Carrier {
  /** Ends it; what it answers for is the front's again. @param reason for people */
  end(reason: string): void;
}

/** No bytes: what most connections have as their preread. */
export const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);

const NOBODY: readonly Carrier[] = [];

/**
 * A descriptor and what is known of it. Objects are pooled and used again, so that a connection costs no allocation.
 * Decisions are made in flow.ts; this class knows how to hold a descriptor and let it go.
 */
export class Connection extends Timed implements Source, Waiter<Connection>, InCrowd<Connection>, Counted {
  fd: Descriptor = -1 as Descriptor;
  #state: ConnectionState = "free";
  /** Where it was accepted: says which sites answer on it. Undefined when no listener takes its address any more. */
  listener: Listener | undefined;
  localKnown = false;
  /** Bytes of the head that were there at the last look. */
  seen = 0;
  /** The client has sent all that it will send (FIN). */
  ended = false;
  /** Whether the poller watches it. Never while it is on a channel: a registration outlives our descriptor. */
  watched = false;
  /** Bytes that were read from it: by a backend, before it gave the connection back, or for a response that has begun. */
  preread: Uint8Array<ArrayBuffer> = NOTHING;
  /** What is known of TLS on it: a field as hand-offs carry it, head and all; empty where there is none. */
  tls: Uint8Array<ArrayBuffer> = NOTHING;
  /** Somebody stands in front of its client, and has yet to say who that is (the PROXY protocol). */
  unannounced = false;
  /** Which list of the plan says whose words count about who asks, counted from 1; 0 where nobody's do. */
  trustList = 0;
  /** PEER_*: what is known of who has connected. */
  peerFlags = 0;
  /** Its client speaks TLS with somebody who is still to be found: what comes is not looked at here. */
  unread = false;
  /** What was asked of its client in a handshake; 0 for nothing. */
  policy = 0;
  /** What its request has come to at a backend that leaves the page of that to the front. */
  error: ReturnedError | undefined;
  /** Requests answered on it before. */
  requests = 0;
  /** How many those were when one was counted by its client last; -1 before that. */
  rated = -1;
  /** The channel it was sent on, and its id there. */
  channel: Carrier | undefined;
  id = 0;
  /** The channels whose backends do not want it. */
  refusedBy: readonly Carrier[] = NOBODY;
  /** Somebody has said who its client is, and what that was is not in the socket any more. */
  introduced = false;
  /** The head of a response is out, and the request's has been taken for it: see apache_channel.ts. */
  begun = false;
  /** Whether its request is a HEAD; known for one that waits. */
  isHead = false;
  /** What it is answered with when it is refused: its site's, as soon as that is known. */
  errors: ErrorAnswers;
  /** First name of its site, as soon as that is known; empty for one without names. */
  site = "";
  line: WaitingLine<Connection> | undefined;
  crowd: Crowd<Connection> | undefined;
  clientNumber = 0;
  counted: number = UNCOUNTED;
  ahead: Connection | undefined;
  behind: Connection | undefined;
  /** When it must have found a backend, since the first time that it had to wait; 0 before that. */
  waitsUntil = 0;
  /** When that was; 0 for one that has not waited. The loop's time, as the next two. */
  waitsSince = 0;
  /** When it was accepted, or came back. */
  arrivedAt = 0;
  /** When the head of its request was whole; 0 before that. */
  wholeAt = 0;
  /** Hand-offs of it that came to nothing. */
  attempts = 0;
  readonly #core: Core;
  readonly #events: ConnectionEvents;

  /**
   * @param addresses where, from `at` on, the client's address, the one it connected to and that of who has connected are, as
   * hand-offs carry them: memory of many connections, as a typed array of its own would be the larger half of one
   */
  constructor(
    core: Core,
    events: ConnectionEvents,
    errors: ErrorAnswers,
    readonly addresses: Uint8Array<ArrayBuffer>,
    readonly at: number,
  ) {
    super();
    this.#core = core;
    this.#events = events;
    this.errors = errors;
  }

  /** Where it is in its life. */
  get state(): ConnectionState {
    return this.#state;
  }

  /** Goes on to another state, as every change is made. @throws {Error} if states.ts does not have it after this one */
  to(next: ConnectionState): void {
    assertFollows(this.#state, next);
    // What it was noted for is over.
    if (this.crowd !== undefined) this.crowd.leave(this);
    this.#state = next;
    if (next !== "free" && next !== "reading" && next !== "handed") this.note();
  }

  /** Has ledger.ts say what it is now. @param kept whether its socket will not tell, after what is done next */
  note(kept = false): void {
    const plain = !kept && this.tls.length === 0 && this.preread.length === 0 && this.peerFlags === 0 &&
      !this.introduced && !this.begun && this.#state !== "refusing";
    this.#core.ledger.has(this.fd, plain, this.requests);
  }

  /** The client's address. A view that is made for the occasion, not for every connection. */
  get client(): Uint8Array<ArrayBuffer> {
    return this.addresses.subarray(this.at, this.at + SIZE_ADDRESS);
  }

  /** The address that the client connected to; another such view. */
  get local(): Uint8Array<ArrayBuffer> {
    return this.addresses.subarray(this.at + SIZE_ADDRESS, this.at + 2 * SIZE_ADDRESS);
  }

  /** Where the address of who has connected is: whoever stands in front says whom a request is from. */
  get peerAt(): number {
    return this.at + 2 * SIZE_ADDRESS;
  }

  /** Whether later requests may be of other clients, or something is known of who stands in front. */
  get hasPeer(): boolean {
    return this.trustList > 0 || this.peerFlags !== 0;
  }

  /** Whether who asks does so by https, as those in front say. */
  get saidHttps(): boolean {
    return (this.peerFlags & PEER_SAID_HTTPS) !== 0;
  }

  /** The client is who has connected, until somebody who is trusted says another one. */
  keepPeer(): void {
    this.addresses.copyWithin(this.peerAt, this.at, this.at + SIZE_ADDRESS);
  }

  ready(events: number): void {
    this.#events.ready(this, events);
  }

  override expire(): void {
    this.#events.expired(this);
  }

  /**
   * Starts a new life.
   *
   * @param fd owned by this object from now on
   * @param errors what it is refused with until its site is known
   * @param plain whether nothing is known of it that its socket does not say
   */
  begin(fd: Descriptor, listener: Listener | undefined, errors: ErrorAnswers, plain: boolean): void {
    this.to("reading");
    this.fd = fd;
    this.#core.ledger.has(fd, plain, 0);
    this.listener = listener;
    this.localKnown = false;
    this.seen = 0;
    this.ended = false;
    this.preread = NOTHING;
    this.tls = NOTHING;
    this.unread = this.unannounced = false;
    this.begun = this.introduced = false;
    this.error = undefined;
    this.trustList = this.peerFlags = 0;
    this.policy = this.requests = 0;
    this.rated = -1;
    this.refusedBy = NOBODY;
    this.waitsUntil =
      this.waitsSince =
      this.wholeAt =
      this.attempts =
        0;
    this.arrivedAt = this.#core.loop.now;
    this.errors = errors;
    this.site = "";
  }

  /** Takes up what a backend that gives the connection back says of it. */
  goOn(
    transfer: Pick<Transfer, "client" | "local" | "preread" | "requests" | "peer" | "error">,
  ): void {
    const { client, local, preread, requests, peer, error } = transfer;
    // What was said of earlier requests says nothing of the next one.
    this.addresses.set(peer?.address ?? client, this.at);
    this.peerFlags = peer?.https ? PEER_HTTPS | PEER_SAID_HTTPS : 0;
    this.addresses.set(local, this.at + SIZE_ADDRESS);
    this.localKnown = true;
    this.preread = preread;
    this.requests = requests;
    this.error = error;
    // Its client has asked once.
    if (error !== undefined) this.rated = requests;
  }

  /** The head of its request is there, perhaps not for the first time. */
  headIsWhole(isHead: boolean): void {
    if (this.wholeAt === 0) this.wholeAt = this.#core.loop.now;
    this.isHead = isHead;
  }

  /** Remembers a channel whose backend does not want it. */
  refusedFrom(channel: Carrier): void {
    this.refusedBy = [...this.refusedBy, channel];
  }

  /** Finds out which address the client connected to, unless that is known. */
  findLocal(): void {
    if (this.localKnown) return;
    const { listener } = this;
    const at = this.at + SIZE_ADDRESS;
    if (listener?.localKnown) {
      this.addresses.set(listener.local, at);
    } else {
      const { address } = this.#core;
      address.readLocal(this.fd);
      writeSockaddr(this.addresses, at, address.bytes);
    }
    this.localKnown = true;
  }

  /** Watches the descriptor, if it is not watched already. */
  watch(events: number): void {
    if (this.watched) return;
    this.#core.loop.poller.add(this.fd, events, this);
    this.watched = true;
    this.note();
  }

  /** Watches the descriptor for these events, whatever it was watched for before. */
  watchAnew(events: number): void {
    if (this.watched) this.#core.loop.poller.modify(this.fd, events);
    else this.watch(events);
  }

  /** Ends watching: needed before the descriptor is sent or closed, while other processes may hold the socket. */
  unwatch(): void {
    if (!this.watched) return;
    this.#core.loop.poller.remove(this.fd);
    this.watched = false;
  }

  /** Where the kernel does TLS, nobody else says that nothing more is sent (close_notify). */
  sayEnd(): void {
    if (this.tls.length > 0 && isKernel(this.tls.subarray(SIZE_FIELD))) sendCloseNotify(this.fd);
  }

  /** Ends our side. */
  endSending(): void {
    this.sayEnd();
    shutdown(this.fd, SHUT_WR);
  }

  /** Ends this life: closes our copy of the descriptor, whoever else has one. */
  end(): void {
    close(this.letGo());
  }

  /** Ends this life, and lets the descriptor go. @returns it is the caller's from now on */
  letGo(): Descriptor {
    const { fd } = this;
    this.to("free");
    this.#core.ledger.forgets(fd);
    this.stopDeadline();
    this.unwatch();
    this.fd = -1 as Descriptor;
    this.listener = undefined;
    this.channel = undefined;
    this.preread = NOTHING;
    this.tls = NOTHING;
    return fd;
  }
}
