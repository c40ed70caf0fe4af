/** Who may have signed clients' certificates: those of a file, and of a directory that `openssl rehash` has been at. */

import { adopt, close, describeErrno, directoryEntries, openFile } from "../../../ffi/mod.ts";
import { type Certificate, OpenSslError, readCertificates } from "../../../ffi/openssl/mod.ts";
import type { TlsSettings } from "../../config/tls.ts";
import { readPem } from "./pem_file.ts";

/** Authorities of clients. */
export interface ClientAuthorities {
  /** Those of the file. The directory's are looked up in it, one by one, when a client shows what they have signed. */
  readonly trusted: readonly Certificate[];
  /** Those of both, each once: clients are told of them, and choose a certificate by that. */
  readonly named: readonly Certificate[];
  /** What people should know. */
  readonly warnings: readonly string[];
}

const NOBODY: ClientAuthorities = { trusted: [], named: [], warnings: [] };

/** What OpenSSL looks for: a hash of the subject, and a number where several have the same (openssl-rehash(1)). */
const HASHED = /^[0-9a-f]{8}\.\d+$/;

/** Names that are looked at: more than any collection of authorities has. */
const MOST = 10_000;

/**
 * Reads them, where clients are asked for certificates.
 *
 * @param hold takes each certificate that is read, also where something is thrown: they are its owner's
 * @throws {OpenSslError} when the file cannot be used, or the directory cannot be read. Of what is in the directory nothing
 *   is an error: as with Apache, what is no certificate is passed over
 */
export function readClientAuthorities(
  { clientCertificates, clientAuthorities: file, clientAuthoritiesDirectory: directory, clientVerifyDepth }:
    TlsSettings,
  hold: (certificate: Certificate) => Certificate,
): ClientAuthorities {
  if (clientCertificates === "off") return NOBODY;
  const warnings: string[] = [];
  const readAll = (path: string, what: string) => readCertificates(readPem(path, what), what).map(hold);
  const trusted = file === undefined ? [] : readAll(file, `Cannot use the authorities of clients "${file}"`);
  const found = new Map(trusted.map((certificate) => [certificate.fingerprint, certificate]));
  if (directory !== undefined) {
    const hashed = new Set<string>();
    let stray: string | undefined;
    for (const name of namesIn(directory)) {
      for (const certificate of certificatesOrNone(() => readAll(`${directory}/${name}`, name))) {
        const { fingerprint } = certificate;
        if (HASHED.test(name)) hashed.add(fingerprint);
        // Hashed names come first.
        else if (!hashed.has(fingerprint)) stray ??= name;
        if (!found.has(fingerprint)) found.set(fingerprint, certificate);
      }
    }
    const missing = stray ?? (hashed.size === 0 ? "anything" : undefined);
    if (missing !== undefined) {
      warnings.push(
        `no client is trusted by ${missing} in "${directory}", for authorities are looked up by hashed names: ` +
          `run openssl rehash "${directory}"`,
      );
    }
  }
  const named = [...found.values()];
  const between = clientVerifyDepth < 2 ? named.find(({ subject, issuer }) => subject !== issuer) : undefined;
  if (between !== undefined) {
    warnings.push(
      `${between.subject} is among the authorities of clients, and signed by another: what it has signed is refused ` +
        `with a depth of ${clientVerifyDepth}; write 2 ("clientVerifyDepth", SSLVerifyDepth) where it should not be`,
    );
  }
  return { trusted, named, warnings };
}

function certificatesOrNone(read: () => Certificate[]): Certificate[] {
  try {
    return read();
  } catch (error) {
    if (error instanceof OpenSslError) return [];
    throw error;
  }
}

/** The names in a directory, hashed ones first, otherwise in their order. */
function namesIn(directory: string): string[] {
  const what = `Cannot use the authorities of clients in "${directory}"`;
  const opened = openFile(directory);
  if (opened < 0) throw new OpenSslError(`${what}: ${describeErrno(-opened)}`);
  const fd = adopt(opened);
  try {
    const entries = directoryEntries(fd, MOST);
    if (typeof entries === "number") throw new OpenSslError(`${what}: ${describeErrno(-entries)}`);
    const names = entries.filter(({ isDirectory }) => !isDirectory).map(({ name }) => name).toSorted();
    return [...names.filter((name) => HASHED.test(name)), ...names.filter((name) => !HASHED.test(name))];
  } finally {
    close(fd);
  }
}
