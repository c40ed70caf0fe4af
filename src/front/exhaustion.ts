/** Running out of descriptors: accept nothing for a moment, say so once, go on when it works again. */

import { Timed } from "../loop/deadlines.ts";
import type { Front } from "./front.ts";

/** A time in which accept(2) finds no descriptor free. What the kernel has queued meanwhile waits there. */
export class Exhaustion extends Timed {
  #lasts = false;

  constructor(readonly front: Front) {
    super();
  }

  /** It has begun, or goes on. */
  begin(): void {
    if (this.#lasts) return;
    this.#lasts = true;
    this.front.report({ type: "descriptors", exhausted: true });
  }

  /** Accepting works. */
  over(): void {
    if (!this.#lasts) return;
    this.#lasts = false;
    this.front.report({ type: "descriptors", exhausted: false });
  }

  /** Time to try again. */
  override expire(): void {
    this.front.resumeAccepting();
  }
}
