/** How many connections a backend holds, as its fronts are told. */

import { type Deadlines, Timed } from "../../loop/deadlines.ts";

/** A process that says how busy it is. */
export interface LoadOwner {
  /** Connections that it holds. */
  readonly active: number;
  /** Takes nothing new: nobody has to know any more. */
  readonly draining: boolean;
  /** Who is told. */
  readonly channels: Iterable<{ sayLoad(active: number): void }>;
}

/** Tells the fronts how busy this process is: soon after a change, not at each one. */
export class LoadReport extends Timed {
  constructor(readonly owner: LoadOwner, readonly soon: Deadlines) {
    super();
  }

  changed(): void {
    if (this.deadlines === undefined && !this.owner.draining) this.soon.start(this);
  }

  override expire(): void {
    for (const channel of this.owner.channels) channel.sayLoad(this.owner.active);
  }
}
