/** The lists of who is trusted in one configuration, to which its listeners refer. */

import { MAX_TRUSTED } from "../protocol/messages.ts";
import type { Trust } from "../trust/trust.ts";

/** Keeps each list once. */
export class TrustLists {
  readonly all: Trust[] = [];
  readonly #numbers = new Map<string, number>();

  /** The number of a list, counted from 1. */
  numberOf(trust: Trust): number {
    const key = JSON.stringify(trust);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.all.push(trust);
    this.#numbers.set(key, this.all.length);
    return this.all.length;
  }

  /** Why they cannot be told to backends; undefined where they can. */
  get fault(): string | undefined {
    const bytes = new TextEncoder().encode(JSON.stringify(this.all)).length;
    return bytes <= MAX_TRUSTED
      ? undefined
      : `Found ${bytes} bytes of networks, and ${MAX_TRUSTED} fit; write larger networks in place of many small ones`;
  }
}
