/** Connections that go back to the front over one channel. */

import {
  addressOf,
  type Descriptor,
  EAGAIN,
  EBADF,
  ECONNRESET,
  ENOBUFS,
  ENOMEM,
  ENOTCONN,
  EPIPE,
  EPOLLIN,
  EPOLLOUT,
  ETOOMANYREFS,
  libc,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  RightsSender,
  settle,
} from "../../../ffi/mod.ts";
import { type Deadlines, Timed } from "../../loop/deadlines.ts";
import type { Poller } from "../../loop/poller.ts";
import { MAX_PREREAD, RETURN } from "../../protocol/messages.ts";
import { encodeTransfer } from "../../protocol/transfer.ts";
import type { Outbox } from "../../wire/outbox.ts";
import type { Connection, Leaving } from "../connection/connection.ts";

const { sendmsg } = libc;

/** Where returns go. */
export interface ReturnPath {
  readonly poller: Poller;
  /** The channel's socket; lent. */
  readonly fd: Descriptor;
  readonly outbox: Outbox;
  /** When to try again what the kernel did not take. */
  readonly retry: Deadlines;
  /** How long the front may answer nothing while something is to go back to it. */
  readonly answer: Deadlines;
  /** It has answered nothing for so long. */
  late(): void;
  /** One cannot be given back, for what is wrong with itself. */
  failed(connection: Connection): void;
}

/** The kernel has no room at the moment. */
const FOR_THE_MOMENT: ReadonlySet<number> = new Set([ETOOMANYREFS, ENOBUFS, ENOMEM]);
/** The front is gone: reading will find that out, in order. */
const GONE: ReadonlySet<number> = new Set([EPIPE, ECONNRESET, ENOTCONN, EBADF]);

/** The time that the front has. */
class Patience extends Timed {
  constructor(readonly late: () => void) {
    super();
  }

  override expire(): void {
    this.late();
  }
}

/**
 * The returns of a channel. A connection in here is the backend's until the front has acknowledged it: it is unwatched,
 * and nobody but this object closes it or lets go of it.
 */
export class Returns extends Timed {
  /** RETURNs that the front takes before it has answered them, as its HELLO said. */
  window = 0;
  /** When there is room for them: in the front's window, and in the socket. */
  #waiting: Leaving[] = [];
  readonly #underWay = new Map<number, Leaving>();
  #nextId = 1;
  readonly #sender = new RightsSender([new Uint8Array(1)]);

  readonly #patience: Patience;

  constructor(readonly path: ReturnPath) {
    super();
    this.#patience = new Patience(() => path.late());
  }

  /** Takes a connection to give it back as soon as there is room. Returns false when it has too much preread. */
  add(leaving: Leaving): boolean {
    if (leaving.preread.length > MAX_PREREAD) return false;
    // Before sending: a registration lives as long as the open socket, not as long as our descriptor.
    leaving.connection.beginReturn();
    if (this.#underWay.size + this.#waiting.length === 0) this.path.answer.start(this.#patience);
    this.#waiting.push(leaving);
    this.send();
    return true;
  }

  /** Sends what waits, as far as there is room. */
  send(): void {
    const { poller, fd, outbox, retry } = this.path;
    while (this.#waiting.length > 0 && outbox.empty) {
      // The front's answers make room in its window.
      if (this.#underWay.size >= this.window) return;
      const sent = this.#sendOne(this.#waiting[0]!);
      if (sent === -EAGAIN) return poller.modify(fd, EPOLLIN | EPOLLOUT);
      if (FOR_THE_MOMENT.has(-sent)) return retry.start(this);
      if (GONE.has(-sent)) return;
      const { connection } = this.#waiting.shift()!;
      // Those behind it do not wait for one that nobody takes.
      if (sent < 0) {
        this.#settled();
        this.path.failed(connection);
      }
    }
  }

  override expire(): void {
    this.send();
  }

  #sendOne(leaving: Leaving): number {
    const { connection, requests, reason, preread, tls, handoff, error } = leaving;
    const id = this.#nextId;
    const message = encodeTransfer(RETURN, {
      ...connection.transfer,
      id,
      requests,
      detail: reason,
      keepAlive: 0,
      preread,
      ...tls === undefined ? {} : { tls },
      ...handoff === undefined ? {} : { handoff },
      ...error === undefined ? {} : { error },
    });
    this.#sender.header.setPart(0, message, addressOf(message));
    this.#sender.descriptor = connection.fd;
    const sent = settle(sendmsg(this.path.fd, this.#sender.header.bytes, MSG_DONTWAIT | MSG_NOSIGNAL));
    if (sent < 0) return sent;
    this.#nextId = (id + 1) >>> 0;
    this.#underWay.set(id, leaving);
    return sent;
  }

  /**
   * The front has answered a RETURN, either way.
   *
   * @returns what was to go back; undefined when no RETURN under way has that id
   */
  take(id: number): Leaving | undefined {
    const leaving = this.#underWay.get(id);
    this.#underWay.delete(id);
    this.#settled();
    return leaving;
  }

  /** Something was answered: for the rest the front has its time again. */
  #settled(): void {
    if (this.#underWay.size + this.#waiting.length === 0) this.#patience.stopDeadline();
    else this.path.answer.start(this.#patience);
  }

  /** The channel has ended: whatever is still here is this backend's, and the caller's from now on. */
  takeAll(): Leaving[] {
    this.stopDeadline();
    this.#patience.stopDeadline();
    const left = [...this.#underWay.values(), ...this.#waiting];
    this.#underWay.clear();
    this.#waiting = [];
    return left;
  }
}
