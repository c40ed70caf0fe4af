/** The end of a front in good order. */

import type { MovedConnection } from "../../front/plan.ts";
import type { Log } from "../log/log.ts";
import type { Known } from "./front_store.ts";

/** Who is asked to come to an end. */
interface Draining {
  /** @param kept gets the connections on which nobody asks anything */
  drain(kept?: MovedConnection[]): Promise<void>;
}

/** Who keeps connections for the next front. */
export interface Leaving {
  /** Where they are collected; undefined where they cannot be left. */
  room(): Promise<MovedConnection[] | undefined> | MovedConnection[] | undefined;
  /** Leaves them. @param connections owned by this from now on @param known what the next front is to be known by */
  leave(connections: readonly MovedConnection[] | undefined, known: Known): Promise<void>;
}

/**
 * Has Workers finish what is under way, and leaves to the next front on which nobody asks anything.
 *
 * @param patience milliseconds that they have
 * @param known what the next front is to be known by
 */
export async function drainWorkers(
  workers: Draining,
  leaving: Leaving,
  { patience, known, log }: { readonly patience: number; readonly known: Known; readonly log: Log },
): Promise<void> {
  const kept = await leaving.room();
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    log.warn("drain-late", "not everything came to an end in time; ending all the same");
    late.resolve();
  }, patience);
  await Promise.race([workers.drain(kept), late.promise]);
  clearTimeout(timer);
  await leaving.leave(kept, known);
}
