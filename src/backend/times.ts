/** How long things may take in a backend. */

import type { Deadlines, DeadlineSet } from "../loop/deadlines.ts";
import type { Loop } from "../loop/loop.ts";

/** Milliseconds that a front has for its HELLO. */
const GREETING = 2_000;
/** Milliseconds that a front may answer nothing while connections are to go back to it. */
const ANSWER = 10_000;
/** Milliseconds that the client has to end its side after ours has ended. */
const LINGER = 2_000;
/** Milliseconds until a channel tries again what the kernel refused. */
const RETRY = 20;
/** Milliseconds that a kept connection may be idle where nobody says anything else. */
const IDLE = 60_000;
/** Milliseconds without a request after which a connection that is to be given back is: longer than a client thinks. */
const MOMENT = 1_000;
/** Milliseconds that a client may take between two bytes where nobody says anything else. */
const STALL = 60_000;
/** Milliseconds from the end of a client that waits for its response to where it counts as gone, where nobody says else. */
const ABORT = 250;
/** Milliseconds for which a client that waits for its response is not watched: that is mostly ready sooner. */
const UNWATCHED = 20;
/** Milliseconds in which changes of load are told as one. */
const LOAD = 20;
/** Lengths of silence that have a list each as they are; of others those that are powers of two, from a second on. */
const MOST_SILENCES = 16;

/** Those of them that are chosen. */
export interface ChosenTimes {
  /** Milliseconds that a kept connection may be idle, if the front does not say less; 60,000 where neither says. */
  readonly keepAliveTimeout?: number;
  /** Milliseconds that a client may take between two bytes it sends or reads; 60,000 unless given. */
  readonly stallTimeout?: number;
  /**
   * Milliseconds from the end of a client that waits for its response to the abort of its request; 250 unless given. Until
   * then it may have ended only its side, and its response be ready.
   */
  readonly abortDelay?: number;
}

/** The deadlines of a backend, a list for each length. */
export class Times {
  readonly greeting: Deadlines;
  /** Of a front, for the RETURNs under way to it. */
  readonly answer: Deadlines;
  /** Between two bytes that a client sends or reads. */
  readonly stall: Deadlines;
  /** Of connections between two requests that stay here. */
  readonly idle: Deadlines;
  /** Of those that are given back if no request comes soon. */
  readonly moment: Deadlines;
  readonly linger: Deadlines;
  /** From the end of a client that waits for its response to where it counts as gone. */
  readonly abort: Deadlines;
  /** Of a client that waits for its response, until somebody looks whether it is still there. */
  readonly unwatched: Deadlines;
  /** Of connections on which a protocol is spoken that knows no deadline. */
  readonly endless: Deadlines;
  /** Until a channel tries again to send what the kernel refused: too many descriptors under way. */
  readonly retry: Deadlines;
  readonly load: Deadlines;
  readonly #keepAlive: number | undefined;
  readonly #set: DeadlineSet;
  /** Of clients that may be silent for so long, by how long that is. */
  readonly #silences = new Map<number, Deadlines>();

  constructor({ deadlines }: Loop, chosen: ChosenTimes) {
    this.greeting = deadlines.list(GREETING);
    this.answer = deadlines.list(ANSWER);
    this.stall = deadlines.list(chosen.stallTimeout ?? STALL);
    this.idle = deadlines.list(chosen.keepAliveTimeout ?? IDLE);
    this.moment = deadlines.list(MOMENT);
    this.linger = deadlines.list(LINGER);
    // What starts anew when it has passed would find no end with none.
    this.abort = deadlines.list(Math.max(1, chosen.abortDelay ?? ABORT));
    // Who asks for no delay gets none.
    this.unwatched = deadlines.list(Math.min(UNWATCHED, chosen.abortDelay ?? ABORT));
    this.endless = deadlines.list(Infinity);
    this.retry = deadlines.list(RETRY);
    this.load = deadlines.list(LOAD);
    this.#keepAlive = chosen.keepAliveTimeout;
    this.#set = deadlines;
  }

  /**
   * Deadlines of clients that may be silent for a time that a handler chooses: one list for all with the same, so that none
   * needs a timer of its own. Where a process has many lengths, further ones are rounded up.
   */
  silence(milliseconds: number): Deadlines {
    const length = this.#silences.size < MOST_SILENCES
      ? milliseconds
      : 2 ** Math.ceil(Math.log2(Math.max(1_000, milliseconds)));
    let list = this.#silences.get(length);
    if (list === undefined) this.#silences.set(length, list = this.#set.list(length));
    return list;
  }

  /** Milliseconds that a connection may be idle between two requests. @param front what its front says, if it does */
  idleTime(front: number | undefined): number {
    return Math.min(this.#keepAlive ?? Infinity, front ?? this.#keepAlive ?? IDLE);
  }
}
