/**
 * What handshakes with servers go by: SSL_CTX_new(3) and the settings on it, for the side that connects.
 *
 * @module
 */
import { cString } from "../memory.ts";
import { type Identity, type TlsVersion, VERSIONS } from "./context.ts";
import { lastReason, OpenSslError } from "./errors.ts";
import { crypto, ssl } from "./library.ts";

const { X509_check_private_key } = crypto;
const {
  SSL_CTX_ctrl,
  SSL_CTX_free,
  SSL_CTX_load_verify_dir,
  SSL_CTX_load_verify_file,
  SSL_CTX_new,
  SSL_CTX_set_alpn_protos,
  SSL_CTX_set_cipher_list,
  SSL_CTX_set_ciphersuites,
  SSL_CTX_set_default_read_buffer_len,
  SSL_CTX_set_default_verify_paths,
  SSL_CTX_set_options,
  SSL_CTX_set_verify,
  SSL_CTX_use_PrivateKey,
  SSL_CTX_use_certificate,
  TLS_client_method,
} = ssl;

// Numbers of ssl.h: what is a macro in C is one of these for SSL_CTX_ctrl.
const SSL_CTRL_MODE = 33;
const SSL_CTRL_SET_READ_AHEAD = 41;
const SSL_CTRL_CHAIN_CERT = 89;
const SSL_CTRL_SET_MIN_PROTO_VERSION = 123;
const SSL_CTRL_SET_MAX_PROTO_VERSION = 124;

const SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER = 0x2;
const SSL_MODE_RELEASE_BUFFERS = 0x10;

const SSL_OP_NO_COMPRESSION = 1 << 17;
const SSL_OP_NO_RENEGOTIATION = 2 ** 30;

const SSL_VERIFY_PEER = 0x1;

/** Bytes read from a socket at a time: two records and what is around them. */
const READ_BUFFER = 34_000;

/** RFC 7301: each name with its length in front. */
const ALPN = new TextEncoder().encode("\x08http/1.1");

/** What a context is made of. Certificates and keys stay their owner's, who may free them afterwards. */
export interface ClientContextOptions {
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** Cipher suites of TLS 1.2, as `openssl ciphers` writes them. */
  readonly ciphers: string;
  /** Those of TLS 1.3. */
  readonly cipherSuites: string;
  /** Whether a handshake fails where no authority has signed the server's certificate, or it does not count now. */
  readonly verify: boolean;
  /** Who may have signed it: a file (PEM), a directory with hashed names (openssl-rehash(1)), else those of the system. */
  readonly authorities?: { readonly file?: string; readonly directory?: string };
  /** What is shown to servers that ask for it. */
  readonly identity?: Identity;
}

/** A context of the side that connects. Connections that began under it keep it alive beyond {@linkcode free}. */
export class ClientContext {
  readonly pointer: NonNullable<Deno.PointerValue>;

  /** @throws {OpenSslError} when OpenSSL does not take something of it */
  constructor(options: ClientContextOptions) {
    const pointer = SSL_CTX_new(TLS_client_method());
    if (pointer === null) throw new OpenSslError(`Cannot make a TLS context: ${lastReason("out of memory")}`);
    this.pointer = pointer;
    try {
      this.#restrict(options);
      this.#trust(options);
      if (options.identity !== undefined) this.#use(options.identity);
    } catch (error) {
      this.free();
      throw error;
    }
  }

  #restrict({ minVersion, maxVersion, ciphers, cipherSuites }: ClientContextOptions): void {
    const { pointer } = this;
    SSL_CTX_ctrl(pointer, SSL_CTRL_SET_MIN_PROTO_VERSION, BigInt(VERSIONS[minVersion]), null);
    SSL_CTX_ctrl(pointer, SSL_CTRL_SET_MAX_PROTO_VERSION, BigInt(VERSIONS[maxVersion]), null);
    const modes = SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS;
    SSL_CTX_ctrl(pointer, SSL_CTRL_MODE, BigInt(modes), null);
    SSL_CTX_set_default_read_buffer_len(pointer, BigInt(READ_BUFFER));
    SSL_CTX_ctrl(pointer, SSL_CTRL_SET_READ_AHEAD, 1n, null);
    SSL_CTX_set_options(pointer, BigInt(SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION));
    this.#check(SSL_CTX_set_cipher_list(pointer, cString(ciphers)), `Cannot use the ciphers "${ciphers}"`);
    this.#check(
      SSL_CTX_set_ciphersuites(pointer, cString(cipherSuites)),
      `Cannot use the cipher suites "${cipherSuites}"`,
    );
    // This one says 0 where it has worked.
    this.#check(1 - SSL_CTX_set_alpn_protos(pointer, ALPN, ALPN.length), "Cannot ask for http/1.1");
  }

  #trust({ verify, authorities: { file, directory } = {} }: ClientContextOptions): void {
    if (!verify) return;
    const { pointer } = this;
    if (file !== undefined) {
      this.#check(SSL_CTX_load_verify_file(pointer, cString(file)), `Cannot use the authorities "${file}"`);
    }
    if (directory !== undefined) {
      const what = `Cannot use the authorities in "${directory}"`;
      this.#check(SSL_CTX_load_verify_dir(pointer, cString(directory)), what);
    }
    if (file === undefined && directory === undefined) {
      this.#check(SSL_CTX_set_default_verify_paths(pointer), "Cannot use the authorities of the system");
    }
    // What stands in the queue of errors though it has worked, as of a system without any, is nobody's.
    lastReason("");
    SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, null);
  }

  #use({ chain: [leaf, ...others], key, name }: Identity): void {
    const { pointer } = this;
    if (leaf === undefined) throw new OpenSslError(`Cannot use ${name}: it is empty`);
    if (X509_check_private_key(leaf.pointer, key.pointer) !== 1) {
      lastReason("");
      throw new OpenSslError(`Cannot use ${name}: the key does not belong to it`);
    }
    this.#check(SSL_CTX_use_certificate(pointer, leaf.pointer), `Cannot use ${name}`);
    this.#check(SSL_CTX_use_PrivateKey(pointer, key.pointer), `Cannot use the key of ${name}`);
    for (const { pointer: other } of others) {
      const added = Number(SSL_CTX_ctrl(pointer, SSL_CTRL_CHAIN_CERT, 1n, other));
      this.#check(added, `Cannot use the chain of ${name}`);
    }
  }

  #check(result: number, what: string): void {
    if (result !== 1) throw new OpenSslError(`${what}: ${lastReason("OpenSSL does not take it")}`);
  }

  /** Lets go of it. */
  free(): void {
    SSL_CTX_free(this.pointer);
  }
}
