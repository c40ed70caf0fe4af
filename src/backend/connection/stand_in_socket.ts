/**
 * What stands in for a socket of node:net where the runtime cannot make one of an open descriptor, or would not know what to
 * do with it.
 */

import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { EAGAIN, keepAlive } from "../../../ffi/mod.ts";
import { type Connection, ConnectionLost } from "./connection.ts";

type Done = (error?: Error | null) => void;

/**
 * A stream both ways on a connection, with what libraries ask of a socket besides. The connection keeps its descriptor, and
 * is closed when the stream is destroyed; a stream whose connection is closed by others comes to its end.
 */
export class StandIn extends Duplex {
  readonly #connection: Connection;
  /** Told that there is something to receive. Made once, since there is a wait for every piece. */
  readonly #came = () => this.#receive();
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
    this.#receive();
  }

  /** Takes what has come, or waits for it. What is read lies in memory that is everybody's, so a copy of it goes on. */
  #receive(): void {
    const connection = this.#connection;
    const { scratch, scratchSize, times: { endless } } = connection.home;
    let length: number;
    do length = connection.receive(scratch, scratchSize); while (
      length === -EAGAIN && connection.awaitInput(endless, Infinity, this.#came)
    );
    if (length === -EAGAIN) return;
    if (length < 0) {
      this.destroy(new ConnectionLost("Cannot receive: the client is gone"));
      return;
    }
    if (length === 0) {
      this.push(null);
      return;
    }
    this.bytesRead += length;
    const piece = Buffer.from(scratch.subarray(0, length));
    if (connection.moved(length)) connection.home.loop.others(() => this.push(piece));
    else this.push(piece);
  }

  override _write(piece: Buffer, _encoding: string, done: Done): void {
    this.#send(piece, done);
  }

  /** What was held back until all of it was there (cork) leaves in one piece. */
  override _writev(pieces: { readonly chunk: Buffer }[], done: Done): void {
    this.#send(Buffer.concat(pieces.map(({ chunk }) => chunk)), done);
  }

  #send(piece: Buffer, done: Done): void {
    const bytes = piece as Uint8Array as Uint8Array<ArrayBuffer>;
    this.bytesWritten += bytes.length;
    const sent = this.#connection.send(bytes, false);
    // Most of what is sent is taken at once.
    if (sent === bytes.length) return done();
    this.#connection.sendAll(bytes.subarray(Math.max(0, sent))).then(() => done(), done);
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
