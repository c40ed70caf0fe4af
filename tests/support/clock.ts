/** A clock that moves only when somebody moves it. */

/** Milliseconds on the clock of the machine, whatever `performance.now()` says meanwhile. */
const machineTime: () => number = performance.now.bind(performance);

/** Milliseconds that count at most, however long a machine has held everything up. */
const MOST = 5;

/**
 * For code that is given its clock: what it has to do within some milliseconds is in time on the slowest machine, and what
 * waits for a deadline waits until a test has put the clock forward.
 */
export class ManualClock {
  /** What it says. A test may put it forward. */
  now: number = machineTime();
  #looked = machineTime();
  /** Says it. */
  readonly read: () => number = () => this.now;

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
}

/** The same for code that asks `performance.now()`: as long as there is one, that says its time. */
export class Clock extends ManualClock implements Disposable {
  constructor() {
    super();
    performance.now = this.read;
  }

  /** Gives `performance.now()` back. */
  [Symbol.dispose](): void {
    Reflect.deleteProperty(performance, "now");
  }
}
