/** Where the listening sockets of a front come from. */

import { close } from "../../../ffi/mod.ts";
import type { GivenSockets } from "./given_sockets.ts";
import {
  adoptListener,
  listenerKey,
  type OpenListener,
  openListener,
  type WantedListener,
  widenListener,
} from "./open_listener.ts";

/** Opens listening sockets, or has them opened. */
export interface ListenerSource {
  /**
   * Opens addresses. Where one cannot be had, all that were opened for this are closed again.
   *
   * @param others the keys of those that the caller has besides
   * @returns their sockets are the caller's from now on
   * @throws {Error} whose message names the address
   */
  open(
    wanted: readonly WantedListener[],
    workers: number,
    others: readonly string[],
  ): Promise<readonly OpenListener[]>;
  /** The caller goes by these and no others from now on. */
  keep(keys: readonly string[]): Promise<void>;
  /**
   * Adds what is missing until each Worker can have a socket of its own.
   *
   * @param listener of the caller's, and so is what is added
   */
  widen(listener: OpenListener, workers: number): OpenListener;
  /** Sees to it that sockets outlive this process, where that can be. @param open all of them, lent */
  secure(open: readonly OpenListener[]): Promise<void>;
}

/** Opens them in this process. What it was given comes first. */
export class OwnListeners implements ListenerSource {
  /**
   * @param given listening sockets that are there already
   * @param defers whether they outlive the front; see {@linkcode ListenerOptions}
   */
  constructor(readonly given: GivenSockets, readonly defers = false) {}

  open(
    wanted: readonly WantedListener[],
    workers: number,
    others: readonly string[],
  ): Promise<readonly OpenListener[]> {
    const open: OpenListener[] = [];
    try {
      for (const listener of wanted) open.push(this.#open(listener, workers, others, open));
      return Promise.resolve(open);
    } catch (error) {
      // Nobody would accept on them: their clients would hang.
      for (const { sockets } of open) for (const socket of sockets) close(socket);
      return Promise.reject(error);
    }
  }

  #open(
    listener: WantedListener,
    workers: number,
    others: readonly string[],
    open: readonly OpenListener[],
  ): OpenListener {
    const key = listenerKey(listener);
    const given = this.given.take(({ sort, address }) => sort === "listener" && address === key);
    if (given.length > 0) {
      return this.widen(adoptListener(listener, given.map(({ fd }) => fd), this.defers), workers);
    }
    const mates = [
      ...others,
      ...open.map((mate) => mate.key),
      ...this.given.left.map(({ address }) => address),
    ];
    const joins = mates.some((mate) => mate !== key && mate.endsWith(`:${listener.port}`));
    return openListener(listener, workers, { joins, defers: this.defers });
  }

  keep(): Promise<void> {
    return Promise.resolve();
  }

  widen(listener: OpenListener, workers: number): OpenListener {
    return widenListener(listener, workers, this.defers);
  }

  secure(): Promise<void> {
    return Promise.resolve();
  }
}
