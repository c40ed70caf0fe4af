/** How long things may take in a data plane: one list of deadlines for each length. */

import type { Limits } from "../../config/config.ts";
import type { Deadlines, DeadlineSet } from "../../loop/deadlines.ts";

/** Milliseconds that an answered client has to end its side before the connection is closed all the same. */
const LINGER = 2_000;
/** Milliseconds that a channel pauses when its backend, or the kernel, says that it is full. */
const PAUSE = 20;
/** Milliseconds between attempts to accept while descriptors are short. */
const EXHAUSTED = 100;
/** Milliseconds for which connections may be left to the kernel because no backend takes any. */
const CROWDED = 1_000;
/** Milliseconds in which refusals that are alike are told as one. */
const TELL = 1_000;
/**
 * Milliseconds between attempts to reach a backend: quick after a restart, patient with one that stays away, and
 * never so patient that one which comes up waits for a second.
 */
const RETRY: readonly number[] = [10, 50, 100, 200, 400];

/** The lists. Those that the configuration sets follow it from the next start on. */
export class FrontDeadlines {
  /** From accept to a complete head. */
  readonly head: Deadlines;
  /** From hand-off to acknowledgement; and from connecting to a backend's HELLO. */
  readonly acknowledge: Deadlines;
  /** Waiting for a backend that can take the connection. */
  readonly queue: Deadlines;
  /** Idle, between two requests. */
  readonly keepAlive: Deadlines;
  readonly linger: Deadlines;
  readonly pause: Deadlines;
  readonly exhausted: Deadlines;
  readonly crowded: Deadlines;
  readonly tell: Deadlines;
  /** By number of attempts that have failed. */
  readonly retry: readonly Deadlines[];
  /** No time at all: what starts here is due at the end of the turn, when everything that has happened has been told. */
  readonly turn: Deadlines;

  constructor(set: DeadlineSet, limits: Limits) {
    this.head = set.list(limits.headTimeout);
    this.acknowledge = set.list(limits.acknowledgeTimeout);
    this.queue = set.list(limits.queueTimeout);
    this.keepAlive = set.list(limits.keepAliveTimeout);
    this.linger = set.list(LINGER);
    this.pause = set.list(PAUSE);
    this.exhausted = set.list(EXHAUSTED);
    this.crowded = set.list(CROWDED);
    this.tell = set.list(TELL);
    this.retry = RETRY.map((delay) => set.list(delay));
    // The last list is the last to be looked at: what other deadlines of this turn put here is due in the same turn.
    this.turn = set.list(0);
  }

  /** Takes the lengths of a new configuration. */
  apply(limits: Limits): void {
    this.head.milliseconds = limits.headTimeout;
    this.acknowledge.milliseconds = limits.acknowledgeTimeout;
    this.queue.milliseconds = limits.queueTimeout;
    this.keepAlive.milliseconds = limits.keepAliveTimeout;
  }
}
