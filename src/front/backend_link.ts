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
  isStreamSocket,
  peerCredentials,
  SOCK_SEQPACKET,
  unixSocket,
} from "../../ffi/mod.ts";
import type { Backend } from "../config/config.ts";
import { Timed } from "../loop/deadlines.ts";
import type { Hello } from "../protocol/hello.ts";
import { BYE_STOPPING } from "../protocol/messages.ts";
import { ApacheChannel } from "./apache_channel.ts";
import type { BackendGroup } from "./backend_group.ts";
import { Channel } from "./channel.ts";
import type { Front } from "./front.ts";
import type { HandoffChannel } from "./handoff_channel.ts";
import type { Report } from "./plan.ts";

/** Which of the retry deadlines applies at most while somebody waits for the backend. */
const HURRIED = 1;

/** A backend as one front Worker sees it. */
export class BackendLink extends Timed {
  /** Open ones, being opened, draining: all that are not closed. */
  channels: HandoffChannel[] = [];
  /** The groups it is a member of. */
  groups: BackendGroup[] = [];
  /** Not in the configuration any more, or the front ends: its channels end as soon as nothing is under way. */
  retired = false;
  /** Of its socket, for connect(2). */
  readonly address: Uint8Array<ArrayBuffer>;
  /** Processes behind the path, as the last HELLO said: a channel for each. */
  #workers = 1;
  #failures = 0;
  #reachable = false;
  /** The reason that was reported last, so that the same one is not told at every attempt. */
  #toldReason: string | undefined;
  /** A path of Apache's protocol took nothing when it came to it: until one does, the type of the socket is not enough. */
  #doubted = false;

  /** @param backend a later configuration may say other things of the same socket */
  constructor(readonly front: Front, public backend: Backend) {
    super();
    this.address = encodeUnixAddress(backend.socket);
  }

  /** Its share beside the other members of a group. */
  get weight(): number {
    return this.backend.weight ?? 1;
  }

  /** Opens as many channels as there are processes behind the path. */
  connect(): void {
    if (this.retired) return;
    while (this.#missing > 0) {
      const reason = this.#openChannel();
      if (reason === undefined) continue;
      this.#failed(reason);
      return;
    }
    this.pump();
  }

  /** Channels that are to be opened. */
  get #missing(): number {
    return this.channels.reduce(
      (count, { state }) => state === "draining" ? count : count - 1,
      this.#workers,
    );
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
    const result = connectUnix(fd, this.address);
    if (result < 0) {
      close(fd);
      if (result === -EPROTOTYPE) return this.#openApacheChannel();
      this.#doubted = false;
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

  /** The socket is of another type. A stream is what Apache's protocol needs; nothing else of it can be asked. */
  #openApacheChannel(): string | undefined {
    if (!isStreamSocket(this.address)) {
      return "the socket there is neither SOCK_SEQPACKET nor SOCK_STREAM, which hand-offs need";
    }
    // However many processes accept there: the kernel deals the connections out.
    this.#workers = 1;
    this.channels.push(new ApacheChannel(this));
    if (!this.#doubted) this.#found({ protocol: "apache", process: 0, name: "" });
    return undefined;
  }

  /** The first hand-off on a path of Apache's protocol was taken. */
  channelProven({ process }: ApacheChannel): void {
    this.#failures = 0;
    this.#doubted = false;
    this.#found({ protocol: "apache", process, name: "" });
  }

  #found(who: Pick<Extract<Report, { type: "backend-found" }>, "process" | "name" | "protocol">): void {
    if (this.#reachable) return;
    this.#reachable = true;
    this.#toldReason = undefined;
    const { name: backend, socket } = this.backend;
    this.front.report({ type: "backend-found", backend, socket, ...who });
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
    this.#doubted = false;
    this.#found({ protocol: "fdpass", process: hello.process, name: hello.name });
    if (this.retired) channel.drain();
    else this.connect();
    this.pump();
  }

  /** A channel takes no more: whoever listens at the path now may. */
  channelDraining(): void {
    this.connect();
  }

  /** A channel has ended. Its connections are reclaimed by the caller afterwards, when it is in no list any more. */
  channelEnded(channel: HandoffChannel, reason: string): void {
    this.channels = this.channels.filter((other) => other !== channel);
    if (channel instanceof ApacheChannel && !channel.proven) this.#doubted = true;
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
