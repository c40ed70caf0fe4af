/** `fdpass check` of keys and certificates: they are read, and put together, as the process for handshakes does. */

import type { Config } from "../../config/config.ts";
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
  const settings = backends.flatMap(({ runs }) => runs?.kind === "tls" ? [runs] : []);
  if (settings.length === 0) return { lines: [], warnings: [] };
  const { Credentials } = await import("../../backend/tls/credentials.ts");
  const facts = settings.flatMap((one) => {
    const credentials = new Credentials(one, { ticketKeys: new Uint8Array(80), kernel: false });
    credentials.free();
    return credentials.facts;
  });
  return { lines: [...new Set(facts.map(describeCertificate))], warnings: warningsOf(facts, Date.now()) };
}
