/**
 * What stands in for a socket of node:net where the runtime cannot make one of an open descriptor, or would not know what to
 * do with it.
 */

import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { EAGAIN, keepAlive } from "../../../ffi/mod.ts";
import { type Connection, ConnectionLost } from "./connection.ts";

/** Bytes that are read in one go. */
const PIECE = 65_536;

type Done = (error?: Error | null) => void;

/**
 * A stream both ways on a connection, with what libraries ask of a socket besides. The connection keeps its descriptor, and
 * is closed when the stream is destroyed; a stream whose connection is closed by others comes to its end.
 */
export class StandIn extends Duplex {
  readonly #connection: Connection;
  bytesRead = 0;
  bytesWritten = 0;

  constructor(connection: Connection) {
    super({ allowHalfOpen: true });
    this.#connection = connection;
    connection.onGone(undefined);
    connection.setNoDelay();
    // Nobody has to listen: a client that resets its connection must not end the process.
    this.on("error", () => {});
  }

  get remoteAddress(): string {
    return this.#connection.client.hostname;
  }

  get remotePort(): number {
    return this.#connection.client.port;
  }

  get localAddress(): string {
    return this.#connection.local.hostname;
  }

  get localPort(): number {
    return this.#connection.local.port;
  }

  override _read(): void {
    this.#receive().then((piece) => void this.push(piece), (error) => this.destroy(error));
  }

  /** What has come; null at the end. */
  async #receive(): Promise<Buffer | null> {
    const connection = this.#connection;
    const piece = new Uint8Array(PIECE);
    const { endless } = connection.home.times;
    for (;;) {
      const length = connection.receive(piece, BigInt(PIECE));
      if (length === -EAGAIN) await connection.readableWithin(endless, Infinity);
      else if (length < 0) throw new ConnectionLost("Cannot receive: the client is gone");
      else {
        this.bytesRead += length;
        return length === 0 ? null : Buffer.from(piece.buffer, 0, length);
      }
    }
  }

  override _write(piece: Buffer, _encoding: string, done: Done): void {
    this.bytesWritten += piece.length;
    this.#connection.sendAll(piece as Uint8Array as Uint8Array<ArrayBuffer>).then(() => done(), done);
  }

  override _final(done: Done): void {
    this.#connection.endSending();
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#connection.close();
    done(error);
  }

  // What sockets have, and streams have not.

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(on = false, milliseconds = 60_000): this {
    if (on && !this.#connection.closed) keepAlive(this.#connection.fd, Math.ceil(milliseconds / 1_000));
    return this;
  }

  setTimeout(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
