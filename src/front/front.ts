/** The data plane: accept, peek, route, hand off. One of these runs in each front Worker, on a thread of its own. */

import {
  AddressBuffer,
  adopt,
  type Descriptor,
  EAGAIN,
  effectiveUser,
  EPOLLET,
  EPOLLIN,
  EPOLLRDHUP,
  libc,
  MSG_DONTWAIT,
  MSG_PEEK,
  processId,
  settle,
} from "../../ffi/mod.ts";
import type { Limits } from "../config/config.ts";
import type { AnswerStatus } from "../http/answers.ts";
import { endsHead, RequestHead } from "../http/request_head.ts";
import type { Deadlines } from "../loop/deadlines.ts";
import type { Loop } from "../loop/loop.ts";
import { ADDRESS_PORT } from "../protocol/messages.ts";
import type { Transfer } from "../protocol/transfer.ts";
import { BAD_PATH } from "../route/route_table.ts";
import { Acceptor } from "./acceptor.ts";
import { writeSockaddr } from "./address.ts";
import { BackendGroup } from "./backend_group.ts";
import { BackendLink, RETRY_DELAYS } from "./backend_link.ts";
import type { Channel } from "./channel.ts";
import { ChannelReader } from "./channel_reader.ts";
import { Connection } from "./connection.ts";
import { counterIndex, type Counters } from "./counters.ts";
import { Exhaustion } from "./exhaustion.ts";
import { HandoffMessage } from "./handoff_message.ts";
import type { Plan, Report } from "./plan.ts";
import { Refusals } from "./refusals.ts";

const { recv } = libc;

const ACCEPTED = counterIndex("accepted");
const SENT = counterIndex("sent");
const HANDED_OVER = counterIndex("handedOver");
const RECLAIMED = counterIndex("reclaimed");
const RETURNED = counterIndex("returned");
const REFUSED = counterIndex("refused");
const DROPPED = counterIndex("dropped");
const OPEN = counterIndex("open");
const WAITING = counterIndex("waiting");

/** Milliseconds that an answered client has to end its side before the connection is closed all the same. */
const LINGER = 2_000;
/** Milliseconds that a channel pauses when its backend, or the kernel, says that it is full. */
const PAUSE = 20;
/** Milliseconds between attempts to accept while descriptors are short. */
const EXHAUSTED_RETRY = 100;
/** Milliseconds in which refusals that are alike are told as one. */
const TELL = 1_000;

/** What a data plane is made with. */
export interface FrontOptions {
  readonly loop: Loop;
  readonly name: string;
  readonly counters: Counters;
  readonly plan: Plan;
  /** Takes what people should know. */
  readonly report: (report: Report) => void;
}

/** One data plane and everything it owns. */
export class Front {
  readonly loop: Loop;
  readonly name: string;
  readonly process: number = processId();
  readonly report: (report: Report) => void;
  readonly message: HandoffMessage = new HandoffMessage();
  readonly reader: ChannelReader = new ChannelReader(this);
  readonly addressBuffer: AddressBuffer = new AddressBuffer();
  readonly acknowledgeDeadlines: Deadlines;
  readonly lingerDeadlines: Deadlines;
  readonly pauseDeadlines: Deadlines;
  readonly tellDeadlines: Deadlines;
  readonly retryDeadlines: readonly Deadlines[];
  limits: Limits;
  generation = 0;
  /** Accepts nothing any more; ends when it owns no connection. */
  stopping = false;
  readonly #counters: Counters;
  readonly #headDeadlines: Deadlines;
  readonly #queueDeadlines: Deadlines;
  readonly #refusals = new Refusals(this);
  readonly #exhaustion = new Exhaustion(this);
  readonly #exhaustionDeadlines: Deadlines;
  readonly #user = effectiveUser();
  #allowedUsers: ReadonlySet<number> = new Set();
  #acceptors: Acceptor[] = [];
  #links = new Map<string, BackendLink>();
  #groups = new Map<string, BackendGroup>();
  /** Every connection object there is, and those of them without a connection. */
  readonly #pool: Connection[] = [];
  readonly #free: Connection[] = [];
  #open = 0;
  #waiting = 0;
  #head: RequestHead;
  #peeked: Uint8Array<ArrayBuffer>;
  #peekLength: bigint;

  constructor(options: FrontOptions) {
    const { loop, plan } = options;
    this.loop = loop;
    this.name = options.name;
    this.report = options.report;
    this.#counters = options.counters;
    this.limits = plan.limits;
    const { deadlines } = loop;
    this.#headDeadlines = deadlines.list(plan.limits.headTimeout);
    this.#queueDeadlines = deadlines.list(plan.limits.queueTimeout);
    this.acknowledgeDeadlines = deadlines.list(plan.limits.acknowledgeTimeout);
    this.lingerDeadlines = deadlines.list(LINGER);
    this.pauseDeadlines = deadlines.list(PAUSE);
    this.tellDeadlines = deadlines.list(TELL);
    this.#exhaustionDeadlines = deadlines.list(EXHAUSTED_RETRY);
    this.retryDeadlines = RETRY_DELAYS.map((delay) => deadlines.list(delay));
    this.#head = new RequestHead(plan.limits);
    this.#peeked = new Uint8Array(0);
    this.#peekLength = 0n;
    this.apply(plan);
  }

  // --- configuration ----------------------------------------------------------------------------------------------

  /** Goes on by another plan: keeps the listeners and channels that both have, ends and starts the others. */
  apply(plan: Plan): void {
    this.limits = plan.limits;
    this.generation = plan.generation;
    this.#headDeadlines.milliseconds = plan.limits.headTimeout;
    this.#queueDeadlines.milliseconds = plan.limits.queueTimeout;
    this.acknowledgeDeadlines.milliseconds = plan.limits.acknowledgeTimeout;
    this.#allowedUsers = new Set([0, this.#user, ...plan.allowUsers]);
    this.#head = new RequestHead(plan.limits);
    // One byte more than a head may have, so that a longer one is seen as such.
    this.#peeked = new Uint8Array(plan.limits.head + 1);
    this.#peekLength = BigInt(this.#peeked.byteLength);
    this.#applyBackends(plan);
    this.#applyListeners(plan);
    this.#takeWaiting();
  }

  #applyBackends(plan: Plan): void {
    const old = this.#links;
    this.#links = new Map();
    this.#groups = new Map();
    for (const backend of plan.backends) {
      const known = old.get(backend.name);
      const kept = known?.backend.socket === backend.socket ? known : undefined;
      if (kept !== undefined) old.delete(backend.name);
      const link = kept ?? new BackendLink(this, backend);
      link.groups = [];
      this.#links.set(backend.name, link);
    }
    for (const link of old.values()) link.retire();
  }

  #applyListeners(plan: Plan): void {
    const acceptors: Acceptor[] = [];
    for (const { key, fd, sites } of plan.listeners) {
      const known = this.#acceptors.find((acceptor) => acceptor.key === key);
      const acceptor = known ?? new Acceptor(this, key, adopt(fd));
      acceptor.route(sites, (backends) => this.#groupOf(backends));
      acceptors.push(acceptor);
    }
    const gone = this.#acceptors.filter((acceptor) => !acceptors.includes(acceptor));
    this.#acceptors = acceptors;
    for (const acceptor of gone) acceptor.stop();
    for (const link of this.#links.values()) link.connect();
  }

  #groupOf(backends: readonly string[]): BackendGroup {
    const names = [...new Set(backends)];
    const key = names.join("\n");
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = new BackendGroup(names.map((name) => this.#links.get(name)!));
      this.#groups.set(key, group);
      for (const member of group.members) member.groups.push(group);
    }
    return group;
  }

  /** Routes those who wait by the present plan: the line that they stand in may be of an earlier one. */
  #takeWaiting(): void {
    for (const connection of this.#pool) {
      if (connection.state !== "waiting") continue;
      this.#leaveLine(connection);
      this.#examine(connection);
    }
  }

  /** Whether a backend may run as this user. */
  allows(user: number): boolean {
    return this.#allowedUsers.has(user);
  }

  // --- accept, peek, route, hand off ------------------------------------------------------------------------------

  /** Takes a connection whose peer's address is in {@linkcode addressBuffer}. */
  accepted(fd: Descriptor, acceptor: Acceptor): void {
    this.#exhaustion.over();
    const connection = this.#take();
    connection.begin(fd, acceptor);
    writeSockaddr(connection.client, 0, this.addressBuffer.bytes);
    this.#counters.add(ACCEPTED, 1);
    this.#examine(connection);
  }

  /** Takes a connection that a backend gives back. */
  returned(fd: Descriptor, transfer: Transfer): void {
    const connection = this.#take();
    connection.begin(fd, this.#acceptorOf(transfer.local));
    connection.client.set(transfer.client);
    connection.local.set(transfer.local);
    connection.localKnown = true;
    connection.preread = transfer.preread;
    connection.requests = transfer.requests;
    this.#counters.add(RETURNED, 1);
    this.#examine(connection);
  }

  /** The listener that a returned connection came in at; the first one where that is gone. */
  #acceptorOf(local: Uint8Array): Acceptor {
    const acceptor =
      this.#acceptors.find((candidate) =>
        candidate.localKnown && candidate.local.every((byte, index) => byte === local[index])
      ) ?? this.#acceptors.find((candidate) => !candidate.localKnown && candidate.port === portOf(local));
    return acceptor ?? this.#acceptors[0]!;
  }

  #take(): Connection {
    this.#counters.add(OPEN, 1);
    this.#open++;
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const made = new Connection(this);
    this.#pool.push(made);
    return made;
  }

  /**
   * Looks at what the client has sent, without taking it from the socket, and acts on it: waits for more, refuses, or
   * hands over.
   */
  #examine(connection: Connection): void {
    const bytes = this.#peeked;
    const length = this.#peek(connection);
    if (length < 0) {
      if (length === -EAGAIN) this.#awaitMore(connection);
      else this.#drop(connection); // ECONNRESET and its like: the client is gone
      return;
    }
    if (connection.ended && length === 0) return this.#drop(connection);
    const { seen } = connection;
    connection.seen = length;
    const { requestLine, head: limit } = this.limits;
    // An incomplete head is read again only when it can have become complete, or too long.
    if (
      seen > 0 && !endsHead(bytes, 0, seen, length) && !(seen <= requestLine && length > requestLine) &&
      length <= limit
    ) {
      return this.#awaitMore(connection);
    }
    const head = this.#head;
    switch (head.parse(bytes, 0, length)) {
      case "more":
        return this.#awaitMore(connection);
      case "reject":
        return this.refuse(connection, head.status as AnswerStatus, head.why, false);
      case "head":
        return this.#route(connection);
    }
  }

  /** The beginning of what the client has sent: what a backend had read before, then what the socket holds. */
  #peek(connection: Connection): number {
    const { preread } = connection;
    if (preread.length === 0) {
      const length = settle(recv(connection.fd, this.#peeked, this.#peekLength, MSG_PEEK | MSG_DONTWAIT));
      if (length === 0) connection.ended = true;
      return length;
    }
    const taken = Math.min(preread.length, this.#peeked.length);
    this.#peeked.set(preread.subarray(0, taken));
    if (taken === this.#peeked.length) return taken;
    const rest = this.#peeked.subarray(taken);
    const length = settle(recv(connection.fd, rest, BigInt(rest.length), MSG_PEEK | MSG_DONTWAIT));
    if (length === 0) connection.ended = true;
    return length < 0 ? (length === -EAGAIN ? taken : length) : taken + length;
  }

  #awaitMore(connection: Connection): void {
    if (connection.ended) {
      if (connection.seen === 0) return this.#drop(connection);
      return this.refuse(connection, 400, "the request ends in its head", false);
    }
    connection.state = "reading";
    // Edge-triggered: peeked bytes stay in the socket, and a level would fire without end.
    connection.watch(EPOLLIN | EPOLLRDHUP | EPOLLET);
    if (connection.deadlines === undefined) this.#headDeadlines.start(connection, this.loop.now);
  }

  /** The head in the peek buffer is complete. */
  #route(connection: Connection): void {
    const head = this.#head;
    const acceptor = connection.acceptor!;
    const index = acceptor.table.find(
      this.#peeked,
      head.hostStart,
      head.hostEnd,
      head.pathStart,
      head.pathEnd,
    );
    if (index < 0) {
      if (index === BAD_PATH) {
        return this.refuse(connection, 400, "the path of the request is malformed", this.#isHead());
      }
      return this.refuse(connection, 404, "no route covers the request", this.#isHead());
    }
    connection.stopDeadline();
    // Before sending: a registration lives as long as the open socket, not as long as our descriptor.
    connection.unwatch();
    if (!connection.localKnown) this.#findLocal(connection);
    const route = acceptor.routes[index]!;
    const { group } = route;
    const { refusedBy } = connection;
    for (let channel = group.pick(refusedBy); channel !== undefined; channel = group.pick(refusedBy)) {
      if (channel.handOff(connection, route, acceptor.table.path)) {
        this.#counters.add(SENT, 1);
        return;
      }
    }
    this.#await(connection, group);
  }

  #findLocal(connection: Connection): void {
    const { acceptor } = connection;
    if (acceptor!.localKnown) connection.local.set(acceptor!.local);
    else {
      this.addressBuffer.readLocal(connection.fd);
      writeSockaddr(connection.local, 0, this.addressBuffer.bytes);
    }
    connection.localKnown = true;
  }

  /** RFC 9110, 9.3.2: the answer to a HEAD request has no content. */
  #isHead(): boolean {
    const { methodStart: at, methodEnd } = this.#head;
    const bytes = this.#peeked;
    return methodEnd - at === 4 && bytes[at] === 0x48 && bytes[at + 1] === 0x45 && bytes[at + 2] === 0x41 &&
      bytes[at + 3] === 0x44;
  }

  // --- waiting for a backend --------------------------------------------------------------------------------------

  #await(connection: Connection, group: BackendGroup): void {
    const { now } = this.loop;
    connection.isHead = this.#isHead();
    if (connection.refusedBy.length > 0 && group.allIn(connection.refusedBy)) {
      return this.refuse(connection, 503, "every backend refuses this connection", connection.isHead);
    }
    if (connection.waitsUntil === 0) connection.waitsUntil = now + this.limits.queueTimeout;
    if (this.#waiting >= this.limits.queue) {
      return this.refuse(connection, 503, "too many connections wait for a backend", connection.isHead);
    }
    if (connection.waitsUntil <= now) return this.#refuseLate(connection);
    connection.state = "waiting";
    group.line.append(connection);
    this.#waiting++;
    this.#counters.add(WAITING, 1);
    this.#queueDeadlines.startUntil(connection, connection.waitsUntil);
    for (const member of group.members) member.hurry();
  }

  #leaveLine(connection: Connection): void {
    connection.stopDeadline();
    connection.line?.remove(connection);
    this.#waiting--;
    this.#counters.add(WAITING, -1);
  }

  #refuseLate(connection: Connection): void {
    this.refuse(connection, 503, "no backend took the connection in time", connection.isHead);
  }

  /** Sends those who wait for a group, as far as its channels take them. */
  pump(group: BackendGroup): void {
    for (let first = group.line.first; first !== undefined; first = group.line.first) {
      if (group.pick(first.refusedBy) === undefined) return;
      this.#leaveLine(first);
      // Looked at afresh: the peek buffer has held other requests meanwhile, and the client may be gone.
      this.#examine(first);
    }
  }

  // --- how a hand-off ends ----------------------------------------------------------------------------------------

  /** A backend has acknowledged the connection: it is the backend's, and our copy is closed. */
  handedOver(connection: Connection): void {
    this.#counters.add(HANDED_OVER, 1);
    this.#end(connection);
  }

  /** A hand-off was not acknowledged and never will be: the connection, untouched, is the front's again. */
  reclaim(connection: Connection): void {
    this.#counters.add(RECLAIMED, 1);
    connection.state = "reading";
    connection.seen = 0;
    this.#examine(connection);
  }

  /** A backend does not want this one connection. */
  handoffRefused(channel: Channel, connection: Connection, reason: string): void {
    connection.refusedBy = [...connection.refusedBy, channel];
    this.report({ type: "handoff-refused", backend: channel.link.backend.name, reason });
  }

  // --- refusing, dropping, ending ---------------------------------------------------------------------------------

  /** Answers with an error and ends the connection so that the client can read it. */
  refuse(connection: Connection, status: AnswerStatus, why: string, head: boolean): void {
    this.#counters.add(REFUSED, 1);
    this.#refusals.refuse(connection, status, why, head);
  }

  #drop(connection: Connection): void {
    this.#counters.add(DROPPED, 1);
    this.#end(connection);
  }

  #end(connection: Connection): void {
    connection.end();
    this.#free.push(connection);
    this.#open--;
    this.#counters.add(OPEN, -1);
    if (this.stopping) this.#endIfEmpty();
  }

  /** Something has come from a client, or the client has gone. */
  connectionReady(connection: Connection, events: number): void {
    if (connection.state === "refusing") {
      if (this.#refusals.readAway(connection.fd)) this.#end(connection);
      return;
    }
    if (events & EPOLLRDHUP) connection.ended = true;
    this.#examine(connection);
  }

  /** A connection's deadline has passed; which one, its state says. */
  connectionExpired(connection: Connection): void {
    switch (connection.state) {
      case "reading":
        // Browsers open connections in advance; one that never asked anything is owed no answer.
        if (connection.seen === 0) this.#drop(connection);
        else this.refuse(connection, 408, "the request head was not complete in time", false);
        return;
      case "waiting":
        this.#leaveLine(connection);
        return this.#refuseLate(connection);
      case "handed":
        connection.channel!.end(`no acknowledgement within ${this.limits.acknowledgeTimeout} ms`);
        return;
      case "refusing":
        return this.#end(connection);
      case "free":
        return;
    }
  }

  // --- descriptors ------------------------------------------------------------------------------------------------

  /** accept(2) finds no descriptor free: accepts nothing for a moment, and says so once. */
  descriptorsExhausted(): void {
    this.#exhaustion.begin();
    for (const acceptor of this.#acceptors) acceptor.pause();
    this.#exhaustionDeadlines.start(this.#exhaustion, this.loop.now);
  }

  /** Tries to accept again. */
  resumeAccepting(): void {
    for (const acceptor of this.#acceptors) acceptor.resume();
  }

  // --- the end ----------------------------------------------------------------------------------------------------

  /** Accepts nothing more, lets what is under way come to its end, then reports that it has drained. */
  drain(): void {
    if (this.stopping) return;
    // Their routes are still needed: for what comes back from backends until the end.
    for (const acceptor of this.#acceptors) acceptor.stop();
    this.stopping = true;
    for (const connection of this.#pool) {
      // Who has asked nothing is owed nothing; who has begun to ask keeps the deadline that runs.
      if (connection.state === "reading" && connection.seen === 0) this.#drop(connection);
    }
    this.#endIfEmpty();
  }

  #endIfEmpty(): void {
    if (this.#open > 0) return;
    for (const link of this.#links.values()) link.stop();
    this.report({ type: "drained" });
  }
}

/** The port of an address as hand-offs carry it. */
function portOf(address: Uint8Array): number {
  return address[ADDRESS_PORT]! << 8 | address[ADDRESS_PORT + 1]!;
}
