/** One descriptor's registration with the poller, which outlasts who it is told to. */

import { type Descriptor, EPOLLIN, EPOLLRDHUP } from "../../../ffi/mod.ts";
import type { Loop } from "../../loop/loop.ts";
import type { Source } from "../../loop/poller.ts";

/** What is waited for where the client is listened to. The same at all times, so that nothing is to be changed. */
export const RECEIVING: number = EPOLLIN | EPOLLRDHUP;

/** Takes what a descriptor is ready for: EPOLLIN and its like. */
export type OnReady = (events: number) => void;

/**
 * It changes only when what is waited for does, and there is none while nothing is: the end of a stream would be told of
 * again and again, before anybody can take what came ahead of it.
 */
export class Watch implements Source {
  #events = 0;

  /** @param fd lent: whoever closes or passes it on waits for nothing before */
  constructor(readonly loop: Loop, readonly fd: Descriptor, public onReady: OnReady) {}

  ready(events: number): void {
    this.onReady(events);
  }

  /** Waits for these, and for errors and hang-ups; 0 waits for nothing. */
  await(events: number): void {
    const before = this.#events;
    if (events === before) return;
    this.#events = events;
    const { poller } = this.loop;
    if (before === 0) poller.add(this.fd, events, this);
    else if (events === 0) poller.remove(this.fd);
    else poller.modify(this.fd, events);
  }
  /** The descriptor is closed next, which nobody else has. */
  endClosing(): void {
    if (this.#events === 0) return;
    this.#events = 0;
    this.loop.poller.removeClosing(this.fd);
  }
}
