/** The front's side of one backend: its channels, and the attempts to get them (back). */

import { encodeUnixAddress } from "../../../ffi/mod.ts";
import type { Backend } from "../../config/config.ts";
import { Timed } from "../../loop/deadlines.ts";
import { BYE_STOPPING } from "../../protocol/messages.ts";
import type { BackendCounters } from "../core/backend_counters.ts";
import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";
import { Repeats } from "../core/repeats.ts";
import type { BackendGroup, Member } from "./backend_group.ts";
import type { Dialer, Found, HandoffChannel, Link } from "./handoff_channel.ts";

import { Steadiness } from "./steadiness.ts";
import { ToldProcesses } from "./told_processes.ts";
import type { Crowding } from "./crowding.ts";

/** Which of the retry deadlines applies at most while somebody waits for the backend. */
const HURRIED = 1;
/**
 * Channels that drain at a time, beside some for each process: of processes that finish what they serve, and may give
 * connections back. The oldest end where there are more; a backend that drains and goes on listening could have any number.
 */
const MOST_DRAINING = 16;
const DRAINING_EACH = 4;

/** Who sends those who wait. */
export interface Waiters {
  /** A group has room again, or may have: sends as many of its line as there is room for. */
  roomAgain(group: BackendGroup): void;
}

/** What all links of a data plane work with. */
export interface LinkTools {
  readonly core: Core;
  readonly waiters: Waiters;
  readonly crowding: Crowding;
  /** One for each protocol, in the order in which they are tried. */
  readonly dialers: readonly Dialer[];
}

/** A backend as one front Worker sees it. */
export class BackendLink extends Timed implements Link, Member {
  /** Open ones, being opened, draining: all that are not closed. */
  channels: HandoffChannel[] = [];
  /** The groups it is a member of. */
  groups: BackendGroup[] = [];
  /** Not in the configuration any more, or the front ends: its channels end as soon as nothing is under way. */
  retired = false;
  readonly address: Uint8Array<ArrayBuffer>;
  /** Processes behind the path, as the last HELLO said: a channel for each. */
  #workers = 1;
  #failures = 0;
  #reachable = false;
  /** Whether the last word to people was that it is there. */
  #toldFound = false;
  /** Who was found last. */
  #last: Found | undefined;
  readonly #processes: ToldProcesses;
  /** The reason that was reported last, so that the same one is not told at every attempt. */
  #toldReason: string | undefined;
  /**
   * Whoever was presumed at the path took nothing when it came to it. From then on a presumption is not reported; people
   * would be told that the backend is there at every attempt.
   */
  #doubted = false;
  readonly #steadiness: Steadiness;
  readonly #refusals: Repeats<string>;

  /** @param backend a later configuration may say other things of the same socket, and count it elsewhere */
  constructor(readonly tools: LinkTools, public backend: Backend, public counts: BackendCounters) {
    super();
    this.address = encodeUnixAddress(backend.socket);
    const { core } = tools;
    this.#steadiness = new Steadiness(core, {
      settled: () => this.#settled(),
      restless: (reason, count) => {
        const { name, socket } = this.backend;
        core.report({ type: "backend-restless", backend: name, socket, reason, count });
      },
    });
    this.#processes = new ToldProcesses(core, this);
    this.#refusals = new Repeats(core, (reason, count) => {
      core.report({ type: "handoff-refused", backend: this.backend.name, reason, count });
    });
  }

  /** Its share beside the other members of a group. */
  get weight(): number {
    return this.backend.weight ?? 1;
  }

  connect(): void {
    if (this.retired) return;
    if (!this.#steadiness.restless) this.#openMissing(Infinity);
    else if (this.deadlines === undefined) this.#tryLater();
  }

  /** Opens the channels that are missing. @param most how many at a time */
  #openMissing(most: number): void {
    for (let count = 0; count < most && this.#missing > 0; count++) {
      const reason = this.#openChannel();
      if (reason !== undefined) return this.#failed(reason);
    }
    this.roomAgain();
  }

  /** Channels that are to be opened. */
  get #missing(): number {
    return this.channels.reduce(
      (count, { state }) => state === "draining" ? count : count - 1,
      this.#workers,
    );
  }

  /** Starts one channel, in the first protocol for which the socket is of the right type. Returns why it cannot. */
  #openChannel(): string | undefined {
    for (const dialer of this.tools.dialers) {
      const dialled = dialer.dial(this);
      if (dialled === undefined) continue;
      if (typeof dialled === "string") {
        // Who comes to the path next is somebody else.
        this.#doubted = false;
        return dialled;
      }
      this.channels.push(dialled);
      dialled.begin();
      return undefined;
    }
    return "the socket there is neither SOCK_SEQPACKET nor SOCK_STREAM, which hand-offs need";
  }

  channelPresumed(found: Found): void {
    // However many processes accept there: the kernel deals the connections out.
    this.#workers = 1;
    if (!this.#doubted) this.#found(found);
  }

  channelProven(found: Found, workers: number): void {
    this.#workers = workers;
    this.#doubted = false;
    this.#steadiness.began();
    this.#found(found);
    this.#processes.changed();
  }

  #found(found: Found): void {
    if (this.#reachable) return;
    this.#reachable = true;
    this.#last = found;
    // People are told when it has stayed for a while.
    if (!this.#steadiness.restless) this.#tellFound();
  }

  #tellFound(): void {
    this.#toldFound = true;
    this.#toldReason = undefined;
    const { name: backend, socket } = this.backend;
    this.tools.core.report({ type: "backend-found", backend, socket, ...this.#last! });
  }

  /** It had come and gone, and stays now. */
  #settled(): void {
    this.#failures = 0;
    if (this.#reachable && !this.#toldFound) this.#tellFound();
    this.connect();
  }

  #failed(reason: string): void {
    const { report } = this.tools.core;
    if (!this.#reachable && !this.#steadiness.restless && this.#toldReason !== reason) {
      this.#toldReason = reason;
      const { name: backend, socket } = this.backend;
      report({ type: "backend-awaited", backend, socket, reason });
    }
    this.#tryLater();
  }

  #tryLater(): void {
    const { deadlines: { retry }, loop } = this.tools.core;
    const patience = this.#hurried ? HURRIED : retry.length - 1;
    retry[Math.min(this.#failures++, patience)]!.start(this, loop.now);
  }

  /** Somebody waits for it, and it is one that stays when it comes. */
  get #hurried(): boolean {
    return !this.#steadiness.restless && this.groups.some((group) => group.line.length > 0);
  }

  /** A new generation has begun: every channel hears of it. */
  announce(): void {
    for (const channel of this.channels) channel.announce();
  }

  /** Somebody has begun to wait: the next attempt should not be far off. */
  hurry(): void {
    if (this.#steadiness.restless) return;
    const { deadlines, loop } = this.tools.core;
    const soon = deadlines.retry[HURRIED]!;
    if (this.deadlines !== undefined && this.due > loop.now + soon.milliseconds) soon.start(this, loop.now);
  }

  /** Time for another attempt. */
  override expire(): void {
    // Whoever says that there are many processes, and comes and goes, is asked for one channel at a time.
    this.#openMissing(this.#steadiness.restless ? 1 : Infinity);
  }

  connectionRefused(reason: string): void {
    this.#refusals.add(reason, reason);
  }

  channelDrains(channel: HandoffChannel): void {
    this.#processes.changed();
    if (this.retired) return;
    this.#lasted(channel, "it drains and goes on listening");
    this.connect();
    const draining = this.channels.filter(({ state }) => state === "draining");
    const surplus = draining.length - MOST_DRAINING - DRAINING_EACH * this.#workers;
    for (const oldest of draining.slice(0, Math.max(0, surplus))) oldest.end("too many drain", BYE_STOPPING);
  }

  channelEnded(channel: HandoffChannel, reason: string, doubtful: boolean): void {
    this.channels = this.channels.filter((other) => other !== channel);
    this.tools.crowding.room();
    if (doubtful) this.#doubted = true;
    this.#processes.changed();
    if (this.retired) return;
    const known = this.#steadiness.restless;
    if (!channel.drained) this.#lasted(channel, reason);
    if (this.#reachable && this.channels.every((other) => other.state !== "ready")) {
      this.#reachable = false;
      this.#toldReason = reason;
      const { name: backend, socket } = this.backend;
      this.#toldFound &&= known;
      // In good order, and somebody is there in its place: that is meant, and no loss. Should it not answer, that is told.
      const replaced = channel.drained && this.channels.some(({ state }) => state === "greeting");
      if (!known && !replaced) this.tools.core.report({ type: "backend-lost", backend, socket, reason });
    }
    if (this.deadlines === undefined) this.#failed(reason);
  }

  /** A channel takes no more: judges by its time whether the next one is to follow at once. */
  #lasted({ since }: HandoffChannel, reason: string): void {
    if (since === Infinity) return;
    this.#steadiness.ended(since, reason);
    if (!this.#steadiness.restless) this.#failures = 0;
  }

  filled(connection: Connection): void {
    this.tools.crowding.filled(connection);
  }

  caughtUp(): void {
    this.tools.crowding.calm();
  }

  roomAgain(): void {
    this.tools.crowding.room();
    for (const group of this.groups) if (group.line.length > 0) this.tools.waiters.roomAgain(group);
  }

  /** The configuration does not name it any more. */
  retire(): void {
    this.retired = true;
    this.stopDeadline();
    this.#steadiness.stopDeadline();
    this.#processes.stopDeadline();
    this.groups = [];
    for (const channel of [...this.channels]) {
      if (channel.state === "greeting") channel.end("not needed any more", BYE_STOPPING);
      else {
        channel.drain();
        channel.endIfIdle();
      }
    }
  }

  /** Ends every channel: nothing is under way. @param reason for people @param bye BYE_* */
  stop(reason: string, bye: number): void {
    this.retired = true;
    this.stopDeadline();
    this.#steadiness.stopDeadline();
    this.#processes.stopDeadline();
    for (const channel of [...this.channels]) channel.end(reason, bye);
  }

  /** After {@linkcode stop}: the front goes on after all. */
  goOn(): void {
    this.retired = false;
    this.connect();
  }
}
