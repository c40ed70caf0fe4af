/** Running out of descriptors: accept nothing for a moment, say so once, go on when it works again. */

import { Timed } from "../../loop/deadlines.ts";
import type { Core } from "../core/core.ts";
import type { Accepting } from "../handoff/crowding.ts";

/**
 * A time in which accept(2) finds no descriptor free. What the kernel has queued meanwhile waits there.
 *
 * Accepting goes on as soon as a connection has ended, and often stops again at the next one: people are told of the
 * whole as of one thing. It is over when there was no shortage for a while.
 */
export class Exhaustion extends Timed {
  #paused = false;
  #told = false;
  /** A connection was accepted since the last shortage. */
  #works = false;

  constructor(readonly core: Core, readonly accepting: Accepting) {
    super();
  }

  /** Whether nothing is accepted at the moment. */
  get paused(): boolean {
    return this.#paused;
  }

  /** It has begun, or goes on. */
  begin(): void {
    this.#paused = true;
    this.#works = false;
    this.accepting.pause(this);
    this.core.deadlines.exhausted.start(this, this.core.loop.now);
    if (this.#told) return;
    this.#told = true;
    this.core.report({ type: "descriptors", exhausted: true });
  }

  /** A descriptor has become free here, or may have elsewhere: tries again. */
  resume(): void {
    this.#paused = false;
    this.accepting.resume(this);
    this.core.deadlines.tell.start(this, this.core.loop.now);
  }

  /** A connection was accepted. */
  accepted(): void {
    this.#works = true;
  }

  override expire(): void {
    if (this.#paused) return this.resume();
    if (!this.#works) {
      // Nobody has come to try it with.
      this.core.deadlines.tell.start(this, this.core.loop.now);
      return;
    }
    this.#told = false;
    this.core.report({ type: "descriptors", exhausted: false });
  }
}
