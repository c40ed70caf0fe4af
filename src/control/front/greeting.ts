/** Waits until Workers that have just started know of each backend whether it is there. */

import type { Report } from "../../front/plan.ts";

/** Milliseconds after which one that has not answered counts as away. */
const PATIENCE = 3_000;

/** Counts first answers. */
export class Greeting {
  /** Settles when there are as many as were expected, or it has taken too long. */
  readonly over: Promise<void>;
  readonly #known = new Set<string>();
  readonly #resolve: () => void;

  /** @param expected Workers times backends */
  constructor(readonly expected: number) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, PATIENCE);
    this.over = promise.finally(() => clearTimeout(timer));
    this.#resolve = resolve;
    this.#look();
  }

  /** Takes a report of a Worker. */
  take(report: Report, worker: number): void {
    if (report.type !== "backend-found" && report.type !== "backend-awaited") return;
    this.#known.add(`${worker} ${report.backend}`);
    this.#look();
  }

  #look(): void {
    if (this.#known.size >= this.expected) this.#resolve();
  }
}
