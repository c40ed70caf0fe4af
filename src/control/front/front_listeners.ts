/** The listening sockets of a front, from one configuration to the next. */

import { close, type Descriptor } from "../../../ffi/mod.ts";
import type { Listener } from "../../config/config.ts";
import type { ListenerSource } from "../listening/listener_source.ts";
import { dealSockets, listenerKey, type OpenListener } from "../listening/open_listener.ts";

/** What is open, and who has it: the control plane opens sockets, and each Worker owns its share from its plan on. */
export class FrontListeners {
  #open: ReadonlyMap<string, OpenListener> = new Map();
  /** By key and Worker: what was opened for the plan that comes next, and no Worker has yet. */
  #shares = new Map<string, Descriptor[][]>();

  /** By key and Worker: what each of them has. */
  readonly #dealt = new Map<string, Descriptor[][]>();

  constructor(readonly source: ListenerSource, readonly workers: number) {}

  /** Those that are open. Their sockets are the Workers': lent, as long as the plan has them. */
  get open(): readonly OpenListener[] {
    return [...this.#open.values()];
  }

  /** Whether one is open. */
  has(key: string): boolean {
    return this.#open.has(key);
  }

  /** Where clients can connect, for people. */
  get addresses(): string {
    return this.open.map(({ address }) => address).join(", ");
  }

  /**
   * Opens what is missing, and lets go of what is not wanted any more: Workers close that with the plan that follows.
   *
   * @param workers how many Workers are to have sockets of their own; the others share them
   * @throws {Error} when an address cannot be had; everything is as it was then
   */
  async change(wanted: readonly Listener[], workers = this.workers): Promise<void> {
    const missing = wanted.filter((listener) => !this.#open.has(listenerKey(listener)));
    const opened = await this.source.open(missing, workers, [...this.#open.keys()]);
    const all = new Map([...this.#open, ...opened.map((listener) => [listener.key, listener] as const)]);
    const keys = wanted.map(listenerKey);
    this.#open = new Map(keys.map((key) => [key, all.get(key)!]));
    this.#shares = new Map(opened.map((listener) => [listener.key, dealSockets(listener, this.workers)]));
    for (const [key, shares] of this.#shares) this.#dealt.set(key, shares);
    for (const key of this.#dealt.keys()) if (!this.#open.has(key)) this.#dealt.delete(key);
    await this.source.keep(keys);
  }

  /** Adds what is missing until each Worker has a socket of its own, to what no Worker has got yet. */
  widen(): void {
    for (const [key, shares] of this.#shares) {
      const listener = this.#open.get(key)!;
      const wide = this.source.widen(listener, this.workers);
      // What there is to share is dealt out anew.
      for (const copy of shares.flat()) if (!listener.sockets.includes(copy)) close(copy);
      const dealt = dealSockets(wide, this.workers);
      this.#open = new Map([...this.#open, [key, wide]]);
      this.#shares.set(key, dealt);
      this.#dealt.set(key, dealt);
    }
  }

  /** Sees to it that they outlive this process, where that can be. */
  secure(): Promise<void> {
    return this.source.secure(this.open);
  }

  /**
   * The sockets of one Worker have other numbers, for a Worker that takes its place: it gets them with its first plan.
   *
   * @param moved gives the number that a socket has from now on
   */
  move(worker: number, moved: (socket: Descriptor) => Descriptor): void {
    for (const [key, shares] of this.#dealt) {
      const numbers = new Map(shares[worker]!.map((socket) => [socket, moved(socket)] as const));
      const listener = this.#open.get(key)!;
      const sockets = listener.sockets.map((socket) => numbers.get(socket) ?? socket);
      this.#open = new Map([...this.#open, [key, { ...listener, sockets }]]);
      shares[worker] = [...numbers.values()];
      this.#shares.set(key, shares.map((share, index) => index === worker ? share : []));
    }
  }

  /** The sockets of a listener that a Worker gets with the plan that follows a change: none if it has them already. */
  shareOf(key: string, worker: number): readonly Descriptor[] {
    return this.#shares.get(key)?.[worker] ?? [];
  }

  /** Every Worker has its share. */
  dealt(): void {
    this.#shares.clear();
  }

  /** Closes what no Worker has got. */
  closeUndealt(): void {
    for (const share of [...this.#shares.values()].flat(2)) close(share);
    this.#shares.clear();
  }
}
