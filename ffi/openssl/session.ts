/**
 * One TLS connection on a socket, that of a server unless it is a {@linkcode ClientSession}: SSL_accept(3), SSL_read(3), SSL_write(3), SSL_shutdown(3). Nothing here waits: the
 * socket has to be in non-blocking mode.
 *
 * @module
 */
import type { Descriptor } from "../descriptor.ts";
import { Certificate } from "./certificate.ts";
import type { Context } from "./context.ts";
import { describeError, lastReason, OpenSslError, takeErrors, textAt } from "./errors.ts";
import { crypto, ssl } from "./library.ts";

const { BIO_ctrl, X509_verify_cert_error_string } = crypto;
const {
  SSL_CIPHER_get_name,
  SSL_CIPHER_get_protocol_id,
  SSL_accept,
  SSL_free,
  SSL_get1_peer_certificate,
  SSL_get_current_cipher,
  SSL_get_error,
  SSL_get_rbio,
  SSL_get_verify_result,
  SSL_get_wbio,
  SSL_has_pending,
  SSL_new,
  SSL_peek,
  SSL_read,
  SSL_session_reused,
  SSL_set_fd,
  SSL_set_read_ahead,
  SSL_set_shutdown,
  SSL_shutdown,
  SSL_version,
  SSL_write,
} = ssl;

const SSL_ERROR_WANT_READ = 2;
const SSL_ERROR_WANT_WRITE = 3;
const SSL_ERROR_ZERO_RETURN = 6;

const SSL_SENT_SHUTDOWN = 1;

const BIO_CTRL_GET_KTLS_SEND = 73;
const BIO_CTRL_GET_KTLS_RECV = 76;

/** What a call came to that moved no bytes: it is to be made again when the socket has something, or has room. */
export const WANTS_READ = -1;
export const WANTS_WRITE = -2;
/** The connection is broken: {@linkcode Session.failure} says how. */
export const BROKEN = -3;

/** Where one byte is looked at: what it is does not matter. */
const LOOK = new Uint8Array(1);

/** What a handshake has agreed on. */
export interface Agreement {
  /** 0x0303 for TLS 1.2, 0x0304 for 1.3. */
  readonly version: number;
  /** The number of the cipher suite (IANA). */
  readonly cipher: number;
  /** An earlier session went on: no certificate was shown. */
  readonly resumed: boolean;
}

/** One connection. Owns no descriptor: the socket is lent, and {@linkcode free} leaves it as it is. */
export class Session {
  /** An SSL, which is this object's. */
  protected readonly pointer: NonNullable<Deno.PointerValue>;
  #failure = "";

  /** @param fd the client's socket, non-blocking, lent */
  constructor(context: Pick<Context, "pointer">, fd: Descriptor) {
    const pointer = SSL_new(context.pointer);
    if (pointer === null || SSL_set_fd(pointer, fd) !== 1) {
      if (pointer !== null) SSL_free(pointer);
      throw new OpenSslError(`Cannot begin a TLS connection: ${lastReason("out of memory")}`);
    }
    this.pointer = pointer;
  }

  /** Goes on with the handshake as the server: 1 when it is over, or what it waits for, or {@linkcode BROKEN}. */
  accept(): number {
    return this.outcome(SSL_accept(this.pointer));
  }

  /** Takes what the client sent: bytes, 0 after its close_notify, or what it waits for, or {@linkcode BROKEN}. */
  read(bytes: Uint8Array<ArrayBuffer>): number {
    return this.outcome(SSL_read(this.pointer, bytes, bytes.byteLength));
  }

  /**
   * Looks whether there is something for {@linkcode read}, and takes nothing: more than 0 when there is, 0 after the client's
   * close_notify, or what it waits for, or {@linkcode BROKEN}.
   */
  peek(): number {
    return this.outcome(SSL_peek(this.pointer, LOOK, LOOK.byteLength));
  }

  /**
   * Sends to the client: `length` when all of it was taken, or what it waits for, or {@linkcode BROKEN}. After a wait the
   * call is to be made with the same bytes again, wherever they lie by then, also if some of them have left.
   *
   * @param length how many of the bytes; more than 0
   */
  write(bytes: Uint8Array<ArrayBuffer>, length: number): number {
    return this.outcome(SSL_write(this.pointer, bytes, length));
  }

  /** Says that nothing more will be sent (close_notify): 1 when that has left. */
  shutdown(): number {
    const result = SSL_shutdown(this.pointer);
    // 0: ours has been sent, the client's has not come yet.
    return result >= 0 ? 1 : this.outcome(result);
  }

  /** Whether bytes have been read from the socket that {@linkcode read} has not given out. */
  get hasPending(): boolean {
    return SSL_has_pending(this.pointer) === 1;
  }

  /**
   * Takes whole pieces from the socket rather than record by record: only where the session stays to read them. Contexts
   * without a kernel that goes on have it so from the beginning.
   */
  readAhead(): void {
    SSL_set_read_ahead(this.pointer, 1);
  }

  /** Why it is broken, in OpenSSL's words; empty where the client just went. */
  get failure(): string {
    return this.#failure;
  }

  /** What a call has come to: as it is if it is more than 0. */
  protected outcome(result: number): number {
    if (result > 0) return result;
    switch (SSL_get_error(this.pointer, result)) {
      case SSL_ERROR_WANT_READ:
        return WANTS_READ;
      case SSL_ERROR_WANT_WRITE:
        return WANTS_WRITE;
      case SSL_ERROR_ZERO_RETURN:
        return 0;
    }
    const code = takeErrors().at(-1);
    this.#failure = code === undefined ? "" : describeError(code);
    return BROKEN;
  }

  /** Whether it goes on with an earlier session. */
  get resumed(): boolean {
    return SSL_session_reused(this.pointer) === 1;
  }

  /** What the handshake has agreed on. */
  get agreement(): Agreement {
    const cipher = SSL_get_current_cipher(this.pointer);
    return {
      version: SSL_version(this.pointer),
      cipher: cipher === null ? 0 : SSL_CIPHER_get_protocol_id(cipher),
      resumed: SSL_session_reused(this.pointer) === 1,
    };
  }

  /** OpenSSL's name for the cipher suite. */
  get cipherName(): string {
    const cipher = SSL_get_current_cipher(this.pointer);
    return cipher === null ? "" : textAt(SSL_CIPHER_get_name(cipher));
  }

  /** The client's certificate, owned by the caller; undefined when it showed none. */
  get clientCertificate(): Certificate | undefined {
    const pointer = SSL_get1_peer_certificate(this.pointer);
    return pointer === null ? undefined : new Certificate(pointer);
  }

  /** Why the client's certificate does not count; undefined when it does. */
  get clientFault(): string | undefined {
    const result = SSL_get_verify_result(this.pointer);
    return result === 0n ? undefined : textAt(X509_verify_cert_error_string(result));
  }

  /** Whether the kernel encrypts what is sent on the socket. */
  get kernelSends(): boolean {
    return BIO_ctrl(SSL_get_wbio(this.pointer), BIO_CTRL_GET_KTLS_SEND, 0n, null) === 1n;
  }

  /** Whether the kernel decrypts what is received on it. */
  get kernelReceives(): boolean {
    return BIO_ctrl(SSL_get_rbio(this.pointer), BIO_CTRL_GET_KTLS_RECV, 0n, null) === 1n;
  }

  /**
   * The connection goes on without OpenSSL: what ends here is no failure, and its session can go on in another connection
   * (SSL_set_shutdown(3)). To be called before {@linkcode free}.
   */
  leaveConnection(): void {
    SSL_set_shutdown(this.pointer, SSL_SENT_SHUTDOWN);
  }

  /** Lets go of the session and its memory. Says nothing to the client, and closes nothing. */
  free(): void {
    SSL_free(this.pointer);
  }
}
