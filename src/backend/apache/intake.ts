/**
 * Hand-offs as Apache's mod_proxy_fdpass sends them: a SOCK_STREAM connection for each, on it one NUL byte with the
 * descriptor. It has forgotten the client by then, and is told nothing: what is not taken here is lost.
 */

import {
  AddressBuffer,
  close,
  decodeInternetAddress,
  type Descriptor,
  EAGAIN,
  libc,
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  MSG_DONTWAIT,
  notAClientSocket,
  peerCredentials,
  setNonblocking,
  settle,
} from "../../../ffi/mod.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import type { Backend, BackendOptions } from "../backend.ts";
import type { ChannelSource } from "../channel_source.ts";
import { BackendListener } from "../listener.ts";
import { ApacheConnection } from "./apache_connection.ts";
import { APACHE_SOCKET, HandoffSource } from "./handoff_source.ts";
import { IncomingHandoff } from "./incoming_handoff.ts";
import { Reserve } from "./reserve.ts";
import { SharedListener } from "./shared_listener.ts";

const { recvmsg } = libc;

/** Milliseconds that Apache has between connecting and handing over: it sends the head of the response meanwhile. */
const PATIENCE = 10_000;
/** Connections without a hand-off that are kept; beyond it the one that is silent longest goes. */
const MOST = 1_024;
/** Milliseconds without something that is no hand-off, before another one is news. */
const NEWS = 1_000;

/** What came on a connection of Apache's. */
export type Arrival =
  | { readonly type: "client"; readonly fd: Descriptor; readonly process: number }
  /** Somebody who hands over nothing: a client left in between, or a backend was looking who listens here. */
  | { readonly type: "nothing" }
  /** There was no number free for the descriptor. */
  | { readonly type: "cut-off" }
  | { readonly type: "fault"; readonly reason: string };

/** Takes hand-offs in, and owns each descriptor until it is served. */
export class ApacheIntake {
  readonly deadlines: Deadlines;
  readonly #expected = new Set<IncomingHandoff>();
  readonly #reserve: Reserve;
  readonly #peer = new AddressBuffer();
  #knownUntil = -Infinity;

  constructor(readonly backend: Backend) {
    this.deadlines = backend.loop.deadlines.list(PATIENCE);
    this.#reserve = new Reserve(backend.loop.wakeDescriptor);
  }

  /**
   * Where Apache connects: a listener of this process's own, or in a worker the one that it shares.
   *
   * @throws {ListenError} when the path cannot be had
   */
  source(options: BackendOptions): ChannelSource {
    if (options.workerOf !== undefined) return SharedListener.connect(options.socket, this);
    const listener = BackendListener.listen(options.socket, options, APACHE_SOCKET);
    return new HandoffSource(listener.fd, this, () => listener.close());
  }

  /** Hand-offs that may be on their way. */
  get expected(): number {
    return this.#expected.size;
  }

  /** Apache has connected, and a hand-off should follow. @param fd owned from now on */
  expect(fd: Descriptor): void {
    if (this.#expected.size >= MOST) (this.deadlines.first as IncomingHandoff | undefined)?.end();
    const handoff = new IncomingHandoff(this, fd);
    this.#expected.add(handoff);
    handoff.begin();
  }

  /** A connection of Apache's is closed. */
  ended(handoff: IncomingHandoff): void {
    this.#expected.delete(handoff);
  }

  /** Receives what has come; undefined as long as nothing has. The connection is done with after anything else. */
  receive(from: Descriptor): Arrival | undefined {
    const { bytes, receiver } = this.backend.buffers;
    receiver.prepare();
    this.#reserve.free();
    const length = settle(recvmsg(from, receiver.header.bytes, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
    if (length === -EAGAIN) {
      this.#reserve.occupy();
      return undefined;
    }
    if (length <= 0) return { type: "nothing" };
    const count = receiver.collect();
    if (count === 0 && receiver.header.flags & MSG_CTRUNC) return { type: "cut-off" };
    if (count === 1 && length === 1 && bytes[0] === 0) {
      return { type: "client", fd: receiver.take(), process: peerCredentials(from).pid };
    }
    receiver.discard();
    const reason = `${
      length === 1 ? "1 byte" : `${length} bytes`
    } with ${count} descriptors, not one NUL with one`;
    return { type: "fault", reason };
  }

  /** Acts on what came, once the connection that it came on is closed and its number free. */
  take(arrival: Arrival): void {
    this.#reserve.occupy();
    switch (arrival.type) {
      case "client":
        this.#serve(arrival.fd, arrival.process);
        break;
      case "cut-off":
        this.backend.descriptorsExhausted();
        break;
      case "fault":
        this.#refuse(arrival.reason);
        break;
      case "nothing":
        break;
    }
    this.backend.endIfEmpty();
  }

  #serve(fd: Descriptor, process: number): void {
    const problem = notAClientSocket(fd);
    if (problem !== undefined) {
      close(fd);
      return this.#refuse(`the descriptor is ${problem}`);
    }
    const client = this.#peer.readPeer(fd) < 0 ? undefined : decodeInternetAddress(this.#peer.bytes);
    // Not connected any more: the client is gone.
    if (client === undefined) return close(fd);
    // Apache has its clients' sockets in this mode, and a program that gets one as its standard input expects the other.
    setNonblocking(fd, false);
    this.backend.serve(new ApacheConnection(this.backend, fd, client, process));
  }

  #refuse(reason: string): void {
    const { now } = this.backend.loop;
    const known = now < this.#knownUntil;
    this.#knownUntil = now + NEWS;
    if (!known) this.backend.handoffRefused(reason);
  }

  /** Waits for nothing any more. */
  close(): void {
    for (const handoff of [...this.#expected]) handoff.end();
    this.#reserve.free();
  }
}
