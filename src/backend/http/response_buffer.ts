/** Puts a response's head and its content together, so that they leave in one piece. */

/** Bytes kept free for the head, which is written in front of the content once that one's length is known. */
const HEAD_ROOM = 16_384;
/** Bytes of content up to which copying costs less than a second call. */
const CONTENT_ROOM = 65_536;

const encoder = new TextEncoder();
// deno-lint-ignore no-control-regex -- ASCII is what it asks for
const ASCII = /^[\x00-\x7f]*$/;

/**
 * One buffer for all responses of a process: it is filled, sent, and free again before anything else has its turn.
 */
export class ResponseBuffer {
  readonly #bytes = new Uint8Array(HEAD_ROOM + CONTENT_ROOM);
  readonly #content = this.#bytes.subarray(HEAD_ROOM);
  #length = 0;

  /**
   * Takes the content.
   *
   * @returns its length in bytes; undefined when it is too long to be joined
   */
  take(content: string | Uint8Array<ArrayBuffer>): number | undefined {
    if (typeof content !== "string") {
      if (content.byteLength > CONTENT_ROOM) return undefined;
      this.#content.set(content);
      return this.#length = content.byteLength;
    }
    // A character takes three bytes of UTF-8 at most (four for the two units of a surrogate pair).
    if (content.length * 3 > CONTENT_ROOM) return undefined;
    return this.#length = encoder.encodeInto(content, this.#content).written;
  }

  /**
   * Puts the head before the content that was taken.
   *
   * @param head in Latin-1
   * @param contentless whether the content stays behind
   * @returns a view to be sent at once; undefined when the head cannot be joined
   */
  join(head: string, contentless: boolean): Uint8Array<ArrayBuffer> | undefined {
    if (head.length > HEAD_ROOM || !ASCII.test(head)) return undefined;
    const start = HEAD_ROOM - head.length;
    encoder.encodeInto(head, this.#bytes.subarray(start, HEAD_ROOM));
    return this.#bytes.subarray(start, HEAD_ROOM + (contentless ? 0 : this.#length));
  }
}
