/** A number kept free for a descriptor that is about to come. */

import { adopt, close, type Descriptor, duplicate } from "../../../ffi/mod.ts";

/**
 * The kernel drops a descriptor that it finds no number for, and the client is lost. So a number is kept occupied, and
 * given up just before a descriptor may come.
 */
export class Reserve {
  #held: Descriptor | undefined;

  /** @param original lent: what the number is a copy of as long as it is kept */
  constructor(readonly original: Descriptor) {
    this.occupy();
  }

  /** Gives the number up, for what comes next. */
  free(): void {
    if (this.#held !== undefined) close(this.#held);
    this.#held = undefined;
  }

  /** Takes a number again. Without one that is free there is none until the next time. */
  occupy(): void {
    if (this.#held !== undefined) return;
    const copy = duplicate(this.original);
    if (copy >= 0) this.#held = adopt(copy);
  }
}
