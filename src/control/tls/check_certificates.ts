/**
 * `fdpass check` of keys and certificates: they are read, and put together, as the process for handshakes does, and as
 * relays do to servers that speak TLS.
 */

import type { Backend, Config } from "../../config/config.ts";
import { describeCertificate, warningsOf } from "./certificate_log.ts";

/** What is to be said of them. */
export interface CertificateCheck {
  /** A line for each. */
  readonly lines: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Looks at the keys and certificates of a configuration.
 *
 * @throws {OpenSslError} about the first file that cannot be used
 */
export async function checkCertificates({ backends }: Config): Promise<CertificateCheck> {
  const warnings = await checkUpstreams(backends);
  const settings = backends.flatMap(({ runs }) => runs?.kind === "tls" ? [runs] : []);
  if (settings.length === 0) return { lines: [], warnings };
  const { Credentials } = await import("../../backend/tls/credentials.ts");
  const all = settings.map((one) => {
    const credentials = new Credentials(one, { ticketKeys: new Uint8Array(80), kernel: false });
    credentials.free();
    return credentials;
  });
  const facts = all.flatMap(({ facts }) => facts);
  const authorities = new Set(all.flatMap(({ warnings }) => warnings));
  return {
    lines: [...new Set(facts.map(describeCertificate))],
    warnings: [...warnings, ...warningsOf(facts, Date.now()), ...authorities],
  };
}

/**
 * Looks at what relays go by.
 *
 * @returns warnings
 * @throws {OpenSslError} about the first file that cannot be used
 */
async function checkUpstreams(backends: readonly Backend[]): Promise<string[]> {
  const settings = backends.flatMap(({ runs }) => runs?.kind === "relay" && runs.tls ? [runs.tls] : []);
  if (settings.length === 0) return [];
  const { TlsSecuring } = await import("../../backend/relay/tls/tls_securing.ts");
  for (const one of settings) new TlsSecuring(one).close();
  const directories = settings.flatMap(({ authoritiesDirectory }) => authoritiesDirectory ?? []);
  // OpenSSL looks into it with each server that it is to trust.
  return [...new Set(directories)].filter((path) => !isDirectory(path)).map((path) =>
    `there is no directory "${path}": no server is trusted by what is in it`
  );
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
