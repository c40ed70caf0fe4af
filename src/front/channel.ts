/** The front's end of a channel: one Unix socket to one backend process, and the hand-offs under way on it. */

import {
  close,
  type Descriptor,
  EAGAIN,
  EPOLLIN,
  EPOLLOUT,
  ETOOMANYREFS,
  libc,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  settle,
  SHUT_RDWR,
  shutdown,
} from "../../ffi/mod.ts";
import { Timed } from "../loop/deadlines.ts";
import type { Source } from "../loop/poller.ts";
import { encodeHello } from "../protocol/hello.ts";
import { BYE_STOPPING, BYE_TIMEOUT } from "../protocol/messages.ts";
import { byeReason, encodeBye } from "../protocol/replies.ts";
import type { PathNormalizer } from "../route/path.ts";
import type { BackendLink } from "./backend_link.ts";
import type { Connection } from "./connection.ts";
import type { FrontRoute } from "./front_route.ts";
import type { ChannelState, HandoffChannel } from "./handoff_channel.ts";

const { send } = libc;

/**
 * Connections that a backend may be giving back at a time. Their ACKs have to fit the socket beside our own hand-offs,
 * and it takes some 278 short messages: whoever cannot acknowledge has to end the channel.
 */
const RETURNS = 128;

/** An id is a slot below and a count of its uses above, so that a late or made-up ACK matches nothing. */
const SLOT_BITS = 10;
const SLOTS = 1 << SLOT_BITS;

/**
 * A channel owns its socket and, on behalf of the front, every connection that it has sent and that is not yet
 * acknowledged. What the backend says is read in channel_reader.ts.
 */
export class Channel extends Timed implements HandoffChannel, Source {
  state: ChannelState = "greeting";
  /** Hand-offs that may be unacknowledged at a time: the backend's limit or ours. */
  window = 0;
  /** Hand-offs that are unacknowledged. */
  inFlight = 0;
  /** Connections that the backend process holds, as it said last. */
  active = 0;
  /** Turns that it is owed among channels that are as busy, in shares of weight: see BackendGroup. */
  credit = 0;
  /** The backend process, as its HELLO said. */
  process = 0;
  /** The backend is still to be told of the generation that has begun. */
  #unannounced = false;
  /** The socket's buffer is full, or too many descriptors are in flight: nothing can be sent for now. */
  #blocked = false;
  #connections: (Connection | undefined)[] = [];
  #ids: number[] = [];
  #freeSlots: number[] = [];

  /** @param fd connected; owned by the channel from now on */
  constructor(readonly link: BackendLink, readonly fd: Descriptor) {
    super();
    link.front.loop.poller.add(fd, EPOLLIN, this);
  }

  /** Introduces the front; the backend has until the deadline to do the same. */
  greet(): void {
    const { front } = this.link;
    this.#say(encodeHello({ workers: 0, window: RETURNS, process: front.process, name: front.name }));
    front.deadlines.acknowledge.start(this, front.loop.now);
  }

  /** The backend has introduced itself. */
  open(window: number, process: number): void {
    this.stopDeadline();
    this.state = "ready";
    this.window = Math.min(window, this.link.front.limits.unacknowledged, SLOTS);
    this.process = process;
    for (let slot = this.window - 1; slot >= 0; slot--) {
      this.#freeSlots.push(slot);
      this.#ids.push(0);
      this.#connections.push(undefined);
    }
    this.announce();
  }

  /**
   * Tells the backend of the front's generation, now or as soon as there is room: until then the backend takes scopes for
   * valid that are not.
   */
  announce(): void {
    if (this.state !== "ready" && this.state !== "draining") return;
    const { front } = this.link;
    this.#unannounced = this.#say(front.terms) === -EAGAIN;
    if (this.#unannounced) front.loop.poller.modify(this.fd, EPOLLIN | EPOLLOUT);
  }

  /** Whether this connection can be sent now. No backend here expects one whose response has begun. */
  takes(connection: Connection): boolean {
    return this.state === "ready" && !this.#blocked && this.inFlight < this.window && !connection.begun;
  }

  /** How busy the backend process is, as far as is known here. */
  get load(): number {
    return this.inFlight + this.active;
  }

  /**
   * Sends a connection. When it returns true, the channel answers for the connection until the backend has
   * acknowledged or refused it, or the channel ends.
   */
  handOff(connection: Connection, route: FrontRoute, path: PathNormalizer): boolean {
    const { front } = this.link;
    const slot = this.#freeSlots[this.#freeSlots.length - 1]!;
    const id = ((this.#ids[slot]! >>> SLOT_BITS) + 1 << SLOT_BITS | slot) >>> 0;
    const result = front.message.send(this.fd, id, front.generation, connection, route, path);
    if (result < 0) {
      this.#sendFailed(-result);
      return false;
    }
    this.#freeSlots.pop();
    this.#ids[slot] = id;
    this.#connections[slot] = connection;
    this.inFlight++;
    connection.channel = this;
    connection.id = id;
    connection.state = "handed";
    front.deadlines.acknowledge.start(connection, front.loop.now);
    return true;
  }

  #sendFailed(errno: number): void {
    if (errno === EAGAIN) {
      this.#blocked = true;
      this.link.front.loop.poller.modify(this.fd, EPOLLIN | EPOLLOUT);
    } else if (errno === ETOOMANYREFS) {
      this.pause();
    } else {
      this.end("the channel broke");
    }
  }

  /** Sends nothing for a moment: the backend says it is full, or the kernel says that of descriptors in flight. */
  pause(): void {
    if (this.state !== "ready") return;
    this.#blocked = true;
    this.link.front.deadlines.pause.start(this, this.link.front.loop.now);
  }

  /**
   * Takes a connection off the channel: it has been acknowledged or refused.
   *
   * @returns undefined when no hand-off under way has that id
   */
  take(id: number): Connection | undefined {
    const slot = id & SLOTS - 1;
    const connection = this.#connections[slot];
    if (connection === undefined || this.#ids[slot] !== id) return undefined;
    this.#connections[slot] = undefined;
    this.#freeSlots.push(slot);
    this.inFlight--;
    connection.channel = undefined;
    connection.stopDeadline();
    return connection;
  }

  /** The backend takes no more. */
  drain(): void {
    if (this.state !== "ready") return;
    this.stopDeadline();
    this.state = "draining";
    this.link.channelDraining();
    this.endIfIdle();
  }

  /** Ends a draining channel of ours once nothing is under way on it. */
  endIfIdle(): void {
    if (this.state === "draining" && this.inFlight === 0 && this.link.retired) {
      this.end("not needed any more", BYE_STOPPING);
    }
  }

  ready(events: number): void {
    if (events & EPOLLOUT) {
      this.#blocked = false;
      this.link.front.loop.poller.modify(this.fd, EPOLLIN);
      if (this.#unannounced) this.announce();
    }
    this.link.front.reader.read(this);
    if (this.state === "ready") this.link.pump();
  }

  /** A deadline has passed: that of the backend's HELLO, or that of a pause. */
  override expire(): void {
    if (this.state === "greeting") {
      this.end("it accepts but does not answer", BYE_TIMEOUT);
      return;
    }
    this.#blocked = false;
    this.link.pump();
  }

  /** Sends a small message if the socket takes it: what is said here changes nobody's ownership. Or `-errno`. */
  #say(message: Uint8Array<ArrayBuffer>): number {
    return settle(send(this.fd, message, BigInt(message.byteLength), MSG_DONTWAIT | MSG_NOSIGNAL));
  }

  /**
   * Ends the channel. The commit point (docs/protocol.md): after the shutdown the backend can acknowledge nothing
   * more; what it did acknowledge before is still to be read, and is the backend's. Everything else is the front's
   * again, and may go to another backend.
   *
   * @param reason for people
   * @param bye BYE_*, where the backend should be told
   */
  end(reason: string, bye?: number): void {
    if (this.state === "closed") return;
    const { link } = this;
    this.state = "closed";
    this.stopDeadline();
    if (bye !== undefined) this.#say(encodeBye({ reason: bye, text: `${byeReason(bye)}: ${reason}` }));
    shutdown(this.fd, SHUT_RDWR);
    link.front.reader.readLast(this);
    link.front.loop.poller.remove(this.fd);
    close(this.fd);
    link.channelEnded(this, reason);
    for (const connection of this.#connections) {
      if (connection === undefined) continue;
      connection.channel = undefined;
      connection.stopDeadline();
      link.front.lifecycle.reclaim(connection);
    }
    this.#connections = [];
    this.inFlight = 0;
  }
}
