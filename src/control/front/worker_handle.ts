/** The control plane's hold on one front Worker. */

import { adopt, type Descriptor, signalEventfd } from "../../../ffi/mod.ts";
import { Counters, COUNTERS_SIZE } from "../../front/core/counters.ts";
import type { Command, Family, Plan, Report } from "../../front/plan.ts";

/** What a Worker has in common with the others. */
export interface WorkerPlace {
  readonly family: Family;
  /** Whether the front has a supervisor. */
  readonly supervised: boolean;
}

/** A data-plane Worker: an isolate on a thread of its own that blocks, and is woken to be told something. */
export class WorkerHandle {
  readonly counters: Counters;
  readonly #worker: Worker;
  readonly #memory = new SharedArrayBuffer(COUNTERS_SIZE);
  /** The eventfd that wakes it; the Worker's own. */
  #wake: Descriptor | undefined;

  /**
   * @param worker which one it is, counted from 1
   * @param report takes what the Worker tells
   * @param failed called when the Worker ends by an error
   */
  constructor(
    name: string,
    worker: number,
    plan: Plan,
    { family, supervised }: WorkerPlace,
    report: (report: Report) => void,
    failed: (reason: string) => void,
  ) {
    this.counters = new Counters(this.#memory);
    this.#worker = new Worker(new URL("../../front/worker.ts", import.meta.url).href, {
      type: "module",
      name,
    });
    this.#worker.onmessage = (event: MessageEvent<Report>) => {
      if (event.data.type === "ready") this.#wake = adopt(event.data.wake);
      report(event.data);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      failed(event.message);
    };
    const start: Command = { type: "start", plan, name, worker, counters: this.#memory, family, supervised };
    this.#worker.postMessage(start);
  }

  /** Whether the Worker has said that it is. */
  get ready(): boolean {
    return this.#wake !== undefined;
  }

  /** Tells the Worker something; after it has said that it is ready. */
  tell(command: Command): void {
    if (this.#wake === undefined) throw new Error("Cannot tell a Worker anything before it is ready");
    // The message first: when the Worker wakes and looks, it is there, or on its way.
    this.#worker.postMessage(command);
    signalEventfd(this.#wake);
  }

  /** Ends the isolate. Only a Worker that is not blocked takes notice; the process's end takes the others with it. */
  terminate(): void {
    this.#worker.terminate();
  }
}
