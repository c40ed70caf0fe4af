/** A backend: it listens at a path, takes connections in, has them served, and lets go of them when it drains. */

import { close, type Descriptor, effectiveUser, peerCredentials, processId } from "../../ffi/mod.ts";
import type { Clock } from "../loop/deadlines.ts";
import { Loop } from "../loop/loop.ts";
import { type Hello, instanceOf } from "../protocol/hello.ts";
import { BYE_STOPPING, SIZE_INSTANCE } from "../protocol/messages.ts";
import type { Transfer } from "../protocol/transfer.ts";
import { MessageReader } from "../wire/message_reader.ts";
import type { Missing } from "../wire/missing_descriptor.ts";
import { apacheSource } from "./apache/apache_source.ts";
import { ApacheIntake, type ApacheOwner } from "./apache/intake.ts";
import type { BackendEvent } from "./backend_event.ts";
import type { BackendOptions } from "./backend_options.ts";
import { Channel, type ChannelOwner } from "./channel/channel.ts";
import { refuseFront } from "./channel/refuse_front.ts";
import type { ChannelSource } from "./channel/channel_source.ts";
import { BackendListener } from "./channel/listener.ts";
import { type LoadOwner, LoadReport } from "./channel/load_report.ts";
import { WorkerPort } from "./channel/worker_port.ts";
import { Compressor } from "./compression/compressor.ts";
import { Connection } from "./connection/connection.ts";
import type { ConnectionServer } from "./connection/connection_server.ts";
import { HeldConnections } from "./connection/held_connections.ts";
import { ProcessCounters } from "./counters/counters.ts";
import type { ContentTerms } from "./http/content_terms.ts";
import { openLog } from "./log/open_log.ts";
import type { RequestLog } from "./log/request_log.ts";
import { Times } from "./times.ts";

export type { BackendEvent, BackendOptions };

/** Bytes taken from a socket in one go. A little less than a preread may have, so that any of it can travel back. */
const SCRATCH = 61_440;
/** Channels at a time: one for each Worker of each front, and for those that have just come or are about to go. */
const MOST_CHANNELS = 1_024;
/** Idle connections that give way at once where a number for a descriptor is missing. */
const ROOM = 8;
/** Milliseconds that the thread blocks where handlers may have promises, though no connection waits for one. */
const MOMENT = 1;
/** Milliseconds without a hand-off refused for want of descriptors, before another one is news. */
const SHORTAGE = 1_000;

/**
 * One backend process's receiving side: puts the parts together, and knows what it holds.
 *
 * @example A protocol of your own
 * ```ts
 * import { Backend, type Connection, type ConnectionServer } from "@fdpass/fdpass";
 *
 * // Tells each client where it comes from, whatever it has asked.
 * class Mirror implements ConnectionServer {
 *   serve(connection: Connection): void {
 *     const { hostname, port } = connection.client;
 *     const answer = new TextEncoder().encode(`${hostname} ${port}\n`);
 *     void connection.sendAll(answer).then(() => connection.closeGently()).catch(() => connection.close());
 *   }
 *
 *   drain(): void {
 *     // No connection is idle here: each has been answered already.
 *   }
 *
 *   returnFailed(connection: Connection): void {
 *     connection.close();
 *   }
 * }
 *
 * const directory = Deno.makeTempDirSync();
 * const backend = new Backend(new Mirror(), { name: "mirror", socket: `${directory}/mirror.sock` });
 * const ended = backend.run();
 * await backend.drain();
 * await ended;
 * backend.close();
 * backend.loop.close();
 * Deno.removeSync(directory);
 * ```
 */
export class Backend implements ChannelOwner, ApacheOwner, LoadOwner {
  readonly loop: Loop;
  readonly times: Times;
  readonly content: Partial<ContentTerms>;
  readonly compressor: Compressor;
  readonly reader: MessageReader = new MessageReader();
  readonly introduction: Hello;
  readonly scratch: Uint8Array<ArrayBuffer> = new Uint8Array(SCRATCH);
  readonly scratchSize: bigint = BigInt(SCRATCH);
  readonly log: RequestLog | undefined;
  readonly counters: ProcessCounters;
  readonly trustsRequestIds: boolean;
  draining = false;
  /** Takes leave of those who speak another protocol than HTTP. */
  leaving = false;
  readonly #source: ChannelSource;
  readonly #apache: ApacheIntake | undefined;
  readonly #channels = new Set<Channel>();
  readonly #connections = new HeldConnections<Connection>();
  readonly #allowedUsers: ReadonlySet<number>;
  readonly #options: BackendOptions;
  readonly #load: LoadReport;
  #drained: (() => void) | undefined;
  /** When a shortage of descriptors that people know of counts as over. */
  #shortUntil = -Infinity;

  /**
   * @param server serves what is taken in
   * @param clock what deadlines go by; the machine's unless given
   * @throws {ListenError} when the path cannot be had
   */
  constructor(readonly server: ConnectionServer, options: BackendOptions, clock?: Clock) {
    this.#options = options;
    this.loop = new Loop(clock);
    this.times = new Times(this.loop, options);
    this.content = options.content ?? {};
    this.compressor = new Compressor(
      options.compression,
      (reason) => options.report?.({ type: "compression-failed", reason }),
    );
    this.#load = new LoadReport(this, this.times.load);
    this.trustsRequestIds = options.trustsRequestIds ?? false;
    this.log = openLog(options, this.loop);
    this.counters = new ProcessCounters(options.kind ?? "fetch", this.loop.clock);
    this.#allowedUsers = new Set([0, effectiveUser(), ...options.allowUsers ?? []]);
    this.introduction = {
      workers: options.workerOf ?? 1,
      window: options.window ?? 1024,
      process: processId(),
      name: options.name,
      ends: true,
      instance: instanceOf(crypto.getRandomValues(new Uint8Array(SIZE_INSTANCE))),
    };
    this.#apache = options.apache ? new ApacheIntake(this) : undefined;
    try {
      this.#source = this.#apache !== undefined
        ? apacheSource(options, this.#apache)
        : options.workerOf === undefined
        ? BackendListener.listen(options.socket, options)
        : WorkerPort.connect(options.socket);
    } catch (error) {
      this.#apache?.close();
      this.loop.close();
      throw error;
    }
    this.#source.watch(this.loop.poller, (fd) => this.#accept(fd));
    server.begin?.(this);
  }

  /** Connections that it holds. */
  get active(): number {
    return this.#connections.size;
  }

  /** Whether it holds as many connections as it may, or its server can. Those that are idle give way before. */
  fullWith(accepted: number): boolean {
    const { maxConnections = Infinity } = this.#options;
    while (this.active + accepted >= maxConnections) {
      if (!this.server.makeRoom?.()) return true;
    }
    return this.server.full?.(accepted) ?? false;
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
    if (this.#apache !== undefined) return this.#apache.expect(fd);
    const { size: channels } = this.#channels;
    if (channels < MOST_CHANNELS) {
      this.#channels.add(new Channel(this, fd));
      return;
    }
    close(fd);
    this.#options.report?.({ type: "fronts", channels });
  }

  channelOpened({ process, name }: Hello): void {
    this.#options.report?.({ type: "front-found", process, name });
  }

  channelEnded(channel: Channel, reason: string | undefined, fault: boolean): void {
    this.#channels.delete(channel);
    this.#source.channelEnded(channel.identity);
    if (reason === undefined) return;
    this.#options.report?.({ type: "front-lost", name: channel.front?.name ?? "a front", reason, fault });
  }

  handedOver(fd: Descriptor, channel: Channel, transfer: Transfer): void {
    this.serve(new Connection(this, fd, channel.origin, transfer));
  }

  serve(connection: Connection): void {
    this.#connections.add(connection);
    this.counters.took(connection.transfer);
    this.server.serve(connection);
  }

  connectionEnded(connection: Connection): void {
    if (this.#connections.delete(connection)) this.counters.add("held", -1);
    this.#load.changed();
    this.endIfEmpty();
  }

  returnFailed(connection: Connection): void {
    connection.comeBack();
    this.server.returnFailed(connection);
  }

  handoffRefused(reason: string): void {
    this.#options.report?.({ type: "handoff-refused", reason });
  }

  descriptorMissing(why: Missing): void {
    // The front asks again soon, for this connection and for those behind it.
    for (let room = 0; why === "exhausted" && room < ROOM && this.server.makeRoom?.(); room++);
    const { now } = this.loop;
    const known = now < this.#shortUntil;
    this.#shortUntil = now + SHORTAGE;
    if (known) return;
    this.#options.report?.({ type: "descriptors", why });
  }

  /** Runs until it has drained. */
  run(): Promise<void> {
    const { server, loop } = this;
    // Another thread codes, and what it says comes by no source of the loop.
    if (server.selfContained) return loop.runBlocking(() => this.compressor.open === 0);
    return loop.run(() => this.#patience);
  }

  /** For how many milliseconds everything but the loop's sources may wait at this moment. */
  get #patience(): number {
    const { server } = this;
    // As above.
    if (this.compressor.open > 0) return 0;
    return server.idle === this.active && !server.busy ? MOMENT : 0;
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
    this.leaving = true;
    const leaving = this.#connections.all().map(({ farewell }) => farewell?.())
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
    for (const connection of this.#connections.all()) connection.close();
    this.log?.logs.close();
    this.compressor.close();
    this.counters.close();
    this.loop.stop();
  }
}
