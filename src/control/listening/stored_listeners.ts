/** Listening sockets that are in the service manager's store as well, so that they outlive every process of fdpass. */

import type { Descriptor } from "../../../ffi/mod.ts";
import { mayStore, PREFIX, store, unstore } from "../stored/descriptor_store.ts";
import type { GivenSockets } from "./given_sockets.ts";
import { type ListenerSource, OwnListeners } from "./listener_source.ts";
import type { OpenListener, WantedListener } from "./open_listener.ts";

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
  const own = new OwnListeners(given, defers);
  return mayStore() ? new StoredListeners(own, given) : own;
}

/**
 * Stores what another source opens. They are there from their opening on, not from this process's end: that may come without
 * warning. Who connects while nobody accepts waits.
 */
export class StoredListeners implements ListenerSource {
  /** Those that are there, or are of no concern since the manager has them anyway. */
  #keys = new Set<string>();

  /** @param given says which sockets the manager has of its own accord: those of a socket unit are not stored besides */
  constructor(readonly source: ListenerSource, readonly given: GivenSockets) {}

  async open(
    wanted: readonly WantedListener[],
    workers: number,
    others: readonly string[],
  ): Promise<readonly OpenListener[]> {
    const opened = await this.source.open(wanted, workers, others);
    for (const { key, sockets } of opened) await this.#store(key, sockets);
    return opened;
  }

  async #store(key: string, sockets: readonly Descriptor[]): Promise<void> {
    this.#keys.add(key);
    const own = sockets.filter((socket) => !this.given.isManagers(socket));
    if (own.length > 0) await store(own, { name: storedName(key), watched: false });
  }

  async keep(keys: readonly string[]): Promise<void> {
    const gone = [...this.#keys].filter((key) => !keys.includes(key));
    this.#keys = new Set(keys);
    for (const key of gone) await unstore(storedName(key));
    await this.source.keep(keys);
  }
}
