/** Which processes of a backend people know of. */

import { Timed } from "../../loop/deadlines.ts";
import type { Core } from "../core/core.ts";
import type { HandoffChannel } from "./handoff_channel.ts";

/** Whose processes they are, as that is when it is asked. */
interface Processes {
  readonly backend: { readonly name: string };
  readonly channels: readonly HandoffChannel[];
}

/** Says which processes take connections, when that has changed; what changes in one second, together. */
export class ToldProcesses extends Timed {
  #told = "";

  constructor(readonly core: Core, readonly link: Processes) {
    super();
  }

  /** It may have changed. */
  changed(): void {
    if (this.deadlines === undefined) this.core.deadlines.tell.start(this, this.core.loop.now);
  }

  override expire(): void {
    const processes = this.link.channels.flatMap(({ state, process }) =>
      state === "ready" && process > 0 ? process : []
    );
    processes.sort((a, b) => a - b);
    const text = processes.join();
    if (text === this.#told) return;
    this.#told = text;
    this.core.report({ type: "backend-processes", backend: this.link.backend.name, processes });
  }
}
