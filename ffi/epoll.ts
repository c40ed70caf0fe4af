/**
 * epoll(7): which descriptors are ready.
 *
 * @module
 */
import { libc } from "./libc.ts";
import { adopt, close, type Descriptor } from "./descriptor.ts";
import { expect, settle } from "./errno.ts";

const { epoll_create1, epoll_ctl, epoll_wait, epoll_wait_elsewhere } = libc;

export const EPOLLIN = 0x1;
export const EPOLLPRI = 0x2;
export const EPOLLOUT = 0x4;
export const EPOLLERR = 0x8;
export const EPOLLHUP = 0x10;
export const EPOLLRDHUP = 0x2000;
export const EPOLLEXCLUSIVE = 0x10000000;
export const EPOLLET = 0x80000000;

const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;
const EPOLL_CLOEXEC = 0o2000000;

/** Where the fields of `struct epoll_event` lie, in 32-bit words: it is packed on x86_64 and nowhere else. */
export interface EpollEventLayout {
  /** sizeof(struct epoll_event) / 4. */
  readonly words: number;
  /** Offset of `data` / 4. */
  readonly data: number;
}

/** @param arch {@linkcode Deno.build.arch} */
export function epollEventLayout(arch: string): EpollEventLayout {
  return arch === "x86_64" ? { words: 3, data: 1 } : { words: 4, data: 2 };
}

const { words: WORDS, data: DATA } = epollEventLayout(Deno.build.arch);

/**
 * An epoll instance and room for the events of one wait. Each registration carries two 32-bit numbers of the
 * caller's, which come back with its events.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { close, createEventfd, Epoll, EPOLLIN, signalEventfd } from "@fdpass/fdpass/libc";
 *
 * const eventfd = createEventfd();
 * const epoll = new Epoll(16);
 * epoll.add(eventfd, EPOLLIN, 7, 1);
 * assert.equal(epoll.wait(0), 0);
 * signalEventfd(eventfd);
 * assert.equal(epoll.wait(-1), 1);
 * assert.deepEqual([epoll.low(0), epoll.high(0), epoll.events(0)], [7, 1, EPOLLIN]);
 * epoll.close();
 * close(eventfd);
 * ```
 */
export class Epoll {
  /** The instance itself; lent. */
  readonly fd: Descriptor;
  readonly #capacity: number;
  readonly #events: Uint32Array<ArrayBuffer>;
  readonly #asleep: Uint32Array<ArrayBuffer>;
  readonly #change = new Uint32Array(WORDS);
  #current: Uint32Array<ArrayBuffer>;

  /** @param capacity events that one wait can bring */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#events = new Uint32Array(WORDS * capacity);
    // A wait on another thread writes while this one runs: it gets a buffer that nothing else uses.
    this.#asleep = new Uint32Array(WORDS * capacity);
    this.#current = this.#events;
    this.fd = adopt(expect(settle(epoll_create1(EPOLL_CLOEXEC)), "Cannot make an epoll instance"));
  }

  /** Registers a descriptor; 0 or `-errno`. It stays the caller's, who removes it before closing or passing it. */
  add(fd: Descriptor, events: number, low: number, high: number): number {
    return this.#control(EPOLL_CTL_ADD, fd, events, low, high);
  }

  /** Changes what a descriptor is watched for; 0 or `-errno`. */
  modify(fd: Descriptor, events: number, low: number, high: number): number {
    return this.#control(EPOLL_CTL_MOD, fd, events, low, high);
  }

  /**
   * Deregisters; 0 or `-errno`. Needed before the descriptor is passed on: a registration lives as long as the open
   * socket, not as long as this process's descriptor for it.
   */
  remove(fd: Descriptor): number {
    return settle(epoll_ctl(this.fd, EPOLL_CTL_DEL, fd, null));
  }

  #control(operation: number, fd: Descriptor, events: number, low: number, high: number): number {
    this.#change[0] = events;
    this.#change[DATA] = low;
    this.#change[DATA + 1] = high;
    return settle(epoll_ctl(this.fd, operation, fd, this.#change));
  }

  /**
   * Waits on this thread.
   *
   * @param timeout milliseconds; 0 only looks, -1 waits without end
   * @returns how many events came, or `-errno` (-EINTR)
   */
  wait(timeout: number): number {
    this.#current = this.#events;
    return settle(epoll_wait(this.fd, this.#events, this.#capacity, timeout));
  }

  /**
   * Waits on another thread, so that promises go on meanwhile. One at a time.
   *
   * @returns how many events came; 0 also when a signal cut the wait short (errno of another thread is unreadable)
   */
  async waitElsewhere(timeout: number): Promise<number> {
    const count = await epoll_wait_elsewhere(this.fd, this.#asleep, this.#capacity, timeout);
    this.#current = this.#asleep;
    return Math.max(count, 0);
  }

  /** What event number `index` of the last wait says: EPOLLIN and its like. */
  events(index: number): number {
    return this.#current[index * WORDS]!;
  }

  /** First of the two numbers registered. */
  low(index: number): number {
    return this.#current[index * WORDS + DATA]!;
  }

  /** Second of the two numbers registered. */
  high(index: number): number {
    return this.#current[index * WORDS + DATA + 1]!;
  }

  /** Closes the instance; registrations go with it. */
  close(): void {
    close(this.fd);
  }
}
