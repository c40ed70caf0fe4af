/** The child processes that one object answers for, from their start until they have been seen to end. */

import { SupervisedProcess, type SupervisedProcessOptions } from "./supervised_process.ts";

/** Whatever goes wrong, no process is lost from here: who ends this ends all that were started. */
export class ProcessSet {
  /** All that were started and have not been seen to end. */
  readonly #all = new Set<SupervisedProcess>();
  #stopping = false;

  /** Those that were started and have not been seen to end. */
  get all(): ReadonlySet<SupervisedProcess> {
    return this.#all;
  }

  /** Whether they are being ended: none may be started any more, and what goes wrong is no news. */
  get stopping(): boolean {
    return this.#stopping;
  }

  /** Starts one. @throws when no process can be started */
  start(options: SupervisedProcessOptions): SupervisedProcess {
    const process = new SupervisedProcess(options);
    this.#all.add(process);
    return process;
  }

  /**
   * Waits until one that was started is ready.
   *
   * @throws when it cannot become ready; it has ended then
   */
  async ready(process: SupervisedProcess): Promise<void> {
    try {
      await process.ready;
    } catch (error) {
      await this.retire([process]);
      throw error;
    }
  }

  /** Has all of them open their logs anew. */
  reopen(): void {
    for (const process of this.#all) process.reopen();
  }

  /** Ends some in good order. @returns when they have ended */
  async retire(processes: Iterable<SupervisedProcess>): Promise<void> {
    await Promise.all(Array.from(processes, async (process) => {
      await process.stop();
      this.#all.delete(process);
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
    for (const process of this.#all) process.kill();
  }
}
