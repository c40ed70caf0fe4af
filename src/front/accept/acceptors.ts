/** The listeners of a data plane. */

import { adopt } from "../../../ffi/mod.ts";
import { ADDRESS_PORT } from "../../protocol/messages.ts";
import type { Core } from "../core/core.ts";
import type { ListenerPlan } from "../plan.ts";
import { Acceptor, type Arrivals } from "./acceptor.ts";

/** All that accept, in the order of the plan. */
export class Acceptors {
  #all: readonly Acceptor[] = [];
  /** Who wants nothing to be accepted. */
  readonly #why = new Set<object>();

  /** @param arrivals who takes what is accepted */
  constructor(readonly core: Core, readonly arrivals: Arrivals) {}

  /** Ends those that a plan does not have. Who has connected there is taken in first, and routed by the plan before. */
  stopOthers(plans: readonly Pick<ListenerPlan, "key">[]): void {
    for (const acceptor of this.#all) {
      if (plans.every(({ key }) => key !== acceptor.key)) acceptor.stop();
    }
  }

  /** Takes the listeners of a plan: keeps those that it has as well, and begins the others. */
  apply(plans: readonly ListenerPlan[]): void {
    const old = this.#all;
    this.#all = plans.map(({ key, fds }) =>
      old.find((candidate) => candidate.key === key) ??
        new Acceptor(this.core, this.arrivals, key, fds.map(adopt))
    );
    for (const acceptor of old) acceptor.place = -1;
    this.#all.forEach((acceptor, place) => acceptor.place = place);
    if (this.#why.size > 0) { for (const acceptor of this.#all) acceptor.pause(); }
  }

  /**
   * The listener that a connection to this address belongs to: the one on exactly that, or the one on its port for every
   * address. None where a new configuration has neither; the sites of another listener may be meant for others.
   */
  of(local: Uint8Array): Acceptor | undefined {
    const port = local[ADDRESS_PORT]! << 8 | local[ADDRESS_PORT + 1]!;
    const exact = this.#all.find(({ localKnown, local: own }) =>
      localKnown && own.every((byte, index) => byte === local[index])
    );
    return exact ?? this.#all.find((acceptor) => !acceptor.localKnown && acceptor.port === port);
  }

  /** Accepts nothing for now. @param why who wants that */
  pause(why: object): void {
    this.#why.add(why);
    for (const acceptor of this.#all) acceptor.pause();
  }

  /** Goes on accepting, where nobody else wants otherwise. */
  resume(why: object): void {
    if (!this.#why.delete(why) || this.#why.size > 0) return;
    for (const acceptor of this.#all) acceptor.resume();
  }

  /** Ends all of them. They are still known: what comes back from backends belongs to one of them until the end. */
  stop(): void {
    for (const acceptor of this.#all) acceptor.stop();
  }
}
