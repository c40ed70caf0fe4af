/**
 * Sees to it that the Workers of a front go round: each is asked for a sign of life once a second that has not given one. One
 * that gives none for several seconds hangs, in a loop without end or in a system call: it is replaced, and what it had goes
 * on.
 */

import { freezeThread, isFrozen, type ThreadState, threadState } from "../../../ffi/mod.ts";
import type { Log } from "../log/log.ts";
import { notify } from "../processes/notify.ts";
import { watchdogTime } from "../processes/watchdog.ts";
import { OwnDescriptors } from "../recovery/own_descriptors.ts";
import { Recovery } from "../recovery/recovery.ts";
import { Suspects } from "../recovery/suspects.ts";
import type { FrontListeners } from "./front_listeners.ts";
import type { InForce } from "./in_force.ts";
import type { WorkerGroup } from "./worker_group.ts";
import type { WorkerHandle } from "./worker_handle.ts";

/** Milliseconds between two looks. */
const TURN = 1_000;
/** Milliseconds without a sign of life after which a Worker hangs, looks counted: a process that was stopped has not looked. */
const HANGS = 6_000;
/** Milliseconds between two looks whether a thread has come to its end, and how many of those there are. */
const MOMENT = 20;
const MOMENTS = 50;

/** Who hears of it. */
export interface WatchEvents {
  /** Whether Workers come to their end, or let everything go: nothing is replaced meanwhile. */
  busy(): boolean;
  /** A Worker hangs and cannot be replaced. */
  failed(reason: string): void;
  /** A Worker is another one now. */
  replaced(): void;
}

/** What was seen of one Worker. */
interface Seen {
  readonly pulse: number;
  /** It was asked for a sign of life. */
  asked: boolean;
  missed: number;
  state: ThreadState | undefined;
}

/** Watches them. */
export class HungWorkers {
  readonly #seen = new Map<WorkerHandle, Seen>();
  readonly #suspects = new Suspects();
  /** What is left of Workers whose threads were still in a system call. */
  readonly #left = new Map<WorkerHandle, OwnDescriptors>();
  /** Milliseconds within which the service manager wants a sign of life of this front; 0 where it wants none. */
  watchdog: number = watchdogTime();
  #timer: ReturnType<typeof setInterval> | undefined;
  #turn = TURN;
  #replacing = false;

  constructor(
    readonly workers: WorkerGroup,
    readonly listeners: FrontListeners,
    readonly inForce: InForce,
    readonly log: Log,
    readonly events: WatchEvents,
  ) {}

  /** Begins, when all Workers are ready. */
  begin(): void {
    if (this.watchdog > 0) this.#turn = Math.min(TURN, this.watchdog / 2);
    this.#timer = setInterval(() => this.#look(), this.#turn);
  }

  /** Ends. */
  end(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    let alive = true;
    this.workers.handles.forEach((handle, index) => {
      if (!handle.ready || this.#missed(handle) * this.#turn < HANGS) return;
      alive = false;
      if (!this.events.busy() && !this.#replacing) void this.#replace(handle, index);
    });
    for (const [handle, descriptors] of this.#left) {
      if (isFrozen(handle.place.thread)) this.#finish(handle, descriptors);
    }
    if (alive && this.watchdog > 0) notify("WATCHDOG=1");
  }

  /** How many looks in a row have found nothing since it was asked. */
  #missed(handle: WorkerHandle): number {
    const pulse = handle.ledger.pulse[0]!;
    const seen = this.#seen.get(handle);
    if (seen === undefined || seen.pulse !== pulse) {
      this.#seen.set(handle, { pulse, asked: false, missed: 0, state: undefined });
      return 0;
    }
    const state = threadState(handle.place.thread);
    // It waits for a processor: there are too few, and that is not its fault.
    const starves = state?.letter === "R" && state.ran === seen.state?.ran;
    seen.state = state;
    if (!seen.asked) {
      // It has nothing to do, perhaps: it is to show that it could.
      seen.asked = true;
      handle.tell({ type: "beat" });
    } else if (!starves) seen.missed++;
    return seen.missed;
  }

  async #replace(handle: WorkerHandle, index: number): Promise<void> {
    const { log, workers, listeners, inForce } = this;
    const { thread } = handle.place;
    this.#replacing = true;
    log.error(
      "worker-hung",
      "Worker {worker} (thread {thread}) has done nothing for {seconds} s; replacing it",
      {
        worker: index + 1,
        thread,
        seconds: HANGS / 1_000,
      },
    );
    if (!freezeThread(thread)) {
      return this.events.failed("a Worker hangs, and its thread cannot be stopped to replace it");
    }
    const isStill = await untilFrozen(thread);
    handle.abandon();
    this.#seen.delete(handle);
    const descriptors = new OwnDescriptors();
    listeners.move(index, (socket) => descriptors.take(socket) ?? socket);
    const { connections, lost, suspect } = new Recovery(handle.ledger, descriptors).connections();
    const kept = this.#suspects.without(connections, suspect);
    const ready = workers.replace(index, inForce.plan(index), kept);
    listeners.dealt();
    this.#left.set(handle, descriptors);
    if (isStill) this.#finish(handle, descriptors);
    await ready;
    this.events.replaced();
    log.warn(
      "worker-replaced",
      "Worker {worker} is another one, and goes on with {kept} connections; {lost} have ended",
      {
        worker: index + 1,
        kept: kept.length,
        lost: lost + connections.length - kept.length,
      },
    );
    this.#replacing = false;
  }

  #finish(handle: WorkerHandle, descriptors: OwnDescriptors): void {
    this.#left.delete(handle);
    const { wake, epoll } = handle.place;
    descriptors.finish([wake, epoll]);
  }
}

/** Waits for a thread to come to its end, for a moment. @returns whether it has */
async function untilFrozen(thread: number): Promise<boolean> {
  for (let looks = 0; looks < MOMENTS && !isFrozen(thread); looks++) {
    await new Promise((resolve) => setTimeout(resolve, MOMENT));
  }
  return isFrozen(thread);
}
