/**
 * The two ways to run: a loop that blocks its thread (a front's data plane has an isolate to itself) and one that
 * shares its isolate with promises (a backend, whose handlers are JavaScript).
 */

import { setImmediate } from "node:timers";
import { close, createEventfd, type Descriptor, EPOLLIN, signalEventfd, takeEventfd } from "../../ffi/mod.ts";
import { type Clock, DeadlineSet, machineClock } from "./deadlines.ts";
import { Poller, type Source } from "./poller.ts";
import type { Wait } from "./wait.ts";

/** Milliseconds that a loop beside promises stays awake for what may come. */
const MOMENT = 0.2;

/** Milliseconds that promises wait for their turn where a loop blocks its thread, and that it blocks for want of work. */
export const PATIENCE = 10;

const UNSEEN = new Int32Array(1);

/** What both loops have: a poller, deadlines, the time, and an eventfd that ends a wait. */
export class Loop implements Source {
  readonly poller: Poller = new Poller();
  readonly deadlines: DeadlineSet;
  /** The time as read in this turn. Code that runs in promises asks the clock itself. */
  now: number;
  readonly #wake: Descriptor = createEventfd();
  /** How often {@linkcode wake} was called since it was last looked at. */
  #woken = 0;
  #running = false;
  #stopped = false;
  #closed = false;
  /** How long the last sleep was, in milliseconds; Infinity when nothing has come for a while. */
  #slept = Infinity;
  /** How many wait for what no source of this loop brings. */
  #elsewhere = 0;
  /** How many promises go on with what the sources bring. */
  #promised = 0;
  /** Who goes on when everybody else has had a turn. */
  #behind: ((came: boolean) => void)[] = [];
  /** When the sleep of {@linkcode run} ends by itself; -Infinity while it is awake. */
  #sleepsUntil = -Infinity;

  /** @param clock what its deadlines go by */
  constructor(readonly clock: Clock = machineClock) {
    this.deadlines = new DeadlineSet(clock);
    this.now = clock();
    this.poller.add(this.#wake, EPOLLIN, this);
    // A promise may start a deadline while the loop sleeps, and that may be sooner than the sleep ends.
    this.deadlines.onSooner = (due) => {
      if (due < this.#sleepsUntil) this.wake();
    };
  }

  /** The eventfd that wakes this loop; lent, to be signalled from another isolate of the process. */
  get wakeDescriptor(): Descriptor {
    return this.#wake;
  }

  /** Ends a wait, from any isolate of this process that has the descriptor, or from this one. */
  wake(): void {
    // Once it is closed, the number may be somebody else's.
    if (!this.#closed) signalEventfd(this.#wake);
  }

  /** The wake-up itself, as the poller reports it. */
  ready(): void {
    this.#woken += takeEventfd(this.#wake);
  }

  /** Takes the count of wake-ups back to zero and says what it was. */
  takeWoken(): number {
    const woken = this.#woken;
    this.#woken = 0;
    return woken;
  }

  /**
   * Blocks this thread and serves the sources until somebody wakes the loop; then returns, so that the isolate can
   * receive its messages. Call it again to go on.
   *
   * @param pulse whose first number is another one after each wake-up, for whoever wants to see that the loop goes round
   */
  runUntilWoken(pulse: Int32Array = UNSEEN): void {
    while (this.#woken === 0) {
      pulse[0]!++;
      this.#tell(this.poller.wait(this.#timeout(this.clock())));
    }
  }

  /**
   * Serves the sources beside promises, until {@linkcode stop}. While there is work it only looks and lets promises
   * have their turn; without work it sleeps on another thread, once.
   *
   * @param patience how many milliseconds everything but its sources may wait at this moment, 0 where something may not:
   *   for so long it waits for them on this thread, while they come close together. A sleep on another one costs more than
   *   most events do
   */
  async run(patience: () => number = () => 0): Promise<void> {
    if (this.#running) throw new Error("Cannot run a loop twice at a time");
    this.#running = true;
    try {
      while (!this.#stopped) {
        const most = this.#elsewhere > 0 || this.#slept === Infinity ? 0 : patience();
        const blocks = this.#slept < most;
        if (this.#tell(this.poller.wait(blocks ? this.#until(most) : 0))) {
          await turn();
          continue;
        }
        if (blocks) this.#slept = Infinity;
        const late = await this.#linger() || await this.#sleep();
        this.#tell(late);
        // What goes on by promises has its turn before the thread may block. Where it never does, the next sleep is one.
        if (late > 0 && patience() > 0) await turn();
      }
    } finally {
      this.#running = false;
    }
  }

  /**
   * The same where the sources bring on everything, and no promise goes on with it but those that {@linkcode beside} knows
   * of: while there is work the thread blocks in the wait, as that of a front does. Whoever waits for anything else has a
   * turn now and then. Without work it sleeps as above.
   *
   * @param may whether the thread may block at this moment
   */
  async runBlocking(may: () => boolean = () => true): Promise<void> {
    if (this.#running) throw new Error("Cannot run a loop twice at a time");
    this.#running = true;
    try {
      let turned = this.clock();
      while (!this.#stopped) {
        const blocks = this.#elsewhere === 0 && may();
        const worked = this.#tell(this.poller.wait(blocks ? this.#until(PATIENCE) : 0));
        if (worked && this.#promised === 0 && this.now - turned < PATIENCE) continue;
        await turn();
        if (!worked && !this.#stopped) {
          this.#tell(await this.#sleep());
          await turn();
        }
        turned = this.clock();
      }
    } finally {
      this.#running = false;
    }
  }

  /** How long it may block its thread: until the next deadline, and so long at most. */
  #until(most: number): number {
    const timeout = this.#timeout(this.clock());
    return timeout < 0 ? most : Math.min(timeout, most);
  }

  /** How long a wait may last; -1 for without an end. */
  #timeout(now: number): number {
    return this.#behind.length > 0 ? 0 : this.deadlines.timeout(now);
  }

  /**
   * Waits for what no source of this loop brings: the runtime's threads, timers, other promises than those that sources
   * settle. The loop does not block its thread meanwhile.
   */
  async elsewhere<T>(work: Promise<T>): Promise<T> {
    this.#elsewhere++;
    try {
      return await work;
    } finally {
      this.#elsewhere--;
    }
  }

  /**
   * Waits for what its sources bring on by a promise, where everything else is done without: promises have their turn after
   * each event until it is settled.
   */
  beside<T>(work: PromiseLike<T>, done: (value: T) => void, failed: (error: unknown) => void): void {
    this.#promised++;
    work.then((value) => {
      this.#promised--;
      done(value);
    }, (error) => {
      this.#promised--;
      failed(error);
    });
  }

  /** A wait until everybody else has had a turn, for who would go on for long without one. */
  readonly others: Wait = (resume) => {
    this.#behind.push(resume);
    if (this.#sleepsUntil > -Infinity) this.wake();
    return false;
  };

  /** Lets those go on who wait for {@linkcode others}: once in each turn, behind its events. @returns whether there are any */
  goOn(): boolean {
    const behind = this.#behind;
    if (behind.length === 0) return false;
    this.#behind = [];
    for (const resume of behind) resume(true);
    return true;
  }

  /**
   * Stays awake for a moment, where the last sleep was shorter than that: going to sleep and being woken on another
   * thread takes longer than many an event takes to come. Where nothing comes, the next sleep is not put off.
   */
  async #linger(): Promise<number> {
    if (this.#slept >= MOMENT) return 0;
    const until = this.now + MOMENT;
    do {
      await turn();
      const count = this.poller.wait(0);
      if (count > 0) return count;
    } while (this.clock() < until && !this.#stopped && this.#behind.length === 0);
    this.#slept = Infinity;
    return 0;
  }

  /** Sleeps until something happens or the next deadline passes. */
  async #sleep(): Promise<number> {
    const begun = this.clock();
    const timeout = this.#timeout(begun);
    this.#sleepsUntil = timeout < 0 ? Infinity : begun + timeout;
    const count = await this.poller.waitElsewhere(timeout);
    this.#sleepsUntil = -Infinity;
    this.#slept = count > 0 ? this.clock() - begun : Infinity;
    return count;
  }

  /**
   * Serves the events of a wait, then the deadlines that have passed: both by the time after the wait; then those who have let
   * others go first.
   *
   * @returns whether there was something to do
   */
  #tell(count: number): boolean {
    this.now = this.clock();
    this.poller.tell(count);
    if (count > 0) this.now = this.clock();
    this.deadlines.expire(this.now);
    return this.goOn() || count > 0;
  }

  /** Ends {@linkcode run}, for good. */
  stop(): void {
    this.#stopped = true;
    this.wake();
  }

  /** Closes what the loop opened. The sources' descriptors are their own. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.poller.remove(this.#wake);
    close(this.#wake);
    this.poller.close();
  }
}

/** Lets timers, I/O and promises of the isolate have their turn. setImmediate is the cheapest way there: 1.4 µs. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
