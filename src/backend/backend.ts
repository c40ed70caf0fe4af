/** A backend: it listens at a path, takes connections in, has them served, and lets go of them when it drains. */

import { close, type Descriptor, effectiveUser, peerCredentials, processId } from "../../ffi/mod.ts";
import type { Deadlines } from "../loop/deadlines.ts";
import { Loop } from "../loop/loop.ts";
import { ApacheIntake } from "./apache/intake.ts";
import { Channel, refuseFront } from "./channel.ts";
import type { Connection } from "./connection.ts";
import { ChannelBuffers } from "./channel_buffers.ts";
import type { ChannelSource } from "./channel_source.ts";
import type { ConnectionServer } from "./connection_server.ts";
import { BYE_STOPPING } from "../protocol/messages.ts";
import { BackendListener, type ListenerOptions } from "./listener.ts";
import { LoadReport } from "./load_report.ts";
import { WorkerPort } from "./worker_port.ts";

/** What a backend tells people. */
export type BackendEvent =
  | { readonly type: "front-found"; readonly process: number; readonly name: string }
  | { readonly type: "front-lost"; readonly name: string; readonly reason: string; readonly fault: boolean }
  | { readonly type: "front-refused"; readonly uid: number }
  | { readonly type: "handoff-refused"; readonly reason: string }
  | { readonly type: "descriptors" };

/** What a backend is made with. */
export interface BackendOptions extends ListenerOptions {
  /** Absolute path of the Unix socket; in a worker, of the dealer's private one. */
  readonly socket: string;
  /** This process is one of so many behind one path, and gets its channels from the one that listens there. */
  readonly workerOf?: number;
  /** Speaks Apache's protocol, not ours: connections come without their requests, and none is given back. */
  readonly apache?: boolean;
  /** What it calls itself to fronts. */
  readonly name: string;
  /** User ids of fronts, besides root and this process's own. */
  readonly allowUsers?: readonly number[];
  /** Hand-offs that may be unacknowledged on a channel; 1024 unless given. */
  readonly window?: number;
  /** Connections that it holds at most; beyond it hand-offs are refused as full. No limit unless given. */
  readonly maxConnections?: number;
  /** Milliseconds that a kept connection may be idle, if the front does not say less; 60,000 where neither says. */
  readonly keepAliveTimeout?: number;
  /** Milliseconds that a client may take between two bytes it sends or reads; 60,000 unless given. */
  readonly stallTimeout?: number;
  /** Takes what people should know. */
  readonly report?: (event: BackendEvent) => void;
}

/** Bytes taken from a socket in one go. A little less than a preread may have, so that any of it can travel back. */
const SCRATCH = 61_440;
/** Milliseconds that a front has for its HELLO. */
const GREETING = 2_000;
/** Milliseconds without a hand-off refused for want of descriptors, before another one is news. */
const SHORTAGE = 1_000;
/** Milliseconds until a channel tries again what the kernel refused. */
const RETRY = 20;
/** Milliseconds that a kept connection may be idle where nobody says anything else. */
const IDLE = 60_000;
/** Milliseconds without a request after which a connection that is to be given back is: longer than a client thinks. */
const MOMENT = 1_000;
/** Milliseconds in which changes of load are told as one. */
const LOAD = 20;

/** One backend process's receiving side. */
export class Backend {
  readonly loop: Loop = new Loop();
  readonly buffers: ChannelBuffers = new ChannelBuffers();
  readonly process: number = processId();
  readonly name: string;
  /** Processes behind the path that fronts know. */
  readonly workers: number;
  readonly window: number;
  /** Where sockets are read into: used within one call only. */
  readonly scratch: Uint8Array<ArrayBuffer> = new Uint8Array(SCRATCH);
  readonly scratchSize: bigint = BigInt(SCRATCH);
  readonly greetingDeadlines: Deadlines;
  readonly stallDeadlines: Deadlines;
  /** Of connections between two requests that stay here. */
  readonly idleDeadlines: Deadlines;
  /** Of those that are given back if no request comes soon. */
  readonly momentDeadlines: Deadlines;
  readonly lingerDeadlines: Deadlines;
  /** Of connections on which a protocol is spoken that knows no deadline. */
  readonly endlessDeadlines: Deadlines;
  /** Until a channel tries again to send what the kernel refused: too many descriptors under way. */
  readonly retryDeadlines: Deadlines;
  /** Takes nothing new. */
  draining = false;
  readonly #source: ChannelSource;
  readonly #apache: ApacheIntake | undefined;
  readonly #channels = new Set<Channel>();
  readonly #connections = new Set<Connection>();
  readonly #allowedUsers: ReadonlySet<number>;
  readonly #options: BackendOptions;
  readonly #load: LoadReport;
  #drained: (() => void) | undefined;
  /** When a shortage of descriptors that people know of counts as over. */
  #shortUntil = -Infinity;

  /**
   * @param server serves what is taken in
   * @throws {ListenError} when the path cannot be had
   */
  constructor(readonly server: ConnectionServer, options: BackendOptions) {
    this.#options = options;
    this.name = options.name;
    this.window = options.window ?? 1024;
    this.#allowedUsers = new Set([0, effectiveUser(), ...options.allowUsers ?? []]);
    const { deadlines } = this.loop;
    this.greetingDeadlines = deadlines.list(GREETING);
    this.stallDeadlines = deadlines.list(options.stallTimeout ?? 60_000);
    this.idleDeadlines = deadlines.list(options.keepAliveTimeout ?? IDLE);
    this.momentDeadlines = deadlines.list(MOMENT);
    this.lingerDeadlines = deadlines.list(GREETING);
    this.endlessDeadlines = deadlines.list(Infinity);
    this.retryDeadlines = deadlines.list(RETRY);
    this.#load = new LoadReport(this, deadlines.list(LOAD));
    this.workers = options.workerOf ?? 1;
    this.#apache = options.apache ? new ApacheIntake(this) : undefined;
    try {
      this.#source = this.#apache !== undefined
        ? this.#apache.source(options)
        : options.workerOf === undefined
        ? BackendListener.listen(options.socket, options)
        : WorkerPort.connect(options.socket);
    } catch (error) {
      this.#apache?.close();
      this.loop.close();
      throw error;
    }
    this.#source.watch(this.loop.poller, (fd) => this.#accept(fd));
  }

  /** Milliseconds that a connection of a channel may be idle between two requests. */
  idleTime({ terms }: Channel): number {
    const own = this.#options.keepAliveTimeout;
    return Math.min(own ?? Infinity, terms?.idleTime ?? own ?? IDLE);
  }

  /** Connections that it holds. */
  get active(): number {
    return this.#connections.size;
  }

  /** Whether it holds as many connections as it may, or its server can, when so many that are about to be served count too. */
  fullWith(accepted: number): boolean {
    return this.active + accepted >= (this.#options.maxConnections ?? Infinity) ||
      (this.server.full?.(accepted) ?? false);
  }

  get channels(): ReadonlySet<Channel> {
    return this.#channels;
  }

  #accept(fd: Descriptor): void {
    const { uid } = peerCredentials(fd);
    if (!this.#allowedUsers.has(uid)) {
      if (this.#apache === undefined) refuseFront(fd, uid);
      else close(fd);
      this.#options.report?.({ type: "front-refused", uid });
      return;
    }
    if (this.#apache === undefined) this.#channels.add(new Channel(this, fd));
    else this.#apache.expect(fd);
  }

  /** A front has introduced itself. */
  channelOpened(channel: Channel): void {
    const { process, name } = channel.front!;
    this.#options.report?.({ type: "front-found", process, name });
  }

  /** A channel has ended. @param reason undefined when it is not worth telling */
  channelEnded(channel: Channel, reason: string | undefined, fault: boolean): void {
    this.#channels.delete(channel);
    this.#source.channelEnded(channel.front?.name ?? "");
    if (reason === undefined) return;
    this.#options.report?.({ type: "front-lost", name: channel.front?.name ?? "a front", reason, fault });
  }

  /** Serves a connection whose hand-off is acknowledged. */
  serve(connection: Connection): void {
    this.#connections.add(connection);
    this.server.serve(connection);
  }

  /** A connection has been closed, here or by being given back. */
  connectionEnded(connection: Connection): void {
    this.#connections.delete(connection);
    this.#load.changed();
    this.endIfEmpty();
  }

  /** A connection could not be given back. */
  returnFailed(connection: Connection): void {
    connection.leaving = false;
    this.server.returnFailed(connection);
  }

  /** Something came that is no hand-off, in a protocol that cannot say so. */
  handoffRefused(reason: string): void {
    this.#options.report?.({ type: "handoff-refused", reason });
  }

  /** A hand-off came without its descriptor, since this process has no number free for it. */
  descriptorsExhausted(): void {
    const { now } = this.loop;
    const known = now < this.#shortUntil;
    this.#shortUntil = now + SHORTAGE;
    if (known) return;
    this.#options.report?.({ type: "descriptors" });
  }

  /** Runs until it has drained. */
  run(): Promise<void> {
    return this.loop.run();
  }

  /**
   * Takes nothing new, finishes what it serves, gives back what is idle; then {@linkcode run} returns.
   *
   * @returns when it has drained
   */
  drain(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = this.#drained;
    this.#drained = () => {
      before?.();
      resolve();
    };
    if (!this.draining) {
      this.draining = true;
      this.#source.close();
      for (const channel of this.#channels) channel.drain();
      this.server.drain();
    }
    this.endIfEmpty();
    return promise;
  }

  /** Whether nothing is served, and nothing on its way. */
  get isEmpty(): boolean {
    return this.active === 0 && !this.server.busy && (this.#apache?.expected ?? 0) === 0;
  }

  /** Ends a backend that has drained. */
  endIfEmpty(): void {
    if (!this.draining || !this.isEmpty) return;
    for (const channel of [...this.#channels]) channel.end("this backend has drained", BYE_STOPPING);
    this.loop.stop();
    this.#drained?.();
    this.#drained = undefined;
  }

  /** Ends what works for its connections in other processes; see {@linkcode ConnectionServer.abandon}. */
  async abandon(force: boolean): Promise<void> {
    await this.server.abandon?.(force);
  }

  /**
   * Lets those take leave of their clients who speak another protocol than HTTP on a connection: a WebSocket says that it
   * is going away. For the end of a process.
   *
   * @param milliseconds how long they may take
   */
  async takeLeave(milliseconds: number): Promise<void> {
    const leaving = [...this.#connections].map(({ farewell }) => farewell?.())
      .filter((leave) => leave !== undefined);
    if (leaving.length === 0) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, milliseconds));
    await Promise.race([Promise.all(leaving), late]);
    clearTimeout(timer);
  }

  /** Closes everything at once, whatever it is doing. For the end of a process, and of a test. */
  close(): void {
    this.draining = true;
    this.server.forget?.();
    this.#source.close();
    this.#apache?.close();
    for (const channel of [...this.#channels]) channel.end("this backend stops", BYE_STOPPING);
    for (const connection of [...this.#connections]) connection.close();
    this.loop.stop();
  }
}
