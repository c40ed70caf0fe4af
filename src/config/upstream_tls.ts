/** TLS on the way to a server behind a relay. */

import type { Resolve } from "./path.ts";
import { quote, type Reading } from "./reading.ts";
import type { TlsVersion } from "./tls.ts";

/** How a relay speaks TLS to its server. */
export interface UpstreamTls {
  /** Whether one of the authorities has to have signed the server's certificate; true unless given. */
  readonly verify?: boolean;
  /** Whether the certificate has to be about the server's name; as `verify` unless given. */
  readonly checkName?: boolean;
  /** Whether it has to count now; as `verify` unless given. */
  readonly checkTime?: boolean;
  /** Absolute path of the authorities' certificates (PEM); those of the system unless given. */
  readonly certificateAuthorities?: string;
  /** Absolute path of a directory with them, by hashed names (openssl-rehash(1)). */
  readonly authoritiesDirectory?: string;
  /** What the server is called: what it is asked for (SNI), and what its certificate is to say; as in the URL unless given. */
  readonly serverName?: string;
  /** `1.2` unless given. */
  readonly minVersion?: TlsVersion;
  /** `1.3` unless given. */
  readonly maxVersion?: TlsVersion;
  /** Cipher suites of TLS 1.2, as `openssl ciphers` writes them. */
  readonly ciphers?: string;
  /** Those of TLS 1.3, with a colon between two. */
  readonly cipherSuites?: string;
  /** Absolute path of the certificate that is shown to servers that ask for one, with those behind it (PEM). */
  readonly certificate?: string;
  /** Absolute path of its key; in the same file unless given. */
  readonly key?: string;
}

const FLAGS = ["verify", "checkName", "checkTime"];
const FILES = ["certificateAuthorities", "authoritiesDirectory", "certificate", "key"];
const TEXTS = ["serverName", "minVersion", "maxVersion", "ciphers", "cipherSuites"];

/** Reads these settings as JSON. @param resolve makes paths absolute */
export function parseUpstreamTls(text: string, resolve: Resolve): Reading<UpstreamTls> {
  let settings: Record<string, unknown>;
  try {
    settings = JSON.parse(text);
  } catch {
    return { fault: `It takes JSON, such as {"certificateAuthorities": "/etc/app/ca.pem"}` };
  }
  const isFine = ([key, value]: [string, unknown]) =>
    FLAGS.includes(key) && typeof value === "boolean" ||
    [...FILES, ...TEXTS].includes(key) && typeof value === "string" && value !== "" &&
      !value.includes("\0") &&
      (!key.endsWith("Version") || value === "1.2" || value === "1.3");
  const odd = Object.entries(Object(settings)).find((entry) => !isFine(entry));
  if (odd !== undefined) {
    return {
      fault: `It cannot use ${quote(odd[0])}; known are ${[...FLAGS, ...FILES, ...TEXTS].join(", ")}`,
    };
  }
  return {
    value: Object.fromEntries(
      Object.entries(settings).map((
        [key, value],
      ) => [key, FILES.includes(key) ? resolve(value as string) : value]),
    ),
  };
}

/** The name of a server, of an authority: without the port, and without brackets. */
export function nameOfServer(authority: string): string {
  return authority.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
}

/** Whether a name is an IP address, which is asked for by nobody (RFC 6066, 3). */
export function isAddress(name: string): boolean {
  return name.includes(":") || /^\d{1,3}(\.\d{1,3}){3}$/.test(name);
}
