/** One connection to an upstream that speaks TLS: an OpenSSL session over its socket. */

import { type Descriptor, EAGAIN, EBADF, ECONNRESET } from "../../../../ffi/mod.ts";
import { BROKEN, type ClientSession, WANTS_READ, WANTS_WRITE } from "../../../../ffi/openssl/mod.ts";
import type { Steps } from "../../../loop/course.ts";
import type { Deadlines } from "../../../loop/deadlines.ts";
import type { Poller } from "../../../loop/poller.ts";
import { room } from "../relay_buffer.ts";
import type { SecuredConnection } from "../secured.ts";
import { UpstreamConnection } from "../upstream_connection.ts";
import { UnsecuredError, UpstreamError } from "../upstream_error.ts";

/** What a connection asks of whoever has made it. */
export interface SecuringTerms {
  /** Why the server is not whom it should be; undefined where it is. Asked when the handshake is over. */
  objection(session: ClientSession): string | undefined;
  /** Why there was no agreement, and the way out. */
  explain(session: ClientSession): string;
  /** Takes what a later connection can go on with. */
  keep(session: ClientSession): void;
}

/**
 * Owns the session as well. Its memory is given back when the connection is closed, and close_notify said before that,
 * unless it is broken.
 *
 * The end of the connection without close_notify is no end of anything: whoever reads is told that it is broken, as what
 * has come may be a part (RFC 8446, 6.1).
 */
export class TlsConnection extends UpstreamConnection implements SecuredConnection {
  #agreed = false;
  #broken = false;
  #kept = false;

  constructor(
    poller: Poller,
    fd: Descriptor,
    all: Set<UpstreamConnection>,
    readonly session: ClientSession,
    readonly terms: SecuringTerms,
  ) {
    super(poller, fd, all);
  }

  *handshake(deadlines: Deadlines, where: string): Steps<void> {
    const end = deadlines.set.clock() + deadlines.milliseconds;
    try {
      for (;;) {
        if (this.closed) throw new UpstreamError("its connection was closed here");
        const result = this.session.connect();
        if (result > 0) break;
        // One that says a byte at a time has no more time for it than one that says nothing.
        if (deadlines.set.clock() >= end) throw new UpstreamError("too slow", 504);
        if (result === WANTS_READ) yield* this.untilReadable(deadlines);
        else if (result === WANTS_WRITE) yield* this.untilWritable(deadlines);
        else {
          this.#broken = true;
          throw new UnsecuredError(
            `there is no TLS with it at ${where}: ${this.terms.explain(this.session)}`,
          );
        }
      }
      const objection = this.terms.objection(this.session);
      if (objection !== undefined) {
        throw new UnsecuredError(`there is no TLS with it at ${where}: ${objection}`);
      }
      this.#agreed = true;
    } catch (error) {
      this.close();
      if (error instanceof UnsecuredError || !(error instanceof UpstreamError)) throw error;
      if (error.status !== 504) throw error;
      throw new UnsecuredError(`it did not finish the TLS handshake at ${where} in time`, 504);
    }
  }

  override get splices(): boolean {
    return false;
  }

  /** Takes as many records as fit: of several that are there each is read by itself. */
  override receive(size: number): number {
    if (this.closed) return -EBADF;
    let length = 0;
    while (length < size) {
      const count = this.session.read(
        length === 0 && size === room.length ? room : room.subarray(length, size),
      );
      if (count > 0) {
        length += count;
        continue;
      }
      // What was read comes first: the next call finds the same.
      if (length > 0) return length;
      if (count === 0) return 0;
      if (count !== BROKEN) return -EAGAIN;
      this.#broken = true;
      return -ECONNRESET;
    }
    return length;
  }

  /** All of it or nothing: after a wait the same bytes have to come again, wherever they lie by then (SSL_write(3)). */
  override send(bytes: Uint8Array<ArrayBuffer>, _more: boolean, size: number = bytes.byteLength): number {
    if (this.closed) return -EBADF;
    if (size === 0) return 0;
    const result = this.session.write(bytes, size);
    if (result > 0) return result;
    if (result !== BROKEN && result !== 0) return -EAGAIN;
    this.#broken = true;
    return -ECONNRESET;
  }

  /** Session tickets come behind a handshake, and say nothing: they are taken. */
  override get quiet(): boolean {
    if (this.closed || this.#broken || this.length > 0) return false;
    const isQuiet = this.session.read(room) === WANTS_READ;
    if (isQuiet && !this.#kept) {
      this.#kept = true;
      this.terms.keep(this.session);
    }
    return isQuiet;
  }

  protected override get breakage(): string {
    const { failure } = this.session;
    return failure === "" ? super.breakage : `it broke the connection off: ${failure}`;
  }

  /** Says that nothing more will come. The socket stays open for what is still to be received. */
  override endSending(): void {
    if (!this.closed) this.session.shutdown();
  }

  override close(): void {
    if (this.closed) return;
    if (this.#agreed && !this.#broken) {
      if (!this.#kept) this.terms.keep(this.session);
      this.session.shutdown();
    }
    super.close();
    this.session.free();
  }
}
