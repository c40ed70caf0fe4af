/** What a front gives to one that takes over: its Workers' connections, its sockets, its counts. */

import { processId } from "../../../ffi/mod.ts";
import type { CounterName } from "../../front/core/counters.ts";
import type { MovedConnection } from "../../front/plan.ts";
import type { OpenListener } from "../listening/open_listener.ts";
import { notify, notifySocket } from "../processes/notify.ts";
import type { Offer } from "../take_over/exchange.ts";
import type { Giver } from "../take_over/giving.ts";
import { type Bequeathed, bequest } from "./bequest.ts";
import type { FrontListeners } from "./front_listeners.ts";
import type { Observed } from "./front_status.ts";
import type { WorkerGroup } from "./worker_group.ts";

/** Gives it. */
export class FrontGiver implements Giver {
  /** @param observed what is known of backends @param facts what else the other front is told */
  constructor(
    readonly workers: WorkerGroup,
    readonly open: FrontListeners,
    readonly observed: Observed,
    readonly facts: () => Omit<Offer, "process" | "manager">,
  ) {}

  get offer(): Offer {
    return { ...this.facts(), process: processId(), manager: notifySocket() ?? "" };
  }

  get listeners(): readonly OpenListener[] {
    return this.open.open;
  }

  get totals(): Readonly<Record<string, number>> {
    const sum: Record<string, number> = {};
    for (const counters of this.workers.counters) {
      for (const [name, count] of Object.entries(counters.read()) as [CounterName, number][]) {
        sum[name] = (sum[name] ?? 0) + count;
      }
    }
    return sum;
  }

  /** Everything else that was counted. */
  bequest(): Iterable<Bequeathed> {
    return bequest(this.observed, this.workers.counters, this.totals);
  }

  set moved(take: (connection: MovedConnection) => void) {
    this.workers.moved = take;
  }

  surrender(): Promise<MovedConnection[]> {
    return this.workers.surrender();
  }

  resume(connections: readonly MovedConnection[]): void {
    this.workers.resume(connections);
  }

  leave(kept: readonly string[], now: boolean): Promise<void> {
    return this.workers.leave(kept, now);
  }

  farewell(): Promise<void> {
    return this.workers.farewell();
  }

  /** The service manager takes this from its main process, which is this one until then. */
  succeeded(process: number): void {
    notify(`MAINPID=${process}`);
  }
}
