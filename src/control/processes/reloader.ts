/** Reloads one after another, however quickly they are asked for. */

/**
 * Runs a reload at a time. Asked for while one is under way, it runs once more afterwards, no matter how often it was
 * asked: what is read last is what is used last, and nothing piles up.
 */
export class Reloader {
  #running = false;
  #again = false;

  /** @param reload reads and applies; deals with its own failures */
  constructor(readonly reload: () => Promise<void>) {}

  /**
   * Asks for a reload.
   *
   * @returns false when one is under way, and this one has to wait
   */
  request(): boolean {
    if (this.#running) {
      this.#again = true;
      return false;
    }
    this.#running = true;
    void this.#run();
    return true;
  }

  async #run(): Promise<void> {
    try {
      do {
        this.#again = false;
        await this.reload();
      } while (this.#again);
    } finally {
      this.#running = false;
    }
  }
}
