/** Frames of WebSocket as a server reads them (RFC 6455, 5): bytes in, messages out. */

import { appended } from "../http/growing.ts";
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  FIN,
  mayClose,
  MOST_CONTROL,
  NO_STATUS,
  NOT_TEXT,
  PING,
  PONG,
  PROTOCOL_ERROR,
  TEXT,
  TOO_BIG,
} from "./frames.ts";
import { unmask } from "./masking.ts";

/** Who is told of what has come. It may stop the reader in each of these, and nothing more comes then. */
export interface FrameSink {
  /** A whole message. Bytes are in memory of their own. */
  message(content: string | Uint8Array<ArrayBuffer>): void;
  ping(content: Uint8Array<ArrayBuffer>): void;
  /** The client closes. @param code {@linkcode NO_STATUS} where it says none */
  closed(code: number, reason: string): void;
  /** What came breaks the protocol. @param code to close with */
  broken(code: number, why: string): void;
}

const RESERVED = 0x70;
const OPCODE = 0x0f;
/** Opcodes of control have this bit. */
const CONTROL = 0x8;
const MASKED = 0x80;
const LENGTH = 0x7f;
/** Bytes of a masking key. */
const KEY = 4;

const NONE = new Uint8Array(0);
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What decodes bytes that are all below 0x80. It is short where it is used. */
const { fromCharCode } = String;
/** Bytes up to which that is faster than a decoder. */
const SHORT = 24;

/**
 * Reads frames in whatever pieces they come. Between two messages it holds nothing but numbers, so that one that is idle
 * takes next to no memory. What is announced and has not come takes none either.
 */
export class FrameReader {
  /** The beginning of a frame, as far as it has come. */
  #begun = NONE;
  /** The first byte of the frame whose content comes; -1 between frames. */
  #first = -1;
  /** Bytes of its content that are still to come, and how many have. */
  #missing = 0;
  #come = 0;
  /** Its masking key, the first byte lowest. */
  #key = 0;
  /** Content of a message that is not all there, in memory with room behind it. */
  #content: Uint8Array<ArrayBuffer> = NONE;
  #length = 0;
  /** Opcode of a message in several frames; CONTINUATION where there is none. */
  #opcode = CONTINUATION;
  /** The same of a frame of control, which may come between them. */
  #control: Uint8Array<ArrayBuffer> = NONE;
  #stopped = false;

  /** @param most bytes that a message may have */
  constructor(readonly most: number, readonly sink: FrameSink) {}

  /** Reads nothing more. */
  stop(): void {
    this.#stopped = true;
    this.#begun = this.#content = this.#control = NONE;
  }

  /**
   * Takes what has come.
   *
   * @param bytes may be written to, and are not kept: whoever is told of a message may use that memory again
   * @param end how many of them count
   */
  read(bytes: Uint8Array<ArrayBuffer>, end: number): void {
    let from = bytes;
    let to = end;
    if (this.#begun.length > 0) {
      from = new Uint8Array(this.#begun.length + end);
      from.set(this.#begun);
      from.set(bytes.subarray(0, end), this.#begun.length);
      to = from.length;
      this.#begun = NONE;
    }
    let own = from !== bytes;
    for (let at = 0; at < to && !this.#stopped;) {
      if (this.#first < 0) {
        const start = this.#begin(from, at, to);
        if (start < 0) {
          // What there is of it is at most 13 bytes.
          if (!this.#stopped) this.#begun = from.slice(at, to);
          return;
        }
        at = start;
      }
      // A frame without content ends with its beginning.
      const size = Math.min(this.#missing, to - at);
      const ascii = unmask(from, at, at + size, this.#key, this.#come);
      this.#missing -= size;
      this.#come += size;
      const stop = at + size;
      if (this.#missing > 0 || this.#stopped) {
        const piece = from.subarray(at, stop);
        return (this.#first & CONTROL) === 0 ? this.#gather(piece) : this.#gatherControl(piece);
      }
      if (stop < to && !own) {
        // What follows must outlast whatever is done about this one.
        const rest = from.slice(stop, to);
        this.#end(from, at, stop, ascii);
        from = rest;
        [at, to, own] = [0, rest.length, true];
      } else {
        this.#end(from, at, stop, ascii);
        at = stop;
      }
    }
  }

  /** Takes the beginning of a frame. @returns where its content begins; -1 where that is not all there, or is wrong */
  #begin(bytes: Uint8Array, at: number, to: number): number {
    if (to - at < 2) return -1;
    const first = bytes[at]!;
    const short = bytes[at + 1]! & LENGTH;
    const opcode = first & OPCODE;
    if ((first & RESERVED) !== 0) return this.#break("Reserved bits are set, and no extension was agreed on");
    if ((bytes[at + 1]! & MASKED) === 0) return this.#break("Frames of a client have to be masked");
    const why = this.#fault(opcode, (first & FIN) !== 0, short);
    if (why !== undefined) return this.#break(why);
    const wide = short < 126 ? 0 : short === 126 ? 2 : 8;
    const start = at + 2 + wide + KEY;
    if (start - KEY > to) return -1;
    let length = wide === 0 ? short : 0;
    for (let index = 0; index < wide; index++) length = length * 256 + bytes[at + 2 + index]!;
    if (opcode < CONTROL && this.#length + length > this.most) {
      return this.#break("Max payload size exceeded", TOO_BIG);
    }
    if (start > to) return -1;
    this.#key = bytes[start - 4]! | bytes[start - 3]! << 8 | bytes[start - 2]! << 16 |
      bytes[start - 1]! << 24;
    this.#first = first;
    this.#missing = length;
    this.#come = 0;
    return start;
  }

  /** What is wrong with a frame where it stands. */
  #fault(opcode: number, last: boolean, short: number): string | undefined {
    switch (opcode) {
      case CONTINUATION:
        return this.#opcode === CONTINUATION ? "A message goes on that has not begun" : undefined;
      case TEXT:
      case BINARY:
        return this.#opcode === CONTINUATION ? undefined : "A message begins before the last has ended";
      case CLOSE:
      case PING:
      case PONG:
        if (!last) return "A frame of control is in several pieces";
        return short > MOST_CONTROL ? "A frame of control is too long" : undefined;
      default:
        return `The opcode ${opcode} is not known`;
    }
  }

  #break(why: string, code = PROTOCOL_ERROR): -1 {
    this.stop();
    this.sink.broken(code, why);
    return -1;
  }

  /** Keeps content of a message of which more is to come. */
  #gather(piece: Uint8Array): void {
    this.#content = appended(this.#content, 0, this.#length, piece);
    this.#length += piece.length;
  }

  /** The same of a frame of control, which is no longer than {@linkcode MOST_CONTROL}. */
  #gatherControl(piece: Uint8Array): void {
    const before = this.#control;
    this.#control = new Uint8Array(before.length + piece.length);
    this.#control.set(before);
    this.#control.set(piece, before.length);
  }

  /** The content of a frame is all there. @param ascii whether its last part is below 0x80 */
  #end(bytes: Uint8Array<ArrayBuffer>, start: number, stop: number, ascii: boolean): void {
    const first = this.#first;
    this.#first = -1;
    const opcode = first & OPCODE;
    if (opcode >= CONTROL) {
      this.#gatherControl(bytes.subarray(start, stop));
      const content = this.#control;
      this.#control = NONE;
      return this.#endControl(opcode, content);
    }
    if (opcode !== CONTINUATION) this.#opcode = opcode;
    if ((first & FIN) === 0) {
      if (stop > start) this.#gather(bytes.subarray(start, stop));
      return;
    }
    const kind = this.#opcode;
    this.#opcode = CONTINUATION;
    if (this.#length === 0) return this.#tell(kind, bytes, start, stop, ascii);
    this.#gather(bytes.subarray(start, stop));
    const content = this.#content;
    const length = this.#length;
    this.#content = NONE;
    this.#length = 0;
    this.#tell(kind, content, 0, length, false);
  }

  #tell(kind: number, bytes: Uint8Array<ArrayBuffer>, start: number, stop: number, ascii: boolean): void {
    if (kind === BINARY) return this.sink.message(bytes.slice(start, stop));
    let text: string;
    if (ascii && stop - start <= SHORT) {
      text = "";
      for (let at = start; at < stop; at++) text += fromCharCode(bytes[at]!);
      return this.sink.message(text);
    }
    try {
      text = decoder.decode(bytes.subarray(start, stop));
    } catch {
      this.#break("A text is not UTF-8", NOT_TEXT);
      return;
    }
    this.sink.message(text);
  }

  #endControl(opcode: number, content: Uint8Array<ArrayBuffer>): void {
    // The answer to a Ping says no more than that it has come.
    if (opcode === PONG) return;
    if (opcode === PING) return this.sink.ping(content);
    this.stop();
    if (content.length === 0) return this.sink.closed(NO_STATUS, "");
    const code = content.length === 1 ? 0 : content[0]! << 8 | content[1]!;
    if (!mayClose(code)) {
      return this.sink.broken(PROTOCOL_ERROR, "A Close frame has a code that may not be said");
    }
    let reason: string;
    try {
      reason = decoder.decode(content.subarray(2));
    } catch {
      return this.sink.broken(NOT_TEXT, "The reason of a Close frame is not UTF-8");
    }
    this.sink.closed(code, reason);
  }
}
