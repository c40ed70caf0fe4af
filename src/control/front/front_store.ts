/** What a front leaves in the service manager's store when it ends, and finds there when it starts. */

import type { Family, MovedConnection } from "../../front/plan.ts";
import type { Loop } from "../../loop/loop.ts";
import type { GivenSockets } from "../listening/given_sockets.ts";
import type { Log } from "../log/log.ts";
import { mayStore, untilStored } from "../stored/descriptor_store.ts";
import { storeConnections, takeStored, unstoreConnections } from "../stored/stored_connections.ts";

/** What backends know a front by. */
export interface Known {
  readonly family: Family;
  readonly generation: number;
}

/** Connections between one front and the next one, where the manager starts another. */
export class FrontStore {
  #found: readonly MovedConnection[] = [];

  /** @param loop is run by the caller */
  constructor(readonly loop: Loop, readonly log: Log) {}

  /**
   * Takes what this process was given of an earlier front.
   *
   * @returns what it was known by to backends, and its last generation; undefined where nothing was left
   */
  find(given: GivenSockets): Known | undefined {
    const { connections, family, generation, faults } = takeStored(given);
    this.#found = connections;
    for (const what of faults) {
      this.log.warn("stored-unused", "the service manager's store had {what}; closed", { what });
    }
    return family === undefined ? undefined : { family, generation };
  }

  /**
   * Goes on with it. The manager lets go of it first: a connection that it still had would not end when its owner ends it,
   * and come once more after a crash.
   */
  async takeIn(workers: { takeIn(connections: readonly MovedConnection[]): void }): Promise<void> {
    const found = this.#found;
    if (found.length === 0) return;
    await unstoreConnections();
    await untilStored(this.loop);
    this.#found = [];
    this.goOn(found, workers);
  }

  /** Goes on with connections of another front. @param connections owned by the Workers from now on */
  goOn(
    connections: readonly MovedConnection[],
    workers: { takeIn(connections: readonly MovedConnection[]): void },
  ): void {
    workers.takeIn(connections);
    this.log.info("stored-taken", "goes on with {count} connections of the front before", {
      count: connections.length,
    });
  }

  /** Where connections are collected that are to be left; undefined where they cannot be. */
  room(): MovedConnection[] | undefined {
    return mayStore() ? [] : undefined;
  }

  /** Leaves connections, and what their backends know the front by. @param connections owned by this from now on */
  async leave(
    connections: readonly MovedConnection[] | undefined,
    { family, generation }: Known,
  ): Promise<void> {
    if (connections === undefined) return;
    await storeConnections(connections, family, generation);
    // A message of a process that has ended may be nobody's.
    await untilStored(this.loop);
    if (connections.length === 0) return;
    this.log.info("connections-stored", "leaves {count} connections to the service manager", {
      count: connections.length,
    });
  }
}
