/** How many connections a backend holds, as its fronts are told. */

import { type Deadlines, Timed } from "../loop/deadlines.ts";
import type { Backend } from "./backend.ts";

/** Tells the fronts how busy this process is: soon after a change, not at each one. */
export class LoadReport extends Timed {
  constructor(readonly backend: Backend, readonly soon: Deadlines) {
    super();
  }

  changed(): void {
    if (this.deadlines === undefined && !this.backend.draining) this.soon.start(this, performance.now());
  }

  override expire(): void {
    for (const channel of this.backend.channels) channel.sayLoad(this.backend.active);
  }
}
