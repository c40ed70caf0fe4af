/** How many connections a backend holds, as its fronts are told. */

import { type Deadlines, Timed } from "../../loop/deadlines.ts";

/** A process that says how busy it is. */
export interface LoadOwner {
  /** Connections that it holds. */
  readonly active: number;
  /** Who is told. */
  readonly channels: Iterable<{ sayLoad(active: number): boolean }>;
}

/** Tells the fronts how busy this process is: soon after a change, not at each one. */
export class LoadReport extends Timed {
  constructor(readonly owner: LoadOwner, readonly soon: Deadlines) {
    super();
  }

  changed(): void {
    if (this.deadlines === undefined) this.soon.start(this);
  }

  override expire(): void {
    const { channels, active } = this.owner;
    // Where there is no room for it, or it is more than one message has: soon again.
    for (const channel of channels) if (!channel.sayLoad(active)) this.changed();
  }
}
