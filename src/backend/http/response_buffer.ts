/** Puts a response's head and its content, or the parts of a chunk, together, so that they leave in one piece. */

/** Bytes up to which copying costs less than a second call: 64 KiB, as pieces of content often have, and a head. */
const CONTENT = 65_536;
const ROOM = CONTENT + 512;

const encoder = new TextEncoder();

/** Bytes of content that may lie in memory which others write to as soon as there is a wait. */
export const LENT = CONTENT;

/** Content in memory of its own. */
export function kept(content: string | Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (typeof content === "string") return encoder.encode(content);
  return content.byteLength > LENT ? content : content.slice();
}

/** One buffer for all responses of a process: it is filled, sent, and free again before anything else has its turn. */
export class ResponseBuffer {
  readonly bytes: Uint8Array<ArrayBuffer> = new Uint8Array(ROOM);

  /**
   * Puts a head and a content into the buffer, one behind the other.
   *
   * @param head in ASCII, of which each character is one byte
   * @param content text only in ASCII as well
   * @returns how many bytes they are; -1 when something is not ASCII, or they are too long
   */
  put(head: string, content: string | Uint8Array<ArrayBuffer>): number {
    if (typeof content === "string") {
      // One call for both. What is not ASCII takes more bytes than it has characters. What is too long is not read to its
      // end: a buffer that is full by chance has as many bytes as the text has characters.
      const text = head + content;
      const { read, written } = encoder.encodeInto(text, this.bytes);
      return read === text.length && written === text.length ? text.length : -1;
    }
    if (head.length + content.byteLength > ROOM) return -1;
    if (encoder.encodeInto(head, this.bytes).written !== head.length) return -1;
    this.bytes.set(content, head.length);
    return head.length + content.byteLength;
  }

  /**
   * Puts parts into the buffer, one behind the other.
   *
   * @returns how many bytes they are; -1 when they are too long
   */
  join(...parts: readonly Uint8Array[]): number {
    let size = 0;
    for (const part of parts) {
      if (size + part.length > ROOM) return -1;
      this.bytes.set(part, size);
      size += part.length;
    }
    return size;
  }
}
