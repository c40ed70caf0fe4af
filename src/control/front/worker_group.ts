/** The Workers of a front, told and heard together. */

import type { Counters } from "../../front/core/counters.ts";
import type { Command, MovedConnection, Plan, Report } from "../../front/plan.ts";
import { Barrier } from "./barrier.ts";
import { newClientsPlace, SharedClients } from "../../front/core/shared_clients.ts";
import { newRatesPlace } from "../../front/core/shared_rates.ts";
import { WorkerHandle, type WorkerPlace } from "./worker_handle.ts";

/** Who hears what Workers tell. */
export interface GroupEvents {
  /** @param worker which one tells it, counted from 0 */
  reported(report: Report, worker: number): void;
  /** A Worker has ended by an error. */
  failed(reason: string): void;
}

/** All of them. Connections that go from one data plane to another are this object's meanwhile: see plan.ts. */
export class WorkerGroup {
  readonly #handles: WorkerHandle[] = [];
  readonly #barrier: Barrier;
  /** What they were started with. */
  #place: WorkerPlace | undefined;
  #surrendered: MovedConnection[] = [];
  /** Takes connections that come after the others, while all of them go. */
  moved: (connection: MovedConnection) => void = (connection) => this.#surrendered.push(connection);

  constructor(readonly count: number, readonly events: GroupEvents) {
    this.#barrier = new Barrier(count);
  }

  /** Starts them. @returns when all are ready; never if one cannot start */
  start(plan: (worker: number) => Plan, told: Omit<WorkerPlace, "rates" | "clients">): Promise<void> {
    const ready = this.#barrier.expect("ready");
    const tables = { rates: newRatesPlace(true), clients: newClientsPlace(this.count) };
    const place = this.#place = { ...told, ...tables };
    for (let index = 0; index < this.count; index++) {
      this.#handles.push(this.#begin(index, plan(index), place));
    }
    return ready;
  }

  #begin(index: number, plan: Plan, place: WorkerPlace, memory?: SharedArrayBuffer): WorkerHandle {
    return new WorkerHandle(
      `front ${Deno.pid}.${index + 1}`,
      index + 1,
      plan,
      place,
      (report) => this.#reported(report, index),
      (reason) => this.events.failed(reason),
      memory,
    );
  }

  /** Each of them. */
  get handles(): readonly WorkerHandle[] {
    return this.#handles;
  }

  /**
   * Starts another Worker in the place of one that is not heard any more. It goes on counting where that one has stopped.
   *
   * @param connections what it takes in when it is ready
   * @returns when that is so
   */
  replace(
    index: number,
    plan: Plan,
    connections: readonly MovedConnection[],
  ): Promise<void> {
    const { memory, counters } = this.#handles[index]!;
    counters.nothingAtATime();
    // What it had is counted afresh, by whoever has it now.
    new SharedClients(this.#place!.clients, index).clear();
    this.#handles[index] = this.#begin(index, plan, { ...this.#place!, succeeds: false }, memory);
    // What the others were asked for last, it does from its beginning on.
    this.#barrier.reported("applied");
    this.tell(index, { type: "take-in", connections });
    return this.#handles[index]!.whenReady;
  }

  #reported(report: Report, worker: number): void {
    if (report.type === "surrendered") this.#surrendered.push(...report.connections);
    else if (report.type === "moved") report.connections.forEach((connection) => this.moved(connection));
    else this.events.reported(report, worker);
    this.#barrier.reported(report.type);
  }

  /** Whether all have said that they are ready. */
  get ready(): boolean {
    return this.#handles.every(({ ready }) => ready);
  }

  /** The memory of each one's ledger. */
  get ledgers(): readonly SharedArrayBuffer[] {
    return this.#handles.map(({ ledgerMemory }) => ledgerMemory);
  }

  /** What each of them has counted. */
  get counters(): readonly Counters[] {
    return this.#handles.map(({ counters }) => counters);
  }

  /** Tells one of them something; after it was ready. */
  tell(worker: number, command: Command): void {
    this.#handles[worker]!.tell(command);
  }

  #tellAll(command: Command): void {
    for (const handle of this.#handles) if (handle.ready) handle.tell(command);
  }

  /** Has them go by another plan. @returns when all do */
  async apply(plan: (worker: number) => Plan): Promise<void> {
    const applied = this.#barrier.expect("applied");
    this.#handles.forEach((handle, index) => handle.tell({ type: "plan", plan: plan(index) }));
    await applied;
  }

  /** Has them open logs anew. */
  reopen(): void {
    this.#tellAll({ type: "reopen" });
  }

  /**
   * Has them come to an end.
   *
   * @param kept gets the connections on which nobody asks anything, which are closed without it
   * @returns when they have
   */
  async drain(kept?: MovedConnection[]): Promise<void> {
    const drained = this.#barrier.expect("drained");
    if (kept !== undefined) this.moved = (connection) => void kept.push(connection);
    this.#tellAll({ type: "drain", keepsIdle: kept !== undefined });
    await drained;
  }

  /** Has them accept nothing more and let all connections go. @returns those: the caller's from now on */
  async surrender(): Promise<MovedConnection[]> {
    const surrendered = this.#barrier.expect("surrendered");
    this.#tellAll({ type: "surrender" });
    await surrendered;
    return this.#surrendered.splice(0);
  }

  /**
   * Has them accept, whether for the first time or again, and go on with these connections.
   *
   * @param totals what another front has counted
   */
  resume(connections: readonly MovedConnection[], totals?: Readonly<Record<string, number>>): void {
    // One of them may still let some go until it hears of this.
    this.moved = (connection) => this.takeIn([connection]);
    this.#tellAll({ type: "resume" });
    this.takeIn([...connections, ...this.#surrendered.splice(0)], totals);
  }

  /** Deals connections out. @param totals what another front has counted */
  takeIn(connections: readonly MovedConnection[], totals?: Readonly<Record<string, number>>): void {
    // Whose time ends first comes first: then each goes to the end of a list of deadlines.
    const sorted = connections.toSorted((one, other) => one.idle - other.idle || one.head - other.head);
    this.#handles.forEach((handle, index) => {
      const own = sorted.filter((_, at) => at % this.count === index);
      const counted = index === 0 && totals !== undefined ? { totals } : {};
      if (own.length > 0 || index === 0) handle.tell({ type: "take-in", connections: own, ...counted });
    });
  }

  /**
   * @param kept the keys of the listeners that are somebody else's now
   * @param now gives up hand-offs that are under way
   * @returns when none is under way on any of them
   */
  async leave(kept: readonly string[], now: boolean): Promise<void> {
    const left = this.#barrier.expect("left");
    this.#tellAll({ type: "leave", now, kept });
    await left;
  }

  /** Has them end their channels, since another front has everything. @returns when they have */
  async farewell(): Promise<void> {
    const drained = this.#barrier.expect("drained");
    this.#tellAll({ type: "farewell" });
    await drained;
  }
}
