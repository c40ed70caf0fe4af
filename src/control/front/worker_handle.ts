/** The control plane's hold on one front Worker. */

import { adopt, type Descriptor, raiseDescriptorLimit, signalEventfd } from "../../../ffi/mod.ts";
import { Counters, COUNTERS_SIZE } from "../../front/core/counters.ts";
import { Ledger, ledgerSize } from "../../front/core/ledger.ts";
import type { ClientsPlace, Command, Family, Plan, RatesPlace, Report } from "../../front/plan.ts";

/** What a Worker has in common with the others. */
export interface WorkerPlace {
  /** Where they count clients together. */
  readonly rates: RatesPlace;
  readonly clients: ClientsPlace;
  readonly family: Family;
  /** Whether the front has a supervisor. */
  readonly supervised: boolean;
  /** Whether the front takes over from another: nothing is looked at before it is told to resume. */
  readonly succeeds: boolean;
}

/** Where a Worker is. */
export interface WorkerThread {
  /** The eventfd that wakes it. */
  readonly wake: Descriptor;
  /** What it waits at. */
  readonly epoll: Descriptor;
  /** The number of its thread. */
  readonly thread: number;
}

/** A data-plane Worker: an isolate on a thread of its own that blocks, and is woken to be told something. */
export class WorkerHandle {
  readonly counters: Counters;
  readonly ledger: Ledger;
  readonly ledgerMemory: SharedArrayBuffer;
  readonly #worker: Worker;
  /** What it has said of itself, as soon as it is ready. Its descriptors are its own. */
  #place: WorkerThread | undefined;
  readonly #ready = Promise.withResolvers<void>();
  /** What it is told when it is ready. */
  #waiting: Command[] = [];

  /**
   * @param worker which one it is, counted from 1
   * @param memory where it counts, and goes on counting
   * @param report takes what the Worker tells
   * @param failed called when the Worker ends by an error
   */
  constructor(
    name: string,
    worker: number,
    plan: Plan,
    { family, supervised, rates, clients, succeeds }: WorkerPlace,
    report: (report: Report) => void,
    failed: (reason: string) => void,
    readonly memory: SharedArrayBuffer = new SharedArrayBuffer(COUNTERS_SIZE),
  ) {
    this.counters = new Counters(memory);
    const ledger = this.ledgerMemory = new SharedArrayBuffer(ledgerSize(raiseDescriptorLimit()));
    this.ledger = new Ledger(ledger);
    this.#worker = new Worker(new URL("../../front/worker.ts", import.meta.url).href, {
      type: "module",
      name,
    });
    this.#worker.onmessage = (event: MessageEvent<Report>) => {
      if (event.data.type === "ready") this.#begun(event.data);
      report(event.data);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      failed(event.message);
    };
    const start: Command = {
      type: "start",
      plan,
      name,
      worker,
      counters: memory,
      ledger,
      rates,
      clients,
      family,
      supervised,
      succeeds,
    };
    this.#worker.postMessage(start);
  }

  #begun({ wake, epoll, thread }: Report & { readonly type: "ready" }): void {
    this.#place = { wake: adopt(wake), epoll: adopt(epoll), thread };
    for (const command of this.#waiting.splice(0)) this.tell(command);
    this.#ready.resolve();
  }

  /** Settles when the Worker is ready. */
  get whenReady(): Promise<void> {
    return this.#ready.promise;
  }

  /** Whether the Worker has said that it is. */
  get ready(): boolean {
    return this.#place !== undefined;
  }

  /** Where it is. @throws {Error} before it is ready */
  get place(): WorkerThread {
    if (this.#place === undefined) throw new Error("Cannot say where a Worker is before it is ready");
    return this.#place;
  }

  /** Tells the Worker something, as soon as it is ready. */
  tell(command: Command): void {
    if (this.#place === undefined) return void this.#waiting.push(command);
    // The message first: when the Worker wakes and looks, it is there, or on its way.
    this.#worker.postMessage(command);
    signalEventfd(this.#place.wake);
  }

  /** Hears nothing of it any more. */
  abandon(): void {
    this.#worker.onmessage = null;
    this.#worker.onerror = (event) => event.preventDefault();
  }
}
