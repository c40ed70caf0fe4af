/** Where messages go whose program does not stay. */

import {
  close,
  type Descriptor,
  EPOLLIN,
  pipe,
  readFile,
  setNonblocking,
  writeSome,
} from "../../../ffi/mod.ts";
import type { Loop } from "../../loop/loop.ts";
import type { Source } from "../../loop/poller.ts";

/** Bytes that lie in a FIFO at most (pipe(7)). */
const FIFO_SIZE = 65_536n;

/**
 * Reads the FIFO of a program that has failed: what comes goes to standard error, so whoever writes need not know of it. A
 * program that is started again is on trial: it gets a copy, by a pipe of its own, for it may read and end once more.
 */
export class Detour implements Source {
  readonly #bytes = new Uint8Array(Number(FIFO_SIZE));
  #copy: Descriptor | undefined;
  /** When the program on trial got its first message: before that it has shown nothing. */
  #triedSince: number | undefined;

  /**
   * @param fifo lent; it does not wait
   * @param trial milliseconds
   * @param passed told when a program has got a message and run on for so long, and there is another message
   */
  constructor(
    readonly loop: Loop,
    readonly fifo: Descriptor,
    readonly trial: number,
    readonly passed: () => void,
  ) {
    loop.poller.add(fifo, EPOLLIN, this);
    loop.wake();
  }

  /** Another program is tried. @returns what it is to read, owned by the caller */
  beginTrial(): Descriptor {
    const [reading, writing] = pipe();
    setNonblocking(writing, true);
    this.#copy = writing;
    this.#triedSince = undefined;
    return reading;
  }

  /** It gets no more. */
  endTrial(): void {
    if (this.#copy !== undefined) close(this.#copy);
    this.#copy = undefined;
  }

  ready(): void {
    const length = readFile(this.fifo, this.#bytes, FIFO_SIZE);
    if (length <= 0) return;
    try {
      Deno.stderr.writeSync(this.#bytes.subarray(0, length));
    } catch {
      // Nobody is left who could be told.
    }
    if (this.#copy === undefined) return;
    const now = this.loop.clock();
    // One that does not read, or has ended, gets what it can: the message has arrived elsewhere.
    writeSome(this.#copy, this.#bytes, length);
    this.#triedSince ??= now;
    if (now - this.#triedSince >= this.trial) this.passed();
  }

  /** Passes on what lies there, and looks no more. */
  close(): void {
    this.ready();
    this.endTrial();
    this.loop.poller.remove(this.fifo);
  }
}
