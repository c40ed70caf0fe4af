/** Fronts, watched by their supervisor; and what those had that have ended, until another front asks for it. */

import { adopt, close, type Descriptor, EPOLLIN, openProcess } from "../../../ffi/mod.ts";
import type { MovedConnection } from "../../front/plan.ts";
import type { Loop } from "../../loop/loop.ts";
import { logOf } from "../log/log.ts";
import { type Held, recoverFront } from "./recover_front.ts";
import { Suspects } from "./suspects.ts";

/** A front that lives. */
interface Watched {
  held: Held;
  /** It has asked for what others have left, and does so once. */
  asked: boolean;
  /** Its process. */
  readonly life: Descriptor;
  /** Keeps the process running that holds its descriptors. */
  readonly until: Descriptor;
}

/** All of one supervisor's. */
export class LeftBehind {
  readonly #log = logOf("up");
  readonly #watched = new Map<unknown, Watched>();
  readonly #suspects = new Suspects();
  #connections: MovedConnection[] = [];

  /**
   * @param loop is run by the caller
   * @param ports that fronts listen at
   */
  constructor(readonly loop: Loop, readonly ports: () => ReadonlySet<number>) {}

  /**
   * Where a front's descriptors are held.
   *
   * @param front what it is told apart by
   * @param process its number
   * @param until keeps the holding process running: this object's from now on; undefined where it is known
   */
  held(front: unknown, process: number, held: Held, until: Descriptor | undefined): void {
    const known = this.#watched.get(front);
    if (known !== undefined) known.held = held;
    if (known !== undefined || until === undefined) {
      if (until !== undefined) close(until);
      return;
    }
    const life = openProcess(process);
    // It has died, and nobody has seen it: then its end is that of a front that had nothing.
    if (life < 0) return close(until);
    const watched = { held, asked: false, life: adopt(life), until };
    this.#watched.set(front, watched);
    this.loop.poller.add(watched.life, EPOLLIN, { ready: () => this.#died(front, watched) });
    this.loop.wake();
  }

  #died(front: unknown, watched: Watched): void {
    const recovered = recoverFront(watched.held, this.ports(), this.#suspects);
    // The holding process ends, and with it what is left.
    this.gone(front);
    if (recovered === undefined) return;
    if (typeof recovered === "string") {
      this.#log.warn("connections-lost", "the front has died, and its connections with it: {reason}", {
        reason: recovered,
      });
      return;
    }
    let { connections, lost } = recovered;
    // Another one is the front by now: it does not ask any more.
    if ([...this.#watched.values()].some(({ asked }) => asked)) {
      for (const { fd } of connections) close(fd as Descriptor);
      lost += connections.length;
      connections = [];
    }
    this.#connections.push(...connections);
    if (connections.length + lost === 0) return;
    this.#log.warn(
      "connections-recovered",
      "the front has died; {count} of its connections are recovered and wait for the next one, {lost} have ended",
      {
        count: connections.length,
        lost,
      },
    );
  }

  /** A front has gone. */
  gone(front: unknown): void {
    const watched = this.#watched.get(front);
    if (watched === undefined) return;
    this.#watched.delete(front);
    this.loop.poller.remove(watched.life);
    close(watched.life);
    close(watched.until);
  }

  /** What waits for a front, which asks for it. Lent, until {@linkcode taken}. */
  askedBy(front: unknown): readonly MovedConnection[] {
    const watched = this.#watched.get(front);
    if (watched !== undefined) watched.asked = true;
    return this.#connections;
  }

  /** Some more waits for a front. @param connections owned by this from now on */
  add(connections: readonly MovedConnection[]): void {
    this.#connections.push(...connections);
  }

  /** A front has all of it. */
  taken(): void {
    for (const { fd } of this.take()) close(fd as Descriptor);
  }

  /** What waits: the caller's from now on. */
  take(): MovedConnection[] {
    return this.#connections.splice(0);
  }

  /** Ends everything. */
  close(): void {
    for (const front of [...this.#watched.keys()]) this.gone(front);
    this.taken();
  }
}
