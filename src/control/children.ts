/** The child processes of one owner, from their start until they have been seen to end. */

import { Child, type ChildOptions } from "./child.ts";

/** Whatever goes wrong, no process is lost from here: who ends this ends all that were started. */
export class Children {
  /** All that were started and have not been seen to end. */
  readonly #all = new Set<Child>();
  #stopping = false;

  /** Those that were started and have not been seen to end. */
  get all(): ReadonlySet<Child> {
    return this.#all;
  }

  /** Whether they are being ended: none may be started any more, and what goes wrong is no news. */
  get stopping(): boolean {
    return this.#stopping;
  }

  /** Starts one. @throws when no process can be started */
  start(options: ChildOptions): Child {
    const child = new Child(options);
    this.#all.add(child);
    return child;
  }

  /** Ends some in good order. @returns when they have ended */
  async retire(children: Iterable<Child>): Promise<void> {
    await Promise.all(Array.from(children, async (child) => {
      await child.stop();
      this.#all.delete(child);
    }));
  }

  /** Ends all in good order, those that are being started or retired included. @returns when they have ended */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.retire(this.#all);
  }

  /** Ends all at once and by force. */
  kill(): void {
    this.#stopping = true;
    for (const child of this.#all) child.kill();
  }
}
