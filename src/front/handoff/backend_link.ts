/** The front's side of one backend: its channels, and the attempts to get them (back). */

import { encodeUnixAddress } from "../../../ffi/mod.ts";
import type { Backend } from "../../config/config.ts";
import { Timed } from "../../loop/deadlines.ts";
import { BYE_STOPPING } from "../../protocol/messages.ts";
import type { Core } from "../core/core.ts";
import type { BackendGroup, Member } from "./backend_group.ts";
import type { Dialer, Found, HandoffChannel, Link } from "./handoff_channel.ts";

/** Which of the retry deadlines applies at most while somebody waits for the backend. */
const HURRIED = 1;

/** Who sends those who wait. */
export interface Waiters {
  /** A group has room again, or may have: sends as many of its line as there is room for. */
  roomAgain(group: BackendGroup): void;
}

/** What all links of a data plane work with. */
export interface LinkTools {
  readonly core: Core;
  readonly waiters: Waiters;
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
  /** The reason that was reported last, so that the same one is not told at every attempt. */
  #toldReason: string | undefined;
  /**
   * Whoever was presumed at the path took nothing when it came to it. From then on a presumption is not reported; people
   * would be told that the backend is there at every attempt.
   */
  #doubted = false;

  /** @param backend a later configuration may say other things of the same socket */
  constructor(readonly tools: LinkTools, public backend: Backend) {
    super();
    this.address = encodeUnixAddress(backend.socket);
  }

  /** Its share beside the other members of a group. */
  get weight(): number {
    return this.backend.weight ?? 1;
  }

  connect(): void {
    if (this.retired) return;
    while (this.#missing > 0) {
      const reason = this.#openChannel();
      if (reason === undefined) continue;
      this.#failed(reason);
      return;
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
    this.#failures = 0;
    this.#workers = workers;
    this.#doubted = false;
    this.#found(found);
  }

  #found(found: Found): void {
    if (this.#reachable) return;
    this.#reachable = true;
    this.#toldReason = undefined;
    const { name: backend, socket } = this.backend;
    this.tools.core.report({ type: "backend-found", backend, socket, ...found });
  }

  #failed(reason: string): void {
    const { report, deadlines: { retry }, loop } = this.tools.core;
    if (!this.#reachable && this.#toldReason !== reason) {
      this.#toldReason = reason;
      const { name: backend, socket } = this.backend;
      report({ type: "backend-awaited", backend, socket, reason });
    }
    const patience = this.#wanted ? HURRIED : retry.length - 1;
    retry[Math.min(this.#failures++, patience)]!.start(this, loop.now);
  }

  get #wanted(): boolean {
    return this.groups.some((group) => group.line.length > 0);
  }

  /** A new generation has begun: every channel hears of it. */
  announce(): void {
    for (const channel of this.channels) channel.announce();
  }

  /** Somebody has begun to wait: the next attempt should not be far off. */
  hurry(): void {
    const { deadlines, loop } = this.tools.core;
    const soon = deadlines.retry[HURRIED]!;
    if (this.deadlines !== undefined && this.due > loop.now + soon.milliseconds) soon.start(this, loop.now);
  }

  /** Time for another attempt. */
  override expire(): void {
    this.connect();
  }

  connectionRefused(reason: string): void {
    this.tools.core.report({ type: "handoff-refused", backend: this.backend.name, reason });
  }

  channelEnded(channel: HandoffChannel, reason: string, doubtful: boolean): void {
    this.channels = this.channels.filter((other) => other !== channel);
    if (doubtful) this.#doubted = true;
    if (this.retired) return;
    if (this.#reachable && this.channels.every((other) => other.state !== "ready")) {
      this.#reachable = false;
      this.#toldReason = reason;
      const { name: backend, socket } = this.backend;
      this.tools.core.report({ type: "backend-lost", backend, socket, reason });
    }
    if (this.deadlines === undefined) this.#failed(reason);
  }

  roomAgain(): void {
    for (const group of this.groups) if (group.line.length > 0) this.tools.waiters.roomAgain(group);
  }

  /** The configuration does not name it any more. */
  retire(): void {
    this.retired = true;
    this.stopDeadline();
    this.groups = [];
    for (const channel of [...this.channels]) {
      if (channel.state === "greeting") channel.end("not needed any more", BYE_STOPPING);
      else {
        channel.drain();
        channel.endIfIdle();
      }
    }
  }

  /** Ends every channel: the front stops, and nothing is under way. */
  stop(): void {
    this.retired = true;
    this.stopDeadline();
    for (const channel of [...this.channels]) channel.end("the front stops", BYE_STOPPING);
  }
}
