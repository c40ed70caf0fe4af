/** What load.ts tells load_client.ts to do, and what it hears from it. */

/** More connections than any test makes: as many as there are until `Load.enough`. */
export const ENDLESS = 2 ** 31 - 1;

/** What clients do. */
export interface LoadPlan {
  readonly port: number;
  /** Connections, each with one request; {@linkcode ENDLESS} for as many as come until it is enough. */
  readonly total: number;
  /** Connections at a time. */
  readonly concurrency: number;
  readonly path: string;
  readonly host: string;
  /** Addresses of clients, in turn; the kernel's choice when there are none. */
  readonly sources: readonly string[];
  /** Milliseconds that a client waits for its answer and the end of the connection. */
  readonly patience: number;
  /** The first request's number; each one after it has the next. */
  readonly firstId: number;
  /** Milliseconds from which on an answer is listed as a slow one. */
  readonly slow: number;
}

/**
 * How one client fared:
 *
 * - `answered`: with 200, whole, to its own request, and nothing behind it
 * - `refused`: with 503, whole, and the connection ended in good order
 * - `closed`: the connection ended without a byte
 * - `reset`: it was reset without a byte
 * - `broken`: anything else that came, or was reset after bytes had come
 * - `late`: nothing of that in time
 */
export type Outcome = "answered" | "refused" | "closed" | "reset" | "broken" | "late";

/** How all of them fared. */
export interface LoadResult extends Readonly<Record<Outcome, number>> {
  readonly total: number;
  /** Of those refused, how many were told when to come again. */
  readonly retryAfter: number;
  /** Those that were not answered: number, outcome, and what had come. */
  readonly unanswered: readonly (readonly [number, Outcome, string])[];
  /** Answers by process that gave them, by `front>process`, and by the client's address and process. */
  readonly processes: Readonly<Record<string, number>>;
  readonly pairs: Readonly<Record<string, number>>;
  readonly bySource: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Milliseconds that the slowest answer took. */
  readonly slowest: number;
  /** Answers that took {@linkcode LoadPlan.slow} milliseconds or more: number, milliseconds, process. */
  readonly slow: readonly (readonly [number, number, number])[];
  /** Milliseconds that each of those refused had waited, in the order in which they ended. */
  readonly refusalTimes: readonly number[];
  readonly seconds: number;
}
