/**
 * Descriptors of a thread of this process that does nothing any more.
 *
 * It may wake up. So first it is stopped for good, but for a system call that it may be in. And then each number is given
 * another meaning before what it was is used: whatever that call does, it does to something that is nobody's.
 */

import {
  adopt,
  close,
  createEventfd,
  type Descriptor,
  duplicate,
  replaceDescriptor,
} from "../../../ffi/mod.ts";
import type { Holder } from "./recovery.ts";

/** Those of one thread. */
export class OwnDescriptors implements Holder {
  /** Numbers that stand for nothing now. */
  readonly #vacated: Descriptor[] = [];
  readonly #nothing = createEventfd();

  take(fd: Descriptor): Descriptor | undefined {
    const copy = duplicate(fd);
    if (copy < 0) return undefined;
    if (replaceDescriptor(this.#nothing, fd) >= 0) this.#vacated.push(fd);
    return adopt(copy);
  }

  /** The thread has been seen to execute nothing any more: what it had besides is closed. @param others its other descriptors */
  finish(others: readonly Descriptor[]): void {
    for (const fd of [...this.#vacated.splice(0), ...others, this.#nothing]) close(fd);
  }
}
