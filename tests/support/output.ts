/** What programs write. */

import { pause } from "./waiting.ts";

/**
 * How often one looks whether the output of a program that has ended has ended too, while its children hold on to it: for
 * some two seconds. Looks are counted, not time: there is a turn to read in each, however late it comes.
 */
const OUTPUT_LOOKS = 200;

/** What a program writes, as it comes. */
export class Output {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #collected: Promise<void>;

  constructor(stream: ReadableStream<Uint8Array>, take: (text: string) => void) {
    this.#reader = stream.getReader();
    this.#collected = this.#collect(take);
  }

  async #collect(take: (text: string) => void): Promise<void> {
    const decoder = new TextDecoder();
    for (let read = await this.#reader.read(); !read.done; read = await this.#reader.read()) {
      take(decoder.decode(read.value, { stream: true }));
    }
  }

  /** Waits for its end; where children that outlive the program keep it open, not for long. */
  async end(): Promise<void> {
    let ended = false;
    void this.#collected.finally(() => ended = true);
    for (let looks = 0; looks < OUTPUT_LOOKS && !ended; looks++) await pause(10);
    if (!ended) await this.#reader.cancel();
    await this.#collected;
  }
}
