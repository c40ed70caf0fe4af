/** The keys of session tickets of one supervisor: made in its memory, changed now and then, told to its processes alone. */

import { makeTicketKeys } from "./instructions.ts";

/** Milliseconds for which keys are used. A session that is older than that begins anew. */
const ROTATION = 8 * 3_600_000;

/** Keys, and who is told of new ones. */
export class TicketKeys {
  current: Uint8Array<ArrayBuffer> = makeTicketKeys();
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param rotation milliseconds for which keys are used */
  constructor(readonly rotation: number = ROTATION) {}

  /** Changes the keys from time to time, until {@linkcode stop}. @param changed called when they have */
  rotate(changed: () => void): void {
    this.#timer ??= setInterval(() => {
      this.current = makeTicketKeys();
      changed();
    }, this.rotation);
    // Nobody stays for this alone.
    Deno.unrefTimer(this.#timer);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
