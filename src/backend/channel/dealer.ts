/**
 * One path, several processes: the dealer listens and deals the channels out to workers, so that each front has one
 * channel to each worker. It looks at a front's HELLO as the front looks at a client's request: peeks, and passes the
 * open socket on.
 */

import {
  close,
  type Descriptor,
  EAGAIN,
  EPOLLIN,
  libc,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  MSG_PEEK,
  peerCredentials,
  RightsSender,
  settle,
} from "../../../ffi/mod.ts";
import { type Deadlines, Timed } from "../../loop/deadlines.ts";
import type { Loop } from "../../loop/loop.ts";
import type { Source } from "../../loop/poller.ts";
import { decodeHello } from "../../protocol/hello.ts";
import { HELLO, OFFSET_TYPE, VERSION } from "../../protocol/messages.ts";
import { frontIdentity } from "./front_identity.ts";
import { BackendListener, type ListenerOptions } from "./listener.ts";

const { recv, sendmsg } = libc;

/** Milliseconds that a front has for its HELLO, and that it may wait for a worker it has no channel to. */
const PATIENCE = 2_000;
/** Guests at a time; the one that has waited longest goes when there are more. */
const MOST_GUESTS = 256;
/** Room for a HELLO. */
const SIZE = 2_048;

/** What the dealer tells the process it is in. */
export interface DealerEvents {
  /** A worker has said that it is ready. */
  readonly workerReady: (process: number) => void;
}

/** Deals channels. Owns the listening sockets, the workers' connections, and each channel until it is dealt. */
export class Dealer {
  readonly #listener: BackendListener;
  readonly #door: BackendListener;
  readonly #workers = new Set<Worker>();
  /** Channels whose front has not said its name, or has a channel to every worker there is. */
  readonly #guests = new Set<Guest>();
  readonly #deadlines: Deadlines;
  #open = true;

  /**
   * @param path where fronts connect
   * @param door where the workers do: private to this user
   * @throws {ListenError} when a path cannot be had
   */
  constructor(
    readonly loop: Loop,
    path: string,
    readonly door: string,
    options: ListenerOptions,
    events: DealerEvents,
  ) {
    this.#deadlines = loop.deadlines.list(PATIENCE);
    this.#door = BackendListener.listen(door);
    try {
      this.#listener = BackendListener.listen(path, options);
    } catch (error) {
      this.#door.close();
      throw error;
    }
    this.#door.watch(loop.poller, (fd) => {
      const worker = new Worker(this, fd);
      this.#workers.add(worker);
      events.workerReady(worker.process);
      for (const guest of [...this.#guests]) guest.deal();
    });
    this.#listener.watch(loop.poller, (fd) => {
      const guest = new Guest(this, fd);
      if (this.#guests.size >= MOST_GUESTS) (this.#deadlines.first as Guest).end();
      this.#guests.add(guest);
      this.#deadlines.start(guest, loop.now);
      guest.ready();
    });
  }

  /** The worker that a front should get a channel to: one that it has none to. */
  workerFor(front: string): Worker | undefined {
    for (const worker of this.#workers) if (!worker.serves(front)) return worker;
    return undefined;
  }

  /** Any worker, for a front that does not introduce itself properly: a worker knows how to tell it so. */
  anyWorker(): Worker | undefined {
    return this.#workers.values().next().value;
  }

  guestLeft(guest: Guest): void {
    this.#guests.delete(guest);
  }

  workerLeft(worker: Worker): void {
    this.#workers.delete(worker);
  }

  /** Someone may have room for a front now. */
  dealAgain(): void {
    for (const guest of [...this.#guests]) guest.deal();
  }

  /** Lets nobody in any more; workers keep what they have. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#listener.close();
    this.#door.close();
    for (const guest of [...this.#guests]) guest.end();
    for (const worker of [...this.#workers]) worker.end();
  }
}

/** A worker process, as its dealer knows it. */
class Worker implements Source {
  readonly process: number;
  /** Channels by the identity of their front. */
  readonly #fronts = new Map<string, number>();
  readonly #sender = new RightsSender([new Uint8Array([1])]);
  readonly #bytes = new Uint8Array(SIZE);

  constructor(readonly dealer: Dealer, readonly fd: Descriptor) {
    this.process = peerCredentials(fd).pid;
    dealer.loop.poller.add(fd, EPOLLIN, this);
  }

  /** Whether a front has a channel here. */
  serves(front: string): boolean {
    return this.#fronts.has(front);
  }

  /** Passes a channel on; false when the worker cannot take it. The descriptor stays the caller's to close. */
  give(fd: Descriptor, front: string): boolean {
    this.#sender.descriptor = fd;
    if (settle(sendmsg(this.fd, this.#sender.header.bytes, MSG_DONTWAIT | MSG_NOSIGNAL)) < 0) return false;
    this.#fronts.set(front, (this.#fronts.get(front) ?? 0) + 1);
    return true;
  }

  /** The worker says that a front has a channel less; or it has ended. */
  ready(): void {
    for (;;) {
      const length = settle(recv(this.fd, this.#bytes, BigInt(SIZE), MSG_DONTWAIT));
      if (length === -EAGAIN) break;
      if (length <= 0) {
        this.end();
        break;
      }
      const front = new TextDecoder().decode(this.#bytes.subarray(0, length));
      const count = (this.#fronts.get(front) ?? 0) - 1;
      if (count > 0) this.#fronts.set(front, count);
      else this.#fronts.delete(front);
    }
    // Someone may have been meant for this worker, which could not take it any more.
    this.dealer.dealAgain();
  }

  end(): void {
    this.dealer.loop.poller.remove(this.fd);
    close(this.fd);
    this.dealer.workerLeft(this);
  }
}

/** A channel that is not dealt yet. */
class Guest extends Timed implements Source {
  #front: string | undefined;
  #malformed = false;
  #watched = true;

  constructor(readonly dealer: Dealer, readonly fd: Descriptor) {
    super();
    dealer.loop.poller.add(fd, EPOLLIN, this);
  }

  /** Looks at the front's HELLO, and leaves it in the socket for the worker. */
  ready(): void {
    const bytes = new Uint8Array(SIZE);
    const length = settle(recv(this.fd, bytes, BigInt(SIZE), MSG_PEEK | MSG_DONTWAIT));
    if (length === -EAGAIN) return;
    if (length <= 0) return this.end();
    const hello = bytes[0] === VERSION && bytes[OFFSET_TYPE] === HELLO
      ? decodeHello(bytes, length)
      : "no HELLO";
    if (typeof hello === "string") this.#malformed = true;
    else this.#front = frontIdentity(hello, this.fd);
    this.#unwatch();
    this.deal();
  }

  /** Goes to a worker, if there is one for it. */
  deal(): void {
    if (this.#watched) return;
    const worker = this.#malformed ? this.dealer.anyWorker() : this.dealer.workerFor(this.#front!);
    if (worker?.give(this.fd, this.#front ?? "")) this.end();
  }

  #unwatch(): void {
    if (this.#watched) this.dealer.loop.poller.remove(this.fd);
    this.#watched = false;
  }

  override expire(): void {
    this.end();
  }

  end(): void {
    this.stopDeadline();
    this.#unwatch();
    close(this.fd);
    this.dealer.guestLeft(this);
  }
}
