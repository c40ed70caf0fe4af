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
  keepAlive,
  MSG_CTRUNC,
  notAClientSocket,
  peerCredentials,
  setNonblocking,
} from "../../../ffi/mod.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import type { Poller } from "../../loop/poller.ts";
import type { MessageReader } from "../../wire/message_reader.ts";
import { type Missing, whyMissing } from "../../wire/missing_descriptor.ts";
import type { Connection, ConnectionHome } from "../connection/connection.ts";
import { ApacheConnection } from "./apache_connection.ts";
import type { Accepting } from "./handoff_source.ts";
import { type Arrival, IncomingHandoff, type Taking } from "./incoming_handoff.ts";
import { Reserve } from "./reserve.ts";

/** Milliseconds that Apache has between connecting and handing over: it sends the head of the response meanwhile. */
const PATIENCE = 10_000;
/** Connections without a hand-off that are kept; beyond it the one that is silent longest goes. */
const MOST = 1_024;
/** Milliseconds without something that is no hand-off, before another one is news. */
const NEWS = 1_000;

/** The process that Apache hands over to. */
export interface ApacheOwner extends ConnectionHome {
  /** Where hand-offs are read into. */
  readonly reader: MessageReader;
  /** Takes nothing new. */
  readonly draining: boolean;
  /** Whether it can take no more, when so many that are about to be served count too. */
  fullWith(accepted: number): boolean;
  /** Serves a connection from now on. */
  serve(connection: Connection): void;
  /** Something came that is no hand-off. There is nobody who could be told. */
  handoffRefused(reason: string): void;
  /** There is no number free for a descriptor. */
  descriptorMissing(why: Missing): void;
}

/** Seconds after which the kernel asks a silent client for a sign of life. */
const SILENCE = 60;

/** Takes hand-offs in, and owns each descriptor until it is served. */
export class ApacheIntake implements Accepting, Taking {
  readonly deadlines: Deadlines;
  readonly #expected = new Set<IncomingHandoff>();
  readonly #reserve: Reserve;
  readonly #peer = new AddressBuffer();
  #knownUntil = -Infinity;

  constructor(readonly owner: ApacheOwner) {
    this.deadlines = owner.loop.deadlines.list(PATIENCE);
    this.#reserve = new Reserve(owner.loop.wakeDescriptor);
  }

  get poller(): Poller {
    return this.owner.loop.poller;
  }

  get retry(): Deadlines {
    return this.owner.times.retry;
  }

  /** Hand-offs that may be on their way. */
  get expected(): number {
    return this.#expected.size;
  }

  /** Nothing can be refused later. At the end everything is taken, since nobody comes after. */
  get full(): boolean {
    return !this.owner.draining && this.owner.fullWith(this.expected);
  }

  descriptorsExhausted(): void {
    this.owner.descriptorMissing("exhausted");
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
    const { bytes, receiver } = this.owner.reader;
    this.#reserve.free();
    const length = this.owner.reader.receive(from);
    if (length === -EAGAIN) {
      this.#reserve.occupy();
      return undefined;
    }
    if (length <= 0) return { type: "nothing" };
    const { count } = receiver;
    if (count === 0 && this.owner.reader.flags & MSG_CTRUNC) {
      return { type: "cut-off", why: whyMissing(from) };
    }
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
        this.owner.descriptorMissing(arrival.why);
        break;
      case "fault":
        this.#refuse(arrival.reason);
        break;
      case "nothing":
        break;
    }
    this.owner.endIfEmpty();
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
    // Apache does not ask its clients for signs of life, and one that is gone would be waited for without end.
    keepAlive(fd, SILENCE);
    this.owner.serve(new ApacheConnection(this.owner, fd, client, process));
  }

  #refuse(reason: string): void {
    const { now } = this.owner.loop;
    const known = now < this.#knownUntil;
    this.#knownUntil = now + NEWS;
    if (!known) this.owner.handoffRefused(reason);
  }

  /** Waits for nothing any more. */
  close(): void {
    for (const handoff of [...this.#expected]) handoff.end();
    this.#reserve.free();
  }
}
