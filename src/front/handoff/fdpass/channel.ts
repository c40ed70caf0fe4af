/** The front's end of a channel: one Unix socket to one backend process, and the hand-offs under way on it. */

import {
  close,
  type Descriptor,
  EAGAIN,
  EPOLLIN,
  EPOLLOUT,
  ETOOMANYREFS,
  sharedPageFault,
} from "../../../../ffi/mod.ts";
import { Timed } from "../../../loop/deadlines.ts";
import type { Source } from "../../../loop/poller.ts";
import type { Hello } from "../../../protocol/hello.ts";
import { BYE_MALFORMED, BYE_STOPPING, BYE_TIMEOUT } from "../../../protocol/messages.ts";
import { endChannel } from "../../../wire/ending.ts";
import { sendMessage } from "../../../wire/send_message.ts";
import type { Connection } from "../../connection/connection.ts";
import type { Look } from "../../look/look.ts";
import type { ChannelState, HandoffChannel, Link, Outcome } from "../handoff_channel.ts";
import { processSeed } from "../process_seed.ts";
import type { Conversation } from "./channel_reader.ts";
import { type ChannelTools, deposit } from "./channel_tools.ts";
import { Fullness } from "./fullness.ts";
import { Held } from "./held.ts";
import { MOST_UNDER_WAY, UnderWay } from "./under_way.ts";

/** Processes behind one path that a channel each is opened to, at most. */
const MOST_WORKERS = 256;

/** Hand-offs from which on it says something that as many are under way: some backends take them one by one. */
const WIDE = 32;

/**
 * A channel owns its socket and, on behalf of the front, every connection that it has sent and that is not yet
 * acknowledged. What the backend says is read in channel_reader.ts.
 */
export class Channel extends Timed implements HandoffChannel, Conversation, Source {
  state: ChannelState = "greeting";
  #active = 0;
  credit = 0;
  process = 0;
  seed = 0;
  since = Infinity;
  drained = false;
  /** Hand-offs that may be unacknowledged at a time: the backend's limit or ours. */
  #window = 0;
  /** Those that are. */
  #underWay = new UnderWay(0);
  /** The backend is still to be told of the generation that has begun. */
  #unannounced = false;
  /** The socket's buffer is full, or too many descriptors are in flight: nothing can be sent for now. */
  #blocked = false;
  /** Its page of counters has come. */
  #counted = false;
  readonly held: Held;
  readonly #fullness = new Fullness();
  readonly #tools: ChannelTools;
  readonly #link: Link;

  /** @param fd connected; owned by the channel from now on */
  constructor(tools: ChannelTools, link: Link, readonly fd: Descriptor) {
    super();
    this.#tools = tools;
    this.#link = link;
    this.held = new Held(tools.core.perClient);
    tools.core.ledger.channel(fd);
    tools.core.loop.poller.add(fd, EPOLLIN, this);
  }

  /** Connections that the backend process holds, as it said last. */
  get active(): number {
    return this.#active;
  }

  set active(count: number) {
    this.#link.counts.activeChanged(count - this.#active);
    this.#active = count;
  }

  /** Introduces the front; the backend has until the deadline to do the same. */
  begin(): void {
    const { announcements, core } = this.#tools;
    this.say(announcements.hello);
    core.deadlines.acknowledge.start(this, core.loop.now);
  }

  greeted({ window, workers, process, name, instance, ends }: Hello): void {
    const link = this.#link;
    this.stopDeadline();
    this.state = "ready";
    this.since = this.#tools.core.loop.now;
    this.#window = Math.min(window, this.#tools.core.limits.unacknowledged, MOST_UNDER_WAY);
    this.#underWay = new UnderWay(this.#window);
    this.process = process;
    this.held.told = ends === true;
    this.seed = processSeed(link.backend.socket, process, instance);
    this.announce();
    deposit(this.#tools.core, this.fd);
    link.channelProven({ protocol: "fdpass", process, name }, Math.max(1, Math.min(workers, MOST_WORKERS)));
    if (link.retired) this.drain();
    else link.connect();
    link.roomAgain();
  }

  /**
   * Tells the backend of the front's generation, now or as soon as there is room: until then the backend takes scopes for
   * valid that are not.
   */
  announce(): void {
    if (this.state !== "ready" && this.state !== "draining") return;
    const { announcements, core } = this.#tools;
    this.#unannounced = this.say(announcements.terms) === -EAGAIN;
    if (this.#unannounced) core.loop.poller.modify(this.fd, EPOLLIN | EPOLLOUT);
  }

  get backend(): string {
    return this.#link.backend.name;
  }

  /** Hand-offs that are unacknowledged. */
  get inFlight(): number {
    return this.#underWay.count;
  }

  /** Whether this connection can be sent now. No backend here expects one whose response has begun. */
  takes(connection: Connection): boolean {
    const { count } = this.#underWay;
    return this.state === "ready" && !this.#blocked && count < this.#window &&
      this.#fullness.hasRoom(this.active, count) && !connection.begun;
  }

  get load(): number {
    return this.#underWay.count + this.active;
  }

  /**
   * Sends a connection. Where it is taken, the channel answers for the connection until the backend has acknowledged or
   * refused it, or the channel ends.
   */
  handOff(connection: Connection, { route, path }: Look): Outcome {
    const { core, message, announcements: { generation } } = this.#tools;
    const id = this.#underWay.nextId;
    // First: whoever looks is to think of it as sent rather than as ours.
    connection.note();
    core.ledger.hands(connection.fd, this.fd, id);
    const result = message.send(this.fd, id, generation, connection, route!, path, core.loop.now);
    if (result < 0) {
      connection.note();
      this.#sendFailed(-result);
      return "kept";
    }
    this.#link.counts.sent();
    this.#underWay.add(id, connection);
    connection.channel = this;
    connection.id = id;
    connection.to("handed");
    core.deadlines.acknowledge.start(connection, core.loop.now);
    if (this.#underWay.count === this.#window && this.#window >= WIDE) this.#link.filled(connection);
    return "taken";
  }

  #sendFailed(errno: number): void {
    if (errno === EAGAIN) {
      this.#blocked = true;
      this.#tools.core.loop.poller.modify(this.fd, EPOLLIN | EPOLLOUT);
    } else if (errno === ETOOMANYREFS) {
      this.#pause();
    } else {
      this.end("the channel broke");
    }
  }

  /** Sends nothing for a moment: the kernel says that too many descriptors are in flight. */
  #pause(): void {
    const { core } = this.#tools;
    this.#blocked = true;
    core.deadlines.pause.start(this, core.loop.now);
  }

  full(): void {
    if (this.state !== "ready") return;
    const { deadlines, loop } = this.#tools.core;
    deadlines.pause.startUntil(this, loop.now + this.#fullness.refused(this.active));
  }

  took(): void {
    this.#fullness.took(this.active);
    if (this.#underWay.count * 2 <= this.#window) this.#link.caughtUp();
  }

  take(id: number): Connection | undefined {
    const connection = this.#underWay.take(id);
    if (connection === undefined) return undefined;
    connection.channel = undefined;
    connection.stopDeadline();
    return connection;
  }

  acknowledged(connection: Connection): Descriptor {
    const { core, owner } = this.#tools;
    this.#link.counts.acknowledged(core.loop.now - connection.arrivedAt);
    this.held.take(connection);
    return owner.acknowledged(connection);
  }

  refused(connection: Connection): void {
    this.#link.counts.refused();
    this.#tools.owner.reclaimed(connection);
  }

  returned(count: number): void {
    this.#link.counts.returned(count);
  }

  refuse(connection: Connection, reason: string): void {
    connection.refusedFrom(this);
    this.#link.connectionRefused(reason);
  }

  counters(fd: Descriptor): void {
    const { core, announcements } = this.#tools;
    const fault = !announcements.counters
      ? "nobody has asked for them"
      : this.#counted
      ? "they have come before"
      : sharedPageFault(fd);
    if (fault !== undefined) {
      close(fd);
      return this.end(`COUNTERS is out of place: ${fault}`, BYE_MALFORMED);
    }
    this.#counted = true;
    core.report({ type: "counters", backend: this.backend, fd });
  }

  /** The backend takes no more: whoever listens at the path now may. */
  drain(): void {
    if (this.state !== "ready") return;
    this.stopDeadline();
    this.state = "draining";
    this.drained = true;
    this.#link.channelDrains(this);
    this.endIfIdle();
  }

  endIfIdle(): void {
    if (this.state === "draining" && this.#underWay.count === 0 && this.#link.retired) {
      this.end("not needed any more", BYE_STOPPING);
    }
  }

  /** Whether it has ended: nothing is read from it any more. */
  get closed(): boolean {
    return this.state === "closed";
  }

  /** Takes the message that is in the reader's buffer. */
  heard(length: number): boolean {
    return this.#tools.reader.take(this, length);
  }

  ready(events: number): void {
    const { core, reader } = this.#tools;
    if (events & EPOLLOUT) {
      this.#blocked = false;
      core.loop.poller.modify(this.fd, EPOLLIN);
      if (this.#unannounced) this.announce();
    }
    reader.read(this);
    if (this.state === "ready" && this.#underWay.count < this.#window) this.#link.roomAgain();
  }

  /** A deadline has passed: that of the backend's HELLO, or that of a pause. */
  override expire(): void {
    if (this.state === "greeting") {
      this.end("it accepts but does not answer", BYE_TIMEOUT);
      return;
    }
    this.#blocked = false;
    this.#fullness.mayTry();
    this.#link.roomAgain();
  }

  /** Sends a small message if the socket takes it: what is said here changes nobody's ownership. Or `-errno`. */
  say(message: Uint8Array<ArrayBuffer>): number {
    return sendMessage(this.fd, message);
  }

  /**
   * Ends the channel. The commit point (docs/protocol.md): after the shutdown the backend can acknowledge nothing
   * more; what it did acknowledge before is still to be read, and is the backend's. Everything else is the front's
   * again, and may go to another backend.
   */
  end(reason: string, bye?: number): void {
    if (this.state === "closed") return;
    const { core, owner, reader } = this.#tools;
    this.state = "closed";
    this.stopDeadline();
    core.ledger.forgets(this.fd);
    endChannel({
      fd: this.fd,
      poller: core.loop.poller,
      reader: reader.messages,
      bye,
      reason,
      acknowledged: (length) => void reader.acknowledged(this, length),
    });
    this.held.clear();
    this.#link.channelEnded(this, reason, false);
    const { all } = this.#underWay;
    this.#link.counts.lost(all.length);
    this.active = 0;
    this.#underWay = new UnderWay(0);
    for (const connection of all) {
      connection.channel = undefined;
      connection.stopDeadline();
      owner.reclaimed(connection);
    }
  }
}
