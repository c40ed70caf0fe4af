/** Waits for all Workers of a front. */

import type { Report } from "../../front/plan.ts";

/** Counts the Workers that have come as far as something, so that one can wait for the last. */
export class Barrier {
  readonly #awaited = new Map<Report["type"], { missing: number; readonly reached: () => void }>();

  constructor(readonly workers: number) {}

  /** Settles when every Worker has reported this, from now on. */
  expect(type: Report["type"]): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#awaited.set(type, { missing: this.workers, reached: resolve });
    return promise;
  }

  /** One Worker has reported this. What nobody waits for is not counted. */
  reported(type: Report["type"]): void {
    const awaited = this.#awaited.get(type);
    if (awaited !== undefined && --awaited.missing === 0) awaited.reached();
  }
}
