/** Content on its way through a coding, into what frames it. */

import { DONE, settled, type Steps } from "../../loop/course.ts";
import type { Following } from "../compression/coder.ts";
import type { OpenContent } from "../compression/workshop.ts";
import type { FramedContent } from "./framed_content.ts";

const NOTHING = new Uint8Array(0);

/** The content of one response. It has to come piece by piece, whatever its length; whoever makes one closes it. */
export class CodedContent {
  /** Whether something is held back in the hope of more. */
  #unflushed = false;
  #ended = false;

  /** @param left bytes that are to come, where that is known: with the last of them it ends */
  constructor(readonly framed: FramedContent, readonly coding: OpenContent, private left = Infinity) {}

  /** As {@linkcode FramedContent.send}. Behind what is not followed at once, a client can decode all up to there. */
  send(piece: Uint8Array<ArrayBuffer>, more: boolean): Steps<void> {
    this.left -= piece.byteLength;
    return this.left <= 0 ? this.end(undefined, piece) : this.#code(piece, more ? "more" : "pause");
  }

  /** Sends what is held back. Before a wait for content of which nobody knows when it comes. */
  flush(): Steps<void> {
    return this.#unflushed ? this.#code(NOTHING, "pause") : DONE;
  }

  /** Another thread codes: what it says comes by a promise. */
  *#code(piece: Uint8Array<ArrayBuffer>, following: Following): Steps<void> {
    this.#unflushed = following === "more";
    const { loop } = this.framed.connection.home;
    const pieces = yield* settled(loop, loop.elsewhere(this.coding.piece(piece, following)));
    for (const [index, one] of pieces.entries()) {
      yield* this.framed.send(one, following === "end" || index + 1 < pieces.length);
    }
  }

  /** As {@linkcode FramedContent.probe}. */
  probe(): boolean {
    return this.framed.probe();
  }

  /** Marks the end, once. @param last the last piece */
  *end(mark?: Uint8Array<ArrayBuffer>, last: Uint8Array<ArrayBuffer> = NOTHING): Steps<void> {
    if (this.#ended) return;
    this.#ended = true;
    yield* this.#code(last, "end");
    this.close();
    yield* this.framed.end(mark);
  }

  /** Gives back what the coding holds: the response is over, or will not be finished. */
  close(): void {
    this.coding.close();
  }
}
