/** TLS in a JSON document: settings, and the certificates of sites. */

import { z } from "zod";
import type { Resolve } from "../path.ts";
import { hasControls, quote } from "../reading.ts";
import {
  type CertificateFiles,
  CLIENT_CERTIFICATES,
  type ClientCertificates,
  type SiteTls,
  TLS_DEFAULTS,
  type TlsSettings,
  type TlsVersion,
} from "../tls.ts";
import type { Path, Report } from "./report.ts";
import { expect, flag, oneOrMore, text, whole } from "./shapes.ts";
import { isObject, textsOf } from "./value.ts";

const CERTIFICATE = `write the path of a certificate, such as "fullchain.pem"`;
const KEY = `write the path of a private key, such as "privkey.pem"`;
const SETTINGS = `write an object such as {"minVersion": "1.3"}`;
const SITE_SETTINGS = `write "pass", or an object such as {"minVersion": "1.3"}`;

const settings = {
  minVersion: z.enum(["1.2", "1.3"], { error: expect(`write "1.2" or "1.3"`) }).optional().meta({
    description: "The oldest version of TLS that clients may speak.",
    default: TLS_DEFAULTS.minVersion,
  }),
  ciphers: text(`write cipher suites such as "ECDHE+AESGCM"`).optional().meta({
    description: "Cipher suites of TLS 1.2, as openssl ciphers writes them.",
    default: TLS_DEFAULTS.ciphers,
  }),
  cipherSuites: text(`write cipher suites such as "TLS_AES_128_GCM_SHA256"`).optional().meta({
    description: "Cipher suites of TLS 1.3, with a colon between two.",
    default: TLS_DEFAULTS.cipherSuites,
  }),
  clientCertificates: z.enum(CLIENT_CERTIFICATES, {
    error: expect(`write "off", "optional" or "required"`),
  }).optional().meta({
    description: "Whether clients are asked for certificates, and whether they must have one.",
    default: TLS_DEFAULTS.clientCertificates,
  }),
  clientAuthorities: text(`write the path of certificates, such as "clients-ca.pem"`).optional().meta({
    description: "File of the certificates that those of clients are to be signed with (PEM).",
  }),
  clientAuthoritiesDirectory: text(`write the path of a directory, such as "clients-ca"`).optional().meta({
    description: "Directory with more of those, one in each file, by hashed names (openssl rehash).",
  }),
  clientVerifyDepth: whole(0, 100).optional().meta({
    description: "Certificates that may stand above a client's, up to that of the authority and with it: " +
      "1 where an authority has signed it, 2 with one in between.",
    default: TLS_DEFAULTS.clientVerifyDepth,
  }),
  sessionTickets: flag(
    TLS_DEFAULTS.sessionTickets,
    "Whether a session goes on in a client's next connection, which spares both most of a handshake.",
  ),
};

const siteSettings = z.strictObject(settings, { error: expect(SETTINGS) });

const frontSettings = z.strictObject({
  ...settings,
  strictNames: flag(
    false,
    "Whether a client that asks for a name that no site has is refused. Otherwise it gets the first site's certificate.",
  ),
  workers: whole(1, 64).optional().meta({ description: "Processes that do handshakes.", default: 1 }),
}, { error: expect(SETTINGS) });

/** The key `tls` at the top of a document. */
export const FRONT_TLS: z.ZodType = frontSettings.optional().meta({
  description: "How handshakes are done on addresses with tls, where a site says nothing else.",
});

/** The keys of a site. */
export const SITE_TLS = {
  certificate: oneOrMore(text(CERTIFICATE), expect(CERTIFICATE)).optional().meta({
    description: "File with the site's certificate and those that lead to an authority behind it (PEM). " +
      "A list for several, one for each kind of key.",
  }),
  key: oneOrMore(text(KEY), expect(KEY)).optional().meta({
    description:
      "File with the private key of the certificate (PEM). A list as long as that of certificates.",
  }),
  tls: z.union([z.literal("pass"), siteSettings], { error: expect(SITE_SETTINGS) }).optional().meta({
    description:
      "How handshakes are done for the site; or pass: its backend does TLS itself, on whole connections.",
  }),
};

/** The keys of `tls`, at the top of a document. */
export const TLS_KEYS: readonly string[] = Object.keys(frontSettings.shape);

/** Reads files and settings. */
export class TlsReader {
  /** What sites go by that say nothing else. */
  readonly common: TlsSettings;
  readonly strictNames: boolean;
  readonly workers: number;

  /** @param value what stands under `tls` at the top */
  constructor(value: unknown, readonly resolve: Resolve, readonly report: Report) {
    const common = isObject(value) ? value : {};
    this.common = this.#settings(common, ["tls"], TLS_DEFAULTS);
    this.strictNames = common.strictNames === true;
    this.workers = typeof common.workers === "number" ? common.workers : 1;
  }

  /** Reads what a site shows; undefined for one that shows nothing. */
  site(site: Readonly<Record<string, unknown>>, path: Path): SiteTls | "pass" | undefined {
    if (site.tls === "pass") {
      for (const key of ["certificate", "key"]) {
        if (site[key] === undefined) continue;
        this.report.key([...path, key], `Found ${quote(key)} in a site that is passed on; leave it out`);
      }
      return "pass";
    }
    const certificates = this.#certificates(site, path);
    if (certificates.length === 0) {
      if (!isObject(site.tls) || site.certificate !== undefined) return undefined;
      this.report.key([...path, "tls"], `Found "tls" without a certificate; write "certificate" and "key"`);
      return undefined;
    }
    const own = isObject(site.tls) ? site.tls : {};
    return { certificates, settings: this.#settings(own, [...path, "tls"], this.common) };
  }

  #certificates(site: Readonly<Record<string, unknown>>, path: Path): CertificateFiles[] {
    const certificates = textsOf(site.certificate, [...path, "certificate"]);
    const keys = textsOf(site.key, [...path, "key"]);
    if (certificates.length !== keys.length) {
      const missing = certificates.length > keys.length ? "key" : "certificate";
      const message = site[missing] === undefined
        ? `Missing; write "certificate" and "key", the paths of both`
        : `Found ${certificates.length} certificates and ${keys.length} keys; write a key for each certificate`;
      if (site[missing] === undefined) this.report.value([...path, missing], message);
      else this.report.key([...path, missing], message);
      return [];
    }
    return certificates.flatMap((certificate, index) => {
      const found = this.#file(certificate);
      const key = this.#file(keys[index]!);
      return found === undefined || key === undefined ? [] : [{ certificate: found, key }];
    });
  }

  #settings(value: Readonly<Record<string, unknown>>, path: Path, otherwise: TlsSettings): TlsSettings {
    const { minVersion, ciphers, cipherSuites, clientCertificates, clientVerifyDepth, sessionTickets } =
      value;
    const file = (key: "clientAuthorities" | "clientAuthoritiesDirectory") => {
      const own = value[key];
      const found = typeof own === "string"
        ? this.#file({ value: own, path: [...path, key] })
        : otherwise[key];
      return found === undefined ? {} : { [key]: found };
    };
    const settings: TlsSettings = {
      ...otherwise,
      ...isVersion(minVersion) ? { minVersion } : {},
      ...typeof ciphers === "string" ? { ciphers } : {},
      ...typeof cipherSuites === "string" ? { cipherSuites } : {},
      ...isClientCertificates(clientCertificates) ? { clientCertificates } : {},
      ...file("clientAuthorities"),
      ...file("clientAuthoritiesDirectory"),
      ...typeof clientVerifyDepth === "number" ? { clientVerifyDepth } : {},
      ...typeof sessionTickets === "boolean" ? { sessionTickets } : {},
    };
    const authorities = settings.clientAuthorities ?? settings.clientAuthoritiesDirectory;
    if (settings.clientCertificates !== "off" && authorities === undefined && this.report.isEmpty) {
      this.report.key(
        [...path, "clientCertificates"],
        `Found certificates asked of clients, and nobody who may sign them; write "clientAuthorities"`,
      );
    }
    return settings;
  }

  #file({ value, path }: { readonly value: string; readonly path: Path }): string | undefined {
    if (value !== "" && !hasControls(value)) return this.resolve(value);
    this.report.value(path, `Cannot use ${quote(value)} as the path of a file; write its path`);
    return undefined;
  }
}

function isVersion(value: unknown): value is TlsVersion {
  return value === "1.2" || value === "1.3";
}

function isClientCertificates(value: unknown): value is ClientCertificates {
  return CLIENT_CERTIFICATES.some((known) => known === value);
}
