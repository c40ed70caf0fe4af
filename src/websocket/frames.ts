/** Frames of WebSocket as a server writes them (RFC 6455, 5.2): in one piece each, and not masked. */

/** Opcodes (RFC 6455, 11.8). */
export const CONTINUATION = 0x0;
export const TEXT = 0x1;
export const BINARY = 0x2;
export const CLOSE = 0x8;
export const PING = 0x9;
export const PONG = 0xa;

/** The frame is the last of its message. */
export const FIN = 0x80;

/** Bytes of content that the frames of control have at most (RFC 6455, 5.5). */
export const MOST_CONTROL = 125;

/** Codes of Close that mean something here (RFC 6455, 7.4.1). */
export const NO_STATUS = 1005;
export const ABNORMAL = 1006;
export const PROTOCOL_ERROR = 1002;
export const NOT_TEXT = 1007;
export const TOO_BIG = 1009;

/** Whether a code may be said in a Close frame (RFC 6455, 7.4): some only tell an application that there was none. */
export function mayClose(code: number): boolean {
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== NO_STATUS && code !== ABNORMAL ||
    code >= 3000 && code <= 4999;
}

/** How a length is said: in the second byte, or as 126 and 16 bits, or as 127 and 64. */
const LONG = 126;
const LONGER = 127;
const MOST_SHORT = 0xffff;

/** Bytes that the beginning of a frame takes, up to its content. @param length bytes of content */
export function beginningOf(length: number): number {
  return length < LONG ? 2 : length <= MOST_SHORT ? 4 : 10;
}

/** Writes the beginning of a whole message, or of a frame of control, in front of its content. */
export function writeBeginning(bytes: Uint8Array, opcode: number, length: number): void {
  bytes[0] = FIN | opcode;
  if (length < LONG) {
    bytes[1] = length;
    return;
  }
  let last = 3;
  bytes[1] = LONG;
  if (length > MOST_SHORT) {
    bytes[1] = LONGER;
    last = 9;
  }
  let rest = length;
  for (let at = last; at > 1; at--) {
    bytes[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

/** A frame in memory of its own. */
export function encodeFrame(opcode: number, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const start = beginningOf(content.byteLength);
  const bytes = new Uint8Array(start + content.byteLength);
  writeBeginning(bytes, opcode, content.byteLength);
  bytes.set(content, start);
  return bytes;
}

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);

/** The content of a Close frame; empty where no code is given. */
export function closeContent(code: number | undefined, reason = ""): Uint8Array {
  if (code === undefined) return NOTHING;
  const text = encoder.encode(reason);
  const bytes = new Uint8Array(2 + text.byteLength);
  bytes[0] = code >> 8;
  bytes[1] = code & 0xff;
  bytes.set(text, 2);
  return bytes;
}

/** Frames that are small enough leave from memory that all of a process share. */
export class FrameBuffer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #behindShort: Uint8Array<ArrayBuffer>;
  readonly #behindLong: Uint8Array<ArrayBuffer>;

  /** @param room bytes of content that it takes, at most 65,535 */
  constructor(room: number) {
    this.bytes = new Uint8Array(4 + Math.min(room, MOST_SHORT));
    this.#behindShort = this.bytes.subarray(2, 2 + LONG);
    this.#behindLong = this.bytes.subarray(4);
  }

  /** Puts a text into it, as a whole message. @returns bytes of the frame; -1 where it is too long */
  putText(text: string): number {
    if (text.length < LONG) {
      const { read, written } = encoder.encodeInto(text, this.#behindShort);
      if (read === text.length && written < LONG) return this.#begin(TEXT, written);
    }
    if (text.length > this.#behindLong.length) return -1;
    const { read, written } = encoder.encodeInto(text, this.#behindLong);
    return read === text.length ? this.#begin(TEXT, written) : -1;
  }

  /** Puts bytes into it, as a whole message or a frame of control. @returns as {@linkcode putText} */
  put(opcode: number, content: Uint8Array): number {
    const { byteLength } = content;
    if (byteLength > this.#behindLong.length) return -1;
    this.bytes.set(content, beginningOf(byteLength));
    return this.#begin(opcode, byteLength);
  }

  #begin(opcode: number, length: number): number {
    writeBeginning(this.bytes, opcode, length);
    return beginningOf(length) + length;
  }
}
