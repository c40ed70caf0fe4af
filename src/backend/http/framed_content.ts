/** Content that is sent piece by piece, framed so that a client finds its end (RFC 9112, 6 and 7). */

import { chunkHead, CRLF, LAST_CHUNK } from "../../http/chunked.ts";
import { DONE, type Steps } from "../../loop/course.ts";
import type { Connection } from "../connection/connection.ts";
import type { Framing } from "./framing.ts";
import { ResponseBuffer } from "./response_buffer.ts";

const ZERO = new TextEncoder().encode("0");
const joined = new ResponseBuffer();

/** The content of one response. */
export class FramedContent {
  /** Between two chunks, where something may be put in. */
  #between: boolean;

  constructor(readonly connection: Connection, readonly framing: Framing) {
    this.#between = framing === "chunked";
  }

  /** Sends a piece that is not empty; waits as long as the client reads. @param more whether more follows at once */
  send(piece: Uint8Array<ArrayBuffer>, more: boolean): Steps<void> {
    const { connection } = this;
    if (this.framing !== "chunked") return connection.sendOut(piece, more);
    const head = chunkHead(piece.byteLength) as Uint8Array<ArrayBuffer>;
    connection.framing += head.length + CRLF.length;
    const size = joined.join(head, piece, CRLF);
    const sent = size < 0 ? 0 : Math.max(0, connection.sendFirst(joined.bytes, size, more));
    return sent === size ? connection.giveWay(sent) : this.#sendRest(head, piece, sent, more);
  }

  /** The memory is everybody's. What does not leave at once leaves from where it came, so nothing is copied for a wait. */
  *#sendRest(
    head: Uint8Array<ArrayBuffer>,
    piece: Uint8Array<ArrayBuffer>,
    sent: number,
    more: boolean,
  ): Steps<void> {
    const { connection } = this;
    this.#between = false;
    const ofContent = Math.max(0, sent - head.length);
    yield* connection.sendOut(head.subarray(sent), true);
    yield* connection.sendOut(piece.subarray(ofContent), true);
    const end = CRLF.subarray(Math.max(0, ofContent - piece.length)) as Uint8Array<ArrayBuffer>;
    yield* connection.sendOut(end, more);
    this.#between = true;
  }

  /**
   * Sends a byte that says nothing, where there is one: a zero in front of the size of the next chunk (RFC 9112, 7.1:
   * `chunk-size = 1*HEXDIG`). A client that is gone answers with a reset.
   *
   * @returns whether there are such places in this response. In between, what is being sent finds it out as well
   */
  probe(): boolean {
    if (this.#between) this.connection.framing += Math.max(0, this.connection.send(ZERO, false));
    return this.framing === "chunked";
  }

  /** Marks the end. @param mark the last chunk with the trailer section behind it, where there is one */
  end(mark = LAST_CHUNK as Uint8Array<ArrayBuffer>): Steps<void> {
    this.#between = false;
    if (this.framing !== "chunked") return DONE;
    this.connection.framing += mark.length;
    return this.connection.sendOut(mark);
  }
}
