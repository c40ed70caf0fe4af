/** The data plane: accept, peek, route, hand off. One of these runs in each front Worker, on a thread of its own. */

import { AddressBuffer, adopt, effectiveUser, processId } from "../../ffi/mod.ts";
import type { Limits, Route, Site } from "../config/config.ts";
import type { Loop } from "../loop/loop.ts";
import { ADDRESS_PORT } from "../protocol/messages.ts";
import { encodeGeneration } from "../protocol/replies.ts";
import { Acceptor } from "./acceptor.ts";
import { ApacheMessage } from "./apache_message.ts";
import { BackendGroup } from "./backend_group.ts";
import { BackendLink } from "./backend_link.ts";
import { ChannelReader } from "./channel_reader.ts";
import { ConnectionPool } from "./connection_pool.ts";
import type { Counters } from "./counters.ts";
import { ErrorAnswers } from "./error_answers.ts";
import { Examiner } from "./examiner.ts";
import { Exhaustion } from "./exhaustion.ts";
import { FrontDeadlines } from "./front_deadlines.ts";
import { HandoffMessage } from "./handoff_message.ts";
import { Lifecycle } from "./lifecycle.ts";
import { Parking } from "./parking.ts";
import type { Plan, Report } from "./plan.ts";
import { Refusals } from "./refusals.ts";
import { WaitingRoom } from "./waiting_room.ts";

/** What a data plane is made with. */
export interface FrontOptions {
  readonly loop: Loop;
  /** What it calls itself to backends. */
  readonly name: string;
  readonly counters: Counters;
  readonly plan: Plan;
  /** Takes what people should know. */
  readonly report: (report: Report) => void;
}

/** One data plane: its parts, and the plan that it works by. */
export class Front {
  readonly loop: Loop;
  readonly name: string;
  readonly process: number = processId();
  readonly counters: Counters;
  readonly report: (report: Report) => void;
  readonly deadlines: FrontDeadlines;
  readonly pool: ConnectionPool = new ConnectionPool(this);
  readonly lifecycle: Lifecycle = new Lifecycle(this);
  readonly waitingRoom: WaitingRoom = new WaitingRoom(this);
  readonly parking: Parking = new Parking(this);
  readonly refusals: Refusals = new Refusals(this);
  readonly exhaustion: Exhaustion = new Exhaustion(this);
  readonly reader: ChannelReader = new ChannelReader(this);
  readonly message: HandoffMessage = new HandoffMessage();
  readonly apacheMessage: ApacheMessage = new ApacheMessage();
  readonly addressBuffer: AddressBuffer = new AddressBuffer();
  examiner: Examiner;
  limits: Limits;
  generation = 0;
  /** What is answered where no site is known. */
  errors: ErrorAnswers = new ErrorAnswers();
  /** The GENERATION that every channel is told of. */
  terms: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  /** Accepts nothing any more; ends when it owns no connection. */
  stopping = false;
  #drained = false;
  readonly #user = effectiveUser();
  #allowedUsers: ReadonlySet<number> = new Set();
  #acceptors: readonly Acceptor[] = [];
  #links = new Map<string, BackendLink>();
  #groups = new Map<string, BackendGroup>();

  constructor(options: FrontOptions) {
    const { loop, name, counters, plan, report } = options;
    this.loop = loop;
    this.name = name;
    this.counters = counters;
    this.report = report;
    this.limits = plan.limits;
    this.deadlines = new FrontDeadlines(loop.deadlines, plan.limits);
    this.examiner = new Examiner(this, plan.limits);
    this.apply(plan);
  }

  /** Goes on by another plan: keeps the listeners and channels that both have, ends and starts the others. */
  apply(plan: Plan): void {
    // What came in at a listener that goes is still routed, and numbered, by the plan that had it.
    this.#stopListeners(plan);
    this.limits = plan.limits;
    this.generation = plan.generation;
    this.terms = encodeGeneration({
      number: plan.generation,
      idleTime: plan.limits.keepAliveTimeout,
      requests: plan.limits.requests,
    });
    this.errors = new ErrorAnswers(plan.errorDocuments);
    this.deadlines.apply(plan.limits);
    this.examiner = new Examiner(this, plan.limits);
    this.#allowedUsers = new Set([0, this.#user, ...plan.allowUsers]);
    this.#applyBackends(plan);
    this.#applyListeners(plan);
    for (const link of this.#links.values()) {
      link.announce();
      link.connect();
    }
    this.waitingRoom.reroute();
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
      link.backend = backend;
      this.#links.set(backend.name, link);
    }
    for (const link of old.values()) link.retire();
  }

  #stopListeners(plan: Plan): void {
    for (const acceptor of this.#acceptors) {
      if (plan.listeners.every(({ key }) => key !== acceptor.key)) acceptor.stop();
    }
  }

  #applyListeners(plan: Plan): void {
    const old = this.#acceptors;
    const errorsOf = ({ errorDocuments }: Site) =>
      errorDocuments === undefined ? this.errors : new ErrorAnswers(errorDocuments, plan.errorDocuments);
    this.#acceptors = plan.listeners.map(({ key, fd, sites }) => {
      const acceptor = old.find((candidate) => candidate.key === key) ?? new Acceptor(this, key, adopt(fd));
      acceptor.route(sites, (route) => this.#groupOf(route), errorsOf);
      return acceptor;
    });
    const gone = old.filter((acceptor) => !this.#acceptors.includes(acceptor));
    if (gone.length === 0) return;
    // What came in there goes on where its address is still listened at.
    for (const connection of this.pool.all) {
      if (connection.acceptor === undefined || !gone.includes(connection.acceptor)) continue;
      connection.findLocal();
      connection.acceptor = this.acceptorOf(connection.local);
    }
  }

  #groupOf(route: Route): BackendGroup | undefined {
    if (route.backends.length === 0) return undefined;
    const names = [...new Set(route.backends)];
    const sticky = route.sticky === true;
    const key = [sticky, ...names].join("\n");
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = new BackendGroup(names.map((name) => this.#links.get(name)!), sticky);
      this.#groups.set(key, group);
      for (const member of group.members) member.groups.push(group);
    }
    return group;
  }

  /** Whether a backend may run as this user. */
  allows(user: number): boolean {
    return this.#allowedUsers.has(user);
  }

  /**
   * The listener that a connection to this address belongs to: the one on exactly that, or the one on its port for every
   * address. None where a new configuration has neither; the sites of another listener may be meant for others.
   */
  acceptorOf(local: Uint8Array): Acceptor | undefined {
    const port = local[ADDRESS_PORT]! << 8 | local[ADDRESS_PORT + 1]!;
    const exact = this.#acceptors.find(({ localKnown, local: own }) =>
      localKnown && own.every((byte, index) => byte === local[index])
    );
    return exact ?? this.#acceptors.find((acceptor) => !acceptor.localKnown && acceptor.port === port);
  }

  /** accept(2) finds no descriptor free: lets go of idle ones, or accepts nothing for a moment, and says so once. */
  descriptorsExhausted(): void {
    if (this.parking.makeRoom()) return;
    for (const acceptor of this.#acceptors) acceptor.pause();
    this.exhaustion.begin();
  }

  /** Tries to accept again. */
  resumeAccepting(): void {
    for (const acceptor of this.#acceptors) acceptor.resume();
  }

  /** Accepts nothing more, lets what is under way come to its end, then reports that it has drained. */
  drain(): void {
    if (this.stopping) return;
    // Their routes are still needed: for what comes back from backends until the end.
    for (const acceptor of this.#acceptors) acceptor.stop();
    this.stopping = true;
    for (const connection of this.pool.all) {
      // Who asks nothing is owed nothing; who has begun to ask keeps the deadline that runs.
      if (connection.state === "parked") this.parking.expired(connection);
      else if (connection.state === "reading" && connection.seen === 0) this.lifecycle.drop(connection);
    }
    this.endIfEmpty();
  }

  /** The last connection of a front that stops has gone: so does the front. */
  endIfEmpty(): void {
    if (this.pool.open > 0 || this.#drained) return;
    this.#drained = true;
    for (const link of this.#links.values()) link.stop();
    this.report({ type: "drained" });
  }
}
