/** Frames on their way to a client: most are taken by the socket at once, and cost no memory. */

import { EAGAIN } from "../../../ffi/mod.ts";
import { encodeFrame, FrameBuffer, PONG, TEXT } from "../../websocket/frames.ts";
import type { Connection } from "../connection/connection.ts";

/** All frames that fit leave from here: filled, sent, and free again before anything else has its turn. */
const shared = new FrameBuffer(0xffff);
const encoder = new TextEncoder();

/** Sends frames in order, and has what the socket does not take. Nothing is kept for a client that is gone. */
export class FrameSender {
  readonly #connection: Connection;
  /** What the socket has not taken yet; undefined where it has taken everything. */
  #kept: Uint8Array<ArrayBuffer>[] | undefined;
  /** Bytes of that. */
  unsent = 0;
  /** Settles when there is nothing of it any more; undefined where there is not. */
  emptied: Promise<void> | undefined;
  /** The answer to the last Ping, where it could not leave: one for all (RFC 6455, 5.5.3). */
  #pong: Uint8Array<ArrayBuffer> | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  sendText(text: string): void {
    const size = shared.putText(text);
    if (size < 0) this.#sendOwn(encodeFrame(TEXT, encoder.encode(text)));
    else this.#sendShared(size);
  }

  /** @param content may be changed afterwards */
  send(opcode: number, content: Uint8Array): void {
    const size = shared.put(opcode, content);
    if (size < 0) this.#sendOwn(encodeFrame(opcode, content));
    else this.#sendShared(size);
  }

  /** Answers a Ping, and all before it that have no answer yet. */
  answer(content: Uint8Array<ArrayBuffer>): void {
    if (this.#kept === undefined) this.send(PONG, content);
    else this.#pong = content;
  }

  #sendShared(size: number): void {
    if (this.#kept !== undefined) return this.#keep(shared.bytes.slice(0, size));
    const sent = this.#connection.sendFirst(shared.bytes, size, false);
    if (sent !== size) this.#sendLater(shared.bytes.slice(Math.max(0, sent), size), sent);
  }

  #sendOwn(frame: Uint8Array<ArrayBuffer>): void {
    if (this.#kept !== undefined) return this.#keep(frame);
    const sent = this.#connection.send(frame, false);
    if (sent !== frame.length) this.#sendLater(frame.subarray(Math.max(0, sent)), sent);
  }

  #keep(frame: Uint8Array<ArrayBuffer>): void {
    this.#kept!.push(frame);
    this.unsent += frame.length;
  }

  /** @param sent what the first attempt has come to: who receives from a client that is gone finds that out */
  #sendLater(rest: Uint8Array<ArrayBuffer>, sent: number): void {
    if (sent < 0 && sent !== -EAGAIN) return;
    this.#kept = [];
    this.#keep(rest);
    this.emptied = this.#flush(this.#kept);
  }

  /** Sends what is kept as the client takes it. */
  async #flush(kept: Uint8Array<ArrayBuffer>[]): Promise<void> {
    const connection = this.#connection;
    const { endless } = connection.home.times;
    while (kept.length > 0) {
      if (!await connection.writableWithin(endless, Infinity)) break;
      const taken = this.#sendKept(kept);
      if (taken < 0) break;
      // What has left need not be kept for as long as the rest.
      kept.splice(0, taken);
    }
    const pong = this.#pong;
    this.#kept = this.#pong = this.emptied = undefined;
    this.unsent = 0;
    if (pong !== undefined) this.send(PONG, pong);
  }

  /** Sends as much as the socket takes. @returns how many frames have left; -1 where the client is gone */
  #sendKept(kept: Uint8Array<ArrayBuffer>[]): number {
    for (let index = 0; index < kept.length;) {
      const frame = kept[index]!;
      const sent = this.#connection.send(frame, false);
      if (sent < 0) return sent === -EAGAIN ? index : -1;
      this.unsent -= sent;
      // Until it takes none at all: only then somebody tells when there is room again (epoll(7), edge-triggered).
      if (sent < frame.length) kept[index] = frame.subarray(sent);
      else index++;
    }
    return kept.length;
  }
}
