/** A clock in place of `performance.now()` that moves only when somebody moves it. */

/** Milliseconds on the clock of the machine, whatever `performance.now()` says meanwhile. */
const machineTime: () => number = performance.now.bind(performance);

/** Milliseconds that count at most, however long a machine has held everything up. */
const MOST = 5;

/**
 * As long as there is one, `performance.now()` says its time: what code under test has to do within some milliseconds is
 * in time on the slowest machine, and what waits for a deadline waits until a test has put the clock forward.
 */
export class Clock implements Disposable {
  /** What `performance.now()` says. A test may put it forward. */
  now: number = machineTime();
  #looked = machineTime();

  constructor() {
    performance.now = () => this.now;
  }

  /**
   * Goes on by what has passed on the machine since the last time, but for what a machine that stalls adds to that.
   *
   * @returns by how many milliseconds
   */
  tick(): number {
    const looked = machineTime();
    const passed = Math.min(looked - this.#looked, MOST);
    this.now += passed;
    this.#looked = looked;
    return passed;
  }

  /** Gives `performance.now()` back. */
  [Symbol.dispose](): void {
    Reflect.deleteProperty(performance, "now");
  }
}
