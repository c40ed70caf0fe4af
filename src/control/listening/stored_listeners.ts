/** Listening sockets that are in the service manager's store as well, so that they outlive every process of fdpass. */

import { mayStore, PREFIX, store, unstore } from "../stored/descriptor_store.ts";
import type { GivenSockets } from "./given_sockets.ts";
import { type ListenerSource, OwnListeners } from "./listener_source.ts";
import { isOwn, type OpenListener, type WantedListener } from "./open_listener.ts";

/** What a listener's sockets are called in the store: a colon is not allowed there. */
export function storedName(key: string): string {
  return `${PREFIX}listener-${key.replaceAll(":", "_")}`;
}

/**
 * Where a process gets listening sockets from that no supervisor keeps.
 *
 * @param given what it was started with
 * @param defers see OwnListeners
 */
export function ownSource(given: GivenSockets, defers = false): ListenerSource {
  return new StoredListeners(new OwnListeners(given, defers), given);
}

/**
 * Stores what another source opens, where there is a manager that may have a store: a front that takes over gets to know
 * that one only when it has taken over.
 *
 * They are there from then on, not from this process's end: that may come without warning. Who connects while nobody
 * accepts waits.
 */
export class StoredListeners implements ListenerSource {
  /** Those that are there, or are of no concern since the manager has them anyway. */
  #keys = new Set<string>();

  /** @param given says which sockets the manager has of its own accord: those of a socket unit are not stored besides */
  constructor(readonly source: ListenerSource, readonly given: GivenSockets) {}

  open(
    wanted: readonly WantedListener[],
    workers: number,
    others: readonly string[],
  ): Promise<readonly OpenListener[]> {
    return this.source.open(wanted, workers, others);
  }

  widen(listener: OpenListener, workers: number): OpenListener {
    return this.source.widen(listener, workers);
  }

  /** The manager keeps one of each, however often it gets it. */
  async secure(open: readonly OpenListener[]): Promise<void> {
    if (!mayStore()) return;
    for (const { key, sockets } of open) {
      this.#keys.add(key);
      // What came from another front may be of a socket unit as well.
      const own = sockets.filter((socket) => isOwn(socket) && !this.given.isManagers(socket));
      if (own.length > 0) await store(own, { name: storedName(key), watched: false });
    }
  }

  async keep(keys: readonly string[]): Promise<void> {
    const gone = [...this.#keys].filter((key) => !keys.includes(key));
    this.#keys = new Set(keys);
    for (const key of gone) await unstore(storedName(key));
    await this.source.keep(keys);
  }
}
