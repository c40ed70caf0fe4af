/**
 * What the handshakes of one site go by: SSL_CTX_new(3) and the settings on it.
 *
 * @module
 */
import { cString } from "../memory.ts";
import type { Certificate } from "./certificate.ts";
import { lastReason, OpenSslError } from "./errors.ts";
import { crypto, ssl } from "./library.ts";
import type { PrivateKey } from "./private_key.ts";

const { X509_STORE_add_cert, X509_check_private_key } = crypto;
const {
  SSL_CTX_add_client_CA,
  SSL_CTX_ctrl,
  SSL_CTX_ctrl_bytes,
  SSL_CTX_free,
  SSL_CTX_get_cert_store,
  SSL_CTX_load_verify_dir,
  SSL_CTX_new,
  SSL_CTX_set_cipher_list,
  SSL_CTX_set_ciphersuites,
  SSL_CTX_set_default_read_buffer_len,
  SSL_CTX_set_num_tickets,
  SSL_CTX_set_options,
  SSL_CTX_set_session_id_context,
  SSL_CTX_set_verify,
  SSL_CTX_set_verify_depth,
  SSL_CTX_use_PrivateKey,
  SSL_CTX_use_certificate,
  TLS_server_method,
} = ssl;

// Numbers of ssl.h: what is a macro in C is one of these for SSL_CTX_ctrl.
const SSL_CTRL_MODE = 33;
const SSL_CTRL_SET_READ_AHEAD = 41;
const SSL_CTRL_SET_SESS_CACHE_SIZE = 42;
const SSL_CTRL_SET_SESS_CACHE_MODE = 44;
const SSL_CTRL_SET_TLSEXT_TICKET_KEYS = 59;
const SSL_CTRL_CHAIN_CERT = 89;
const SSL_CTRL_SET_GROUPS_LIST = 92;
const SSL_CTRL_SET_MIN_PROTO_VERSION = 123;
const SSL_CTRL_SET_MAX_PROTO_VERSION = 124;

const SSL_SESS_CACHE_OFF = 0n;
const SSL_SESS_CACHE_SERVER = 2n;

/** Sessions in memory, of clients that take no tickets: of a process and a site, the latest. Each takes about 1 KiB. */
const SESSIONS = 256n;

const SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER = 0x2;
const SSL_MODE_RELEASE_BUFFERS = 0x10;

const SSL_OP_ENABLE_KTLS = 1 << 3;
const SSL_OP_NO_TICKET = 1 << 14;
const SSL_OP_NO_COMPRESSION = 1 << 17;
const SSL_OP_CIPHER_SERVER_PREFERENCE = 1 << 22;
const SSL_OP_NO_RENEGOTIATION = 2 ** 30;

const SSL_VERIFY_PEER = 0x1;
const SSL_VERIFY_FAIL_IF_NO_PEER_CERT = 0x2;

/**
 * Tickets that a full handshake gives, and so does one that resumes. OpenSSL gives two unless told: each is to be encrypted
 * and sent by itself, and a client that opens several connections at a time gets one on each.
 */
const TICKETS = 1n;

/** Bytes read from a socket at a time, where that is not record by record: two records and what is around them. */
const READ_BUFFER = 34_000;

/**
 * Groups in which keys are agreed on: Mozilla's intermediate set, and before it the one with ML-KEM where OpenSSL has that
 * (3.5). OpenSSL's own list has ffdhe8192 as well, with which a client may have each of its handshakes take thirty times
 * as long (`openssl speed ffdh8192 ecdhx25519`).
 */
const GROUPS = ["X25519MLKEM768:X25519:P-256:P-384", "X25519:P-256:P-384"] as const;

/** Bytes that encrypt session tickets: a name, and keys for HMAC and AES-256 (SSL_CTX_set_tlsext_ticket_keys(3)). */
export const TICKET_KEYS = 80;

export const VERSIONS = { "1.2": 0x0303, "1.3": 0x0304 } as const;

/** A version of TLS that can be asked for. */
export type TlsVersion = keyof typeof VERSIONS;

/** What a server proves its name with. */
export interface Identity {
  /** Its own certificate, then those that lead to an authority. */
  readonly chain: readonly Certificate[];
  readonly key: PrivateKey;
  /** What messages call the certificate: `the certificate "/etc/tls/cert.pem"`. */
  readonly name: string;
}

/** What a context is made of. Certificates and keys stay their owner's, who may free them afterwards. */
export interface ContextOptions {
  /** One for each kind of key that clients may prefer; at least one. */
  readonly identities: readonly Identity[];
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** Cipher suites of TLS 1.2, as `openssl ciphers` writes them. */
  readonly ciphers: string;
  /** Those of TLS 1.3. */
  readonly cipherSuites: string;
  /** Whether the order of ours counts, not that of the client. */
  readonly serverOrder: boolean;
  /** {@linkcode TICKET_KEYS} bytes; without them sessions are not resumed. */
  readonly ticketKeys?: Uint8Array<ArrayBuffer> | undefined;
  /** What a session must have begun under to be resumed under this context: at most 32 bytes. */
  readonly sessionContext: Uint8Array<ArrayBuffer>;
  readonly clientCertificates: "off" | "optional" | "required";
  /** Who may have signed them. */
  readonly clientAuthorities: readonly Certificate[];
  /** A directory with more of those, by hashed names (openssl-rehash(1)): looked up in handshakes. */
  readonly clientAuthoritiesDirectory?: string | undefined;
  /** Whom clients are told of. */
  readonly namedAuthorities: readonly Certificate[];
  /**
   * Certificates that may stand above a client's, up to that of the authority and with it. OpenSSL cannot ask for 0, a
   * certificate that is an authority's itself: it is 1 here, and {@linkcode Certificate.isSelfSigned} is left to be asked.
   */
  readonly clientVerifyDepth: number;
  /** Whether the kernel is asked to go on where the handshake has ended. */
  readonly kernel: boolean;
}

/** A context. Connections that began under it keep it alive beyond {@linkcode free}. */
export class Context {
  readonly pointer: NonNullable<Deno.PointerValue>;

  /** @throws {OpenSslError} when OpenSSL does not take something of it */
  constructor(options: ContextOptions) {
    const pointer = SSL_CTX_new(TLS_server_method());
    if (pointer === null) throw new OpenSslError(`Cannot make a TLS context: ${lastReason("out of memory")}`);
    this.pointer = pointer;
    try {
      this.#restrict(options);
      for (const identity of options.identities) this.#use(identity);
      this.#verify(options);
    } catch (error) {
      this.free();
      throw error;
    }
  }

  /** Versions, ciphers, and what OpenSSL would do by itself that is not wanted. */
  #restrict(options: ContextOptions): void {
    const { pointer } = this;
    const { minVersion, maxVersion, ciphers, cipherSuites, ticketKeys, sessionContext } = options;
    SSL_CTX_ctrl(pointer, SSL_CTRL_SET_MIN_PROTO_VERSION, BigInt(VERSIONS[minVersion]), null);
    SSL_CTX_ctrl(pointer, SSL_CTRL_SET_MAX_PROTO_VERSION, BigInt(VERSIONS[maxVersion]), null);
    const modes = SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS;
    SSL_CTX_ctrl(pointer, SSL_CTRL_MODE, BigInt(modes), null);
    SSL_CTX_set_default_read_buffer_len(pointer, BigInt(READ_BUFFER));
    // What has been read ahead of the kernel would be lost to it.
    if (!options.kernel) SSL_CTX_ctrl(pointer, SSL_CTRL_SET_READ_AHEAD, 1n, null);
    // Sessions live in tickets. Those of TLS 1.2 with clients that take none, as curl, live in this process's memory.
    const mode = ticketKeys === undefined ? SSL_SESS_CACHE_OFF : SSL_SESS_CACHE_SERVER;
    SSL_CTX_ctrl(pointer, SSL_CTRL_SET_SESS_CACHE_MODE, mode, null);
    SSL_CTX_ctrl(pointer, SSL_CTRL_SET_SESS_CACHE_SIZE, SESSIONS, null);
    const flags = SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
      (options.serverOrder ? SSL_OP_CIPHER_SERVER_PREFERENCE : 0) |
      (options.kernel ? SSL_OP_ENABLE_KTLS : 0) |
      (ticketKeys === undefined ? SSL_OP_NO_TICKET : 0);
    SSL_CTX_set_options(pointer, BigInt(flags));
    SSL_CTX_set_num_tickets(pointer, ticketKeys === undefined ? 0n : TICKETS);
    if (
      ticketKeys !== undefined &&
      SSL_CTX_ctrl_bytes(pointer, SSL_CTRL_SET_TLSEXT_TICKET_KEYS, BigInt(TICKET_KEYS), ticketKeys) !== 1n
    ) {
      throw new OpenSslError(`Cannot use ticket keys of ${ticketKeys.length} bytes`);
    }
    this.#check(
      SSL_CTX_set_session_id_context(pointer, sessionContext, sessionContext.length),
      "Cannot set the session context",
    );
    const takesGroups = (groups: string) =>
      SSL_CTX_ctrl_bytes(pointer, SSL_CTRL_SET_GROUPS_LIST, 0n, cString(groups)) === 1n;
    if (!GROUPS.some(takesGroups)) {
      throw new OpenSslError(`Cannot use the groups: ${lastReason("none is known")}`);
    }
    // What was said of a list that is not known.
    lastReason("");
    this.#check(
      SSL_CTX_set_cipher_list(pointer, cString(ciphers)),
      `Cannot use the ciphers "${ciphers}"`,
    );
    this.#check(
      SSL_CTX_set_ciphersuites(pointer, cString(cipherSuites)),
      `Cannot use the cipher suites "${cipherSuites}"`,
    );
  }

  #use({ chain: [leaf, ...others], key, name }: Identity): void {
    const { pointer } = this;
    if (leaf === undefined) throw new OpenSslError(`Cannot use ${name}: it is empty`);
    const belongs = ({ pointer }: Certificate) => X509_check_private_key(pointer, key.pointer) === 1;
    if (!belongs(leaf)) {
      const other = others.findIndex(belongs);
      lastReason("");
      throw new OpenSslError(
        other < 0
          ? `Cannot use ${name}: the key does not belong to it`
          : `Cannot use ${name}: the key belongs to number ${other + 2} in it; write that first, ` +
            "and those that lead to an authority behind it",
      );
    }
    this.#check(SSL_CTX_use_certificate(pointer, leaf.pointer), `Cannot use ${name}`);
    this.#check(SSL_CTX_use_PrivateKey(pointer, key.pointer), `Cannot use the key of ${name}`);
    // 1: the context takes a reference of its own. It belongs to the certificate that was set last.
    for (const { pointer: other } of others) {
      this.#check(
        Number(SSL_CTX_ctrl(pointer, SSL_CTRL_CHAIN_CERT, 1n, other)),
        `Cannot use the chain of ${name}`,
      );
    }
  }

  #verify(options: ContextOptions): void {
    const { clientCertificates, clientAuthorities, clientAuthoritiesDirectory: directory } = options;
    if (clientCertificates === "off") return;
    const store = SSL_CTX_get_cert_store(this.pointer);
    for (const { pointer } of clientAuthorities) {
      this.#check(X509_STORE_add_cert(store, pointer), "Cannot use an authority of clients");
    }
    if (directory !== undefined) {
      const what = `Cannot use the authorities of clients in "${directory}"`;
      this.#check(SSL_CTX_load_verify_dir(this.pointer, cString(directory)), what);
    }
    for (const { pointer } of options.namedAuthorities) {
      this.#check(SSL_CTX_add_client_CA(this.pointer, pointer), "Cannot name an authority to clients");
    }
    // OpenSSL counts those in between: neither the client's nor the authority's.
    SSL_CTX_set_verify_depth(this.pointer, Math.max(0, options.clientVerifyDepth - 1));
    const needed = clientCertificates === "required" ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_CTX_set_verify(this.pointer, SSL_VERIFY_PEER | needed, null);
  }

  #check(result: number, what: string): void {
    if (result !== 1) throw new OpenSslError(`${what}: ${lastReason("OpenSSL does not take it")}`);
  }

  /** Lets go of it. */
  free(): void {
    SSL_CTX_free(this.pointer);
  }
}
