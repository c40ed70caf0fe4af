/** What a front gives to one that takes over: its Workers' connections, its sockets, its counts. */

import { type Descriptor, processId } from "../../../ffi/mod.ts";
import type { CounterName } from "../../front/core/counters.ts";
import type { MovedConnection } from "../../front/plan.ts";
import type { OpenListener } from "../listening/open_listener.ts";
import { notify, notifySocket } from "../processes/notify.ts";
import type { Offer } from "../take_over/exchange.ts";
import type { Giver } from "../take_over/giving.ts";
import { type Bequeathed, bequest } from "./bequest.ts";
import type { Followers } from "./in_force.ts";

/** Gives it. */
export class FrontGiver implements Giver {
  /** @param facts what else the other front is told */
  constructor(
    readonly followers: Pick<Followers, "workers" | "listeners" | "admin" | "observed">,
    readonly facts: () => Omit<Offer, "process" | "manager" | "admin">,
  ) {}

  get offer(): Offer {
    const admin = this.followers.admin.heritage?.key ?? "";
    return { ...this.facts(), process: processId(), manager: notifySocket() ?? "", admin };
  }

  get admin(): Descriptor | undefined {
    return this.followers.admin.heritage?.socket;
  }

  get listeners(): readonly OpenListener[] {
    return this.followers.listeners.open;
  }

  get totals(): Readonly<Record<string, number>> {
    const sum: Record<string, number> = {};
    for (const counters of this.followers.workers.counters) {
      for (const [name, count] of Object.entries(counters.read()) as [CounterName, number][]) {
        sum[name] = (sum[name] ?? 0) + count;
      }
    }
    return sum;
  }

  /** Everything else that was counted. */
  bequest(): Iterable<Bequeathed> {
    return bequest(this.followers.observed, this.followers.workers.counters, this.totals);
  }

  set moved(take: (connection: MovedConnection) => void) {
    this.followers.workers.moved = take;
  }

  surrender(): Promise<MovedConnection[]> {
    return this.followers.workers.surrender();
  }

  resume(connections: readonly MovedConnection[]): void {
    this.followers.admin.goOn();
    this.followers.workers.resume(connections);
  }

  leave(kept: readonly string[], now: boolean): Promise<void> {
    return this.followers.workers.leave(kept, now);
  }

  farewell(): Promise<void> {
    return this.followers.workers.farewell();
  }

  /**
   * The service manager takes this from its main process, which is this one until then. Who comes to the admin address waits
   * for the other front.
   */
  succeeded(process: number): void {
    notify(`MAINPID=${process}`);
    this.followers.admin.rest();
  }
}
