/**
 * Which of many descriptors are ready, told to the objects that own them. The front's blocking loop and a backend's
 * loop beside promises drive the same poller.
 */

import { type Descriptor, Epoll, ErrnoError } from "../../ffi/mod.ts";

/** Something with a descriptor that waits for events. */
export interface Source {
  /** @param events EPOLLIN and its like. The source may remove itself, or any other source, here. */
  ready(events: number): void;
}

/** Events that one wait brings at most; more come with the next one. */
const BATCH = 512;

/**
 * Registrations and their sources. Each registration gets a slot and a generation, which come back with its events:
 * an event that a batch still holds for something removed meanwhile matches no generation and is dropped.
 */
export class Poller {
  readonly #epoll = new Epoll(BATCH);
  readonly #sources: (Source | undefined)[] = [];
  readonly #generations: number[] = [];
  readonly #free: number[] = [];
  /** Slot by descriptor number. The kernel gives out the lowest number that is free, so the array stays dense. */
  readonly #slots: number[] = [];
  /** The slot of the source that is told ahead of others; -1 for none. */
  #ahead = -1;

  /** What it waits at; lent. */
  get descriptor(): Descriptor {
    return this.#epoll.fd;
  }

  /**
   * Registers a source.
   *
   * @param fd stays the source's, which calls {@linkcode remove} before it closes or passes it
   * @throws {ErrnoError} when the kernel refuses (out of memory, or of watches)
   */
  add(fd: Descriptor, events: number, source: Source): void {
    const slot = this.#free.pop() ?? this.#sources.length;
    const generation = ((this.#generations[slot] ?? 0) + 1) | 0;
    this.#generations[slot] = generation;
    this.#sources[slot] = source;
    this.#slots[fd] = slot;
    const result = this.#epoll.add(fd, events, slot, generation);
    if (result < 0) {
      this.#forget(fd, slot);
      throw new ErrnoError("Cannot watch a descriptor", -result);
    }
  }

  /**
   * Registers the one source that is told ahead of all others of a wait, in whatever order their events came: they go by
   * what it finds out.
   */
  addAhead(fd: Descriptor, events: number, source: Source): void {
    this.add(fd, events, source);
    this.#ahead = this.#slots[fd]!;
  }

  /** Changes what a registered descriptor is watched for; an edge that is there already fires again. */
  modify(fd: Descriptor, events: number): void {
    const slot = this.#slots[fd]!;
    const result = this.#epoll.modify(fd, events, slot, this.#generations[slot]!);
    if (result < 0) throw new ErrnoError("Cannot change what a descriptor is watched for", -result);
  }

  /**
   * Deregisters; events of this batch that the source has not seen yet will not reach it. Nothing happens to a
   * descriptor that is not registered.
   */
  remove(fd: Descriptor): void {
    const slot = this.#slots[fd] ?? -1;
    if (slot < 0) return;
    if (slot === this.#ahead) this.#ahead = -1;
    this.#epoll.remove(fd);
    this.#forget(fd, slot);
  }

  /**
   * The same for a descriptor that its owner closes at once, and that no other process and no other number stands for: the
   * kernel deregisters it then (epoll(7)), and need not be asked to.
   */
  removeClosing(fd: Descriptor): void {
    const slot = this.#slots[fd] ?? -1;
    if (slot >= 0) this.#forget(fd, slot);
  }

  #forget(fd: Descriptor, slot: number): void {
    this.#sources[slot] = undefined;
    this.#slots[fd] = -1;
    this.#free.push(slot);
  }

  /**
   * Waits on this thread. The sources are told by {@linkcode tell}, so that the caller can look at the clock between.
   *
   * @param timeout milliseconds; 0 only looks, -1 waits without end
   * @returns how many events there are
   */
  wait(timeout: number): number {
    // -EINTR is the only failure that a valid epoll instance can have: a signal came, and the caller looks around.
    return Math.max(0, this.#epoll.wait(timeout));
  }

  /** Waits on another thread, so that promises go on meanwhile. */
  waitElsewhere(timeout: number): Promise<number> {
    return this.#epoll.waitElsewhere(timeout);
  }

  /** Tells the sources of the events of the last wait. @param count what the wait returned */
  tell(count: number): void {
    const epoll = this.#epoll;
    if (this.#ahead >= 0) this.#tellAhead(count);
    for (let index = 0; index < count; index++) {
      const slot = epoll.low(index);
      // The generation was registered as a signed number and comes back as an unsigned one.
      if (this.#generations[slot] === (epoll.high(index) | 0)) {
        this.#sources[slot]?.ready(epoll.events(index));
      }
    }
  }

  #tellAhead(count: number): void {
    for (let index = 0; index < count; index++) {
      if (this.#epoll.low(index) === this.#ahead) {
        this.#sources[this.#ahead]?.ready(this.#epoll.events(index));
      }
    }
  }

  /** Closes the epoll instance. The sources' descriptors are their own. */
  close(): void {
    this.#epoll.close();
  }
}
