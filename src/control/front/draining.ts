/** The end of a front in good order. */

import type { MovedConnection } from "../../front/plan.ts";
import type { Log } from "../log/log.ts";
import type { FrontStore, Known } from "./front_store.ts";

/** Who is asked to come to an end. */
interface Draining {
  /** @param kept gets the connections on which nobody asks anything */
  drain(kept?: MovedConnection[]): Promise<void>;
}

/**
 * Has Workers finish what is under way, and leaves to the service manager on which nobody asks anything.
 *
 * @param patience milliseconds that they have
 * @param known what the next front is to be known by
 */
export async function drainWorkers(
  workers: Draining,
  store: FrontStore,
  { patience, known, log }: { readonly patience: number; readonly known: Known; readonly log: Log },
): Promise<void> {
  const kept = store.room();
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    log.warn("drain-late", "not everything came to an end in time; ending all the same");
    late.resolve();
  }, patience);
  await Promise.race([workers.drain(kept), late.promise]);
  clearTimeout(timer);
  await store.leave(kept, known);
}
