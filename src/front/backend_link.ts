/** The front's side of one backend: its channels, and the attempts to get them (back). */

import {
  close,
  connectUnix,
  describeErrno,
  type Descriptor,
  EAGAIN,
  encodeUnixAddress,
  EPROTOTYPE,
  ErrnoError,
  peerCredentials,
  SOCK_SEQPACKET,
  unixSocket,
} from "../../ffi/mod.ts";
import type { Backend } from "../config/config.ts";
import { Timed } from "../loop/deadlines.ts";
import type { Hello } from "../protocol/hello.ts";
import { BYE_STOPPING } from "../protocol/messages.ts";
import type { BackendGroup } from "./backend_group.ts";
import { Channel } from "./channel.ts";
import type { Front } from "./front.ts";

/** Which of the retry deadlines applies at most while somebody waits for the backend. */
const HURRIED = 1;

/** A backend as one front Worker sees it. */
export class BackendLink extends Timed {
  /** Open ones, being opened, draining: all that are not closed. */
  channels: Channel[] = [];
  /** The groups it is a member of. */
  groups: BackendGroup[] = [];
  /** Not in the configuration any more, or the front ends: its channels end as soon as nothing is under way. */
  retired = false;
  /** Its share beside the other members of a group. */
  weight: number;
  readonly #address: Uint8Array<ArrayBuffer>;
  /** Processes behind the path, as the last HELLO said: a channel for each. */
  #workers = 1;
  #failures = 0;
  #reachable = false;
  /** The reason that was reported last, so that the same one is not told at every attempt. */
  #toldReason: string | undefined;

  constructor(readonly front: Front, readonly backend: Backend) {
    super();
    this.weight = backend.weight ?? 1;
    this.#address = encodeUnixAddress(backend.socket);
  }

  /** Opens as many channels as there are processes behind the path. */
  connect(): void {
    if (this.retired) return;
    let missing = this.#workers;
    for (const channel of this.channels) if (channel.state !== "draining") missing--;
    for (; missing > 0; missing--) {
      const reason = this.#openChannel();
      if (reason === undefined) continue;
      this.#failed(reason);
      return;
    }
  }

  /** Starts one channel; its HELLO decides whether it becomes one. Returns why it cannot. */
  #openChannel(): string | undefined {
    let fd: Descriptor;
    try {
      fd = unixSocket(SOCK_SEQPACKET);
    } catch (error) {
      // Out of descriptors, most likely: a reason to try later, like any other.
      if (error instanceof ErrnoError) return error.message;
      throw error;
    }
    const result = connectUnix(fd, this.#address);
    if (result < 0) {
      close(fd);
      if (result === -EPROTOTYPE) return "the socket there is not SOCK_SEQPACKET, which hand-offs need";
      if (result === -EAGAIN) return "it does not accept connections (its backlog is full)";
      return describeErrno(-result);
    }
    const { uid } = peerCredentials(fd);
    if (!this.front.allows(uid)) {
      close(fd);
      return `it belongs to user ${uid}, which allowUsers does not name`;
    }
    const channel = new Channel(this, fd);
    this.channels.push(channel);
    channel.greet();
    return undefined;
  }

  #failed(reason: string): void {
    if (!this.#reachable && this.#toldReason !== reason) {
      this.#toldReason = reason;
      this.front.report({
        type: "backend-awaited",
        backend: this.backend.name,
        socket: this.backend.socket,
        reason,
      });
    }
    const { retry } = this.front.deadlines;
    const patience = this.#wanted ? HURRIED : retry.length - 1;
    retry[Math.min(this.#failures++, patience)]!.start(this, this.front.loop.now);
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
    const soon = this.front.deadlines.retry[HURRIED]!;
    if (this.deadlines !== undefined && this.due > this.front.loop.now + soon.milliseconds) {
      soon.start(this, this.front.loop.now);
    }
  }

  /** Time for another attempt. */
  override expire(): void {
    this.connect();
  }

  /** The backend's HELLO has come: the channel takes hand-offs. */
  channelOpened(channel: Channel, hello: Hello): void {
    channel.open(hello.window, hello.process);
    this.#failures = 0;
    this.#workers = Math.max(1, Math.min(hello.workers, 256));
    if (!this.#reachable) {
      this.#reachable = true;
      this.#toldReason = undefined;
      this.front.report({
        type: "backend-found",
        backend: this.backend.name,
        socket: this.backend.socket,
        process: hello.process,
        name: hello.name,
      });
    }
    if (this.retired) channel.drain();
    else this.connect();
    this.pump();
  }

  /** A channel takes no more: whoever listens at the path now may. */
  channelDraining(): void {
    this.connect();
  }

  /** A channel has ended. Its connections are reclaimed by the caller afterwards, when it is in no list any more. */
  channelEnded(channel: Channel, reason: string): void {
    this.channels = this.channels.filter((other) => other !== channel);
    if (this.retired) return;
    if (this.#reachable && this.channels.every((other) => other.state !== "ready")) {
      this.#reachable = false;
      this.#toldReason = reason;
      this.front.report({
        type: "backend-lost",
        backend: this.backend.name,
        socket: this.backend.socket,
        reason,
      });
    }
    if (this.deadlines === undefined) this.#failed(reason);
  }

  /** Sends what waits, as far as there is room. */
  pump(): void {
    for (const group of this.groups) if (group.line.length > 0) this.front.waitingRoom.pump(group);
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
