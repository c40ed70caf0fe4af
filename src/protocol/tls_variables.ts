/** What is known of a connection's TLS, by the names that Apache's mod_ssl has for it. */

import { type TlsState, tlsVersionName } from "./tls_field.ts";

/** `HTTPS` and `SSL_*`, as far as they are known. @param state undefined for clear text, of which there is nothing to say */
export function tlsVariables(state: TlsState | undefined): Record<string, string> {
  if (state === undefined) return {};
  const { version, cipherName, serverName, resumed, policy, client } = state;
  return {
    HTTPS: "on",
    SSL_PROTOCOL: tlsVersionName(version),
    SSL_CIPHER: cipherName,
    ...serverName !== "" && { SSL_TLS_SNI: serverName },
    SSL_SESSION_RESUMED: resumed ? "Resumed" : "Initial",
    ...policy !== 0 && { SSL_CLIENT_VERIFY: client === undefined ? "NONE" : "SUCCESS" },
    ...client !== undefined && {
      SSL_CLIENT_S_DN: client.subject,
      SSL_CLIENT_I_DN: client.issuer,
      SSL_CLIENT_M_SERIAL: client.serial,
      SSL_CLIENT_FINGERPRINT: client.fingerprint,
    },
  };
}

/** A part of the name of a client, or of who has signed its certificate: `SSL_CLIENT_S_DN_CN`. */
const NAME_PART = /^SSL_CLIENT_([SI])_DN_([A-Za-z]+?)(?:_(\d+))?$/;

/** Parts that are known; what OpenSSL calls them, where that is something else. */
const PARTS: Readonly<Record<string, string>> = {
  C: "C",
  ST: "ST",
  L: "L",
  O: "O",
  OU: "OU",
  CN: "CN",
  T: "title",
  G: "GN",
  S: "SN",
  D: "description",
  UID: "UID",
  Email: "emailAddress",
};

/** Whether a variable of mod_ssl is one that can be known. */
export function isKnownTlsVariable(name: string): boolean {
  const part = NAME_PART.exec(name)?.[2];
  return part !== undefined && Object.hasOwn(PARTS, part) || KNOWN.has(name);
}

const KNOWN = new Set(
  ("HTTPS SSL_PROTOCOL SSL_CIPHER SSL_TLS_SNI SSL_SESSION_RESUMED SSL_CLIENT_VERIFY SSL_CLIENT_S_DN SSL_CLIENT_I_DN " +
    "SSL_CLIENT_M_SERIAL SSL_CLIENT_FINGERPRINT").split(" "),
);

/** The value of one of them; undefined where there is none. @param all what {@linkcode tlsVariables} has found */
export function tlsVariable(all: Readonly<Record<string, string>>, name: string): string | undefined {
  const known = all[name];
  if (known !== undefined) return known;
  // mod_ssl says so of whoever was not asked for a certificate, too.
  if (name === "SSL_CLIENT_VERIFY" && all.HTTPS === "on") return "NONE";
  const [, whose, part = "", index = "0"] = NAME_PART.exec(name) ?? [];
  const dn = whose === undefined ? undefined : all[`SSL_CLIENT_${whose}_DN`];
  return dn === undefined ? undefined : partsOf(dn, PARTS[part])[Number(index)];
}

/** Values of one sort in a name as RFC 2253 writes it, where a backslash stands before what would end one. */
function partsOf(dn: string, sort: string | undefined): string[] {
  const found: string[] = [];
  for (const [, name, value = ""] of dn.matchAll(/(?:^|[,+])([A-Za-z0-9.]+)=((?:[^\\,+]|\\[^])*)/g)) {
    if (name === sort) found.push(unescaped(value));
  }
  return found;
}

/** `\,` is a comma, `\C3` a byte of UTF-8. */
function unescaped(value: string): string {
  return value.replace(
    /\\([0-9A-Fa-f]{2}|[^])/g,
    (_, what: string) => what.length === 2 ? String.fromCharCode(Number.parseInt(what, 16)) : what,
  );
}
