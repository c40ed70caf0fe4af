/** Has content coded by a thread beside the loop. It is started with the first work, and kept. */

import type { CompressionCoding } from "../../config/compression.ts";
import type { Following } from "./coder.ts";
import type { Done, Work } from "./thread.ts";

type Pieces = readonly Uint8Array<ArrayBuffer>[];

/** The content of one response on its way through a coding. Whoever has begun it closes it. */
export interface OpenContent {
  /** Codes a piece, whose memory may be somebody else's later. @returns what there is to be sent by now */
  piece(piece: Uint8Array<ArrayBuffer>, following: Following): Promise<Pieces>;
  close(): void;
}

/** One process' thread, and who waits for it. */
export class Workshop {
  #worker: Worker | undefined;
  #ids = 0;
  #hasAnswered = false;
  #broken = false;
  readonly #waiting = new Map<number, PromiseWithResolvers<Pieces>>();

  /** @param failed told when there can be no thread */
  constructor(readonly failed?: (why: string) => void) {}

  /** Whether there can be no thread: without the permission to read its module, as an example. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Codes content that is all there, in memory that is given away. */
  async whole(
    content: Uint8Array<ArrayBuffer>,
    coding: CompressionCoding,
    level: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const [coded] = await this.#ask({ of: "whole", id: ++this.#ids, content, coding, level }, content.buffer);
    return coded!;
  }

  /** Begins the content of a response. @param closed called once it is closed */
  begin(coding: CompressionCoding, level: number, closed: () => void): OpenContent {
    const id = ++this.#ids;
    // A thread that has ended takes with it what it had of the response.
    const worker = this.#thread();
    worker.postMessage({ of: "response", id, coding, level } satisfies Work);
    let isOpen = true;
    return {
      piece: async (piece, following) => {
        const own = piece.slice();
        return await this.#ask({ of: "piece", id, piece: own, following }, own.buffer);
      },
      close: () => {
        if (!isOpen) return;
        isOpen = false;
        if (this.#worker === worker) worker.postMessage({ of: "close", id } satisfies Work);
        closed();
      },
    };
  }

  /** Ends the thread. */
  close(): void {
    this.#worker?.terminate();
    this.#fail("it was closed");
  }

  #ask(work: Work, memory: ArrayBuffer): Promise<Pieces> {
    const waiting = Promise.withResolvers<Pieces>();
    this.#waiting.set(work.id, waiting);
    this.#thread().postMessage(work, [memory]);
    return waiting.promise;
  }

  #thread(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(new URL("./thread.ts", import.meta.url).href, { type: "module" });
    worker.onmessage = ({ data: { id, pieces, why } }: MessageEvent<Done>) => {
      this.#hasAnswered = true;
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (why === undefined) waiting?.resolve(pieces);
      else waiting?.reject(new Error(`Cannot compress a response: ${why}`));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      // One that has worked is worth another; without the permission to read its module there will be none.
      this.#broken = !this.#hasAnswered;
      this.failed?.(event.message);
      this.#fail(event.message);
    };
    return this.#worker = worker;
  }

  #fail(why: string): void {
    this.#worker = undefined;
    this.#hasAnswered = false;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new Error(`Cannot compress a response: ${why}`));
  }
}
