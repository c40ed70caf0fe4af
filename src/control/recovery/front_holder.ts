/**
 * A process that has all descriptors of a front, whatever becomes of the front: where that is killed, its supervisor takes
 * its connections from there ({@linkcode recoverFront}).
 */

import {
  addressOf,
  adopt,
  close,
  type Descriptor,
  EPOLLIN,
  holdDescriptors,
  openProcess,
  reap,
  SHUT_RDWR,
  shutdown,
  SOCK_STREAM,
  unixSocketPair,
} from "../../../ffi/mod.ts";
import type { Loop } from "../../loop/loop.ts";
import type { KeptListeners } from "../listening/kept_listeners.ts";

/** One front's. */
export class FrontHolder {
  #process = -1;
  /** What it reads from: its end is that of the process. */
  #end: Descriptor | undefined;

  /**
   * @param loop is run by the caller
   * @param keeper the supervisor
   * @param ledgers the memory of each Worker's ledger
   */
  constructor(
    readonly loop: Loop,
    readonly keeper: KeptListeners,
    readonly ledgers: () => readonly SharedArrayBuffer[],
  ) {}

  /** Starts it, where that is possible and has not been done, and tells the supervisor where the ledgers are. */
  begin(): void {
    // The same type all the same: no function of the C library cares.
    const ledgers = this.ledgers().map((memory) => ({
      address: String(addressOf(new Uint8Array(memory) as unknown as Uint8Array<ArrayBuffer>)),
      length: memory.byteLength,
    }));
    if (this.#end !== undefined) return this.keeper.tellHeld({ process: this.#process, ledgers });
    const [end, other] = unixSocketPair(SOCK_STREAM, 0);
    this.#process = holdDescriptors(end);
    if (this.#process < 0) {
      for (const fd of [end, other]) close(fd);
      return;
    }
    this.#end = end;
    // It is nobody's but the supervisor's from then on: a holder whose supervisor has gone ends.
    this.keeper.tellHeld({ process: this.#process, ledgers }, other);
  }

  /** Ends it: what this process closes is closed then. @returns when it has ended */
  async end(): Promise<void> {
    const end = this.#end;
    if (end === undefined) return;
    this.#end = undefined;
    const life = openProcess(this.#process);
    shutdown(end, SHUT_RDWR);
    if (life >= 0) await this.#ended(adopt(life));
    close(end);
  }

  async #ended(life: Descriptor): Promise<void> {
    const { poller } = this.loop;
    const { promise, resolve } = Promise.withResolvers<void>();
    poller.add(life, EPOLLIN, { ready: () => resolve() });
    this.loop.wake();
    await promise;
    poller.remove(life);
    reap(life);
    close(life);
  }
}
