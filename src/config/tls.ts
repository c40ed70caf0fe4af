/** TLS in the model: which listeners speak it, what a site shows and asks for, and what the process that does handshakes goes by. */

/** A version of TLS that can be asked for. */
export type TlsVersion = "1.2" | "1.3";

/** Whether clients are asked for certificates, and whether they must have one. */
export type ClientCertificates = typeof CLIENT_CERTIFICATES[number];

export const CLIENT_CERTIFICATES = ["off", "optional", "required"] as const;

/** How handshakes are done. */
export interface TlsSettings {
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** Cipher suites of TLS 1.2, as `openssl ciphers` writes them. */
  readonly ciphers: string;
  /** Those of TLS 1.3, with a colon between two. */
  readonly cipherSuites: string;
  /** Whether the order of ours counts, not that of the client. */
  readonly serverOrder: boolean;
  readonly clientCertificates: ClientCertificates;
  /** Absolute path of the certificates that clients' are to be signed with (PEM). */
  readonly clientAuthorities?: string;
  /** Absolute path of a directory with more of those, by hashed names (openssl-rehash(1)). */
  readonly clientAuthoritiesDirectory?: string;
  /**
   * Certificates that may stand above a client's, up to that of the authority and with it, as mod_ssl counts: 0 for clients
   * whose certificates are authorities' themselves, 1 for those that an authority has signed, 2 with one in between.
   */
  readonly clientVerifyDepth: number;
  /** Whether sessions go on in later connections. */
  readonly sessionTickets: boolean;
}

/**
 * Mozilla's intermediate set (Server Side TLS guidelines, version 5.7) without the suites that need Diffie-Hellman parameters
 * of one's own: TLS 1.2 and 1.3, forward secrecy and authenticated encryption throughout, the client's order.
 */
export const TLS_DEFAULTS: TlsSettings = {
  minVersion: "1.2",
  maxVersion: "1.3",
  ciphers: [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
  ].join(":"),
  cipherSuites: "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256",
  serverOrder: false,
  clientCertificates: "off",
  clientVerifyDepth: 1,
  sessionTickets: true,
};

/** What proves a site's name, in files. All paths are absolute. */
export interface CertificateFiles {
  /** The site's certificate, and mostly those that lead to an authority behind it (PEM). */
  readonly certificate: string;
  /** Its private key (PEM). */
  readonly key: string;
  /** Certificates that lead to an authority, where they are in a file of their own. */
  readonly chain?: string;
}

/** A site that shows certificates of its own. */
export interface SiteTls {
  /** One for each kind of key that clients may prefer; at least one. */
  readonly certificates: readonly CertificateFiles[];
  readonly settings: TlsSettings;
}

/** A listener whose clients speak TLS. */
export interface ListenerTls {
  /** The backend that does its handshakes. */
  readonly backend: string;
}

/** A backend that does handshakes, and gives the connections back. */
export interface Tls {
  readonly kind: "tls";
  readonly listeners: readonly TlsListener[];
  /** Milliseconds that a client has for its first message, and again for the rest of the handshake. */
  readonly timeout: number;
  /** Where a process that is started by hand finds all of this: a configuration, or `-` for lines on standard input. */
  readonly source?: string;
}

/** What handshakes of one listener go by. */
export interface TlsListener {
  /** The address as {@linkcode formatAddress} writes it: hand-offs name it. */
  readonly address: string;
  /** Whether a client that asks for a name that no site has is refused; else it gets the first site's certificate. */
  readonly strictNames: boolean;
  /** Those that show certificates, or do TLS themselves, in configuration order. */
  readonly sites: readonly TlsSite[];
}

/** A site as handshakes see it. */
export interface TlsSite {
  readonly names: readonly string[];
  /** `pass`: its connections are given back untouched. */
  readonly tls: SiteTls | "pass";
}

/**
 * The number that stands for what is asked of clients, in every process and after every reload: 0 for nothing. A connection
 * on which something else was asked is not the right one for a request to the site.
 */
export function clientPolicy(tls: SiteTls | "pass" | undefined): number {
  if (tls === undefined || tls === "pass") return 0;
  const { clientCertificates, clientAuthorities = "", clientAuthoritiesDirectory = "", clientVerifyDepth } =
    tls.settings;
  if (clientCertificates === "off") return 0;
  // FNV-1a. The texts are the configuration's, so nobody looks for two with one number.
  let hash = 0x811c9dc5;
  const asked = [clientCertificates, clientAuthorities, clientAuthoritiesDirectory, clientVerifyDepth];
  for (const byte of new TextEncoder().encode(asked.join("\n"))) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0 || 1;
}
