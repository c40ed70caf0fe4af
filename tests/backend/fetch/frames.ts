/** WebSocket frames as a client writes and reads them (RFC 6455, 5.2), by hand. */

export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** One frame. Its mask is zero, so its content is readable in a failing test. */
export function frame(opcode: number, content: string | Uint8Array = ""): Uint8Array<ArrayBuffer> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  if (bytes.length > 0xffff) throw new RangeError("Cannot make a frame that long here");
  const length = bytes.length < 126 ? [0x80 | bytes.length] : [0xfe, bytes.length >> 8, bytes.length & 0xff];
  return new Uint8Array([0x80 | opcode, ...length, 0, 0, 0, 0, ...bytes]);
}

/** A Close frame. */
export function closeFrame(code: number, reason = ""): Uint8Array<ArrayBuffer> {
  return frame(CLOSE, new Uint8Array([code >> 8, code & 0xff, ...new TextEncoder().encode(reason)]));
}

/** A frame that a server has sent. */
export interface Frame {
  readonly opcode: number;
  /** In Latin-1; of a Close frame the reason alone. */
  readonly text: string;
  /** Of a Close frame; 1005 where it says none. */
  readonly code?: number;
}

/** The frames in what a client has received, in Latin-1, behind the head of the response. */
export function framesIn(received: string): Frame[] {
  const head = received.indexOf("\r\n\r\n");
  const frames: Frame[] = [];
  for (let at = head < 0 ? received.length : head + 4; at + 2 <= received.length;) {
    const opcode = received.charCodeAt(at) & 0x0f;
    let length = received.charCodeAt(at + 1);
    at += 2;
    if (length === 126) {
      length = received.charCodeAt(at) << 8 | received.charCodeAt(at + 1);
      at += 2;
    }
    const text = received.slice(at, at + length);
    at += length;
    if (opcode !== CLOSE) frames.push({ opcode, text });
    else {
      const code = text.length < 2 ? 1005 : text.charCodeAt(0) << 8 | text.charCodeAt(1);
      frames.push({ opcode, code, text: text.slice(2) });
    }
  }
  return frames;
}
