/** What people should know of certificates: when one ends, and for which names it does not count. */

import type { CertificateFact } from "../../backend/tls/site_context.ts";

const DAY = 86_400_000;
/** Days before its end from which on a certificate is warned of. Those that are renewed by themselves are, long before. */
const SOON = 14;

/**
 * The sentences that are to be said of certificates.
 *
 * @param now milliseconds since 1970
 */
export function warningsOf(facts: readonly CertificateFact[], now: number): string[] {
  return facts.flatMap(({ file, notBefore, notAfter, uncovered, stray, earliest, openKey }) => [
    ...notAfter <= now
      ? [`the certificate "${file}" counts no more since ${day(notAfter)}: clients refuse it`]
      : [],
    ...notAfter > now && notAfter < now + SOON * DAY
      ? [`the certificate "${file}" counts until ${day(notAfter)} only: renew it`]
      : [],
    ...notBefore > now ? [`the certificate "${file}" does not count before ${day(notBefore)}`] : [],
    ...uncovered.length > 0 ? [`the certificate "${file}" does not count for ${uncovered.join(", ")}`] : [],
    ...stray === undefined ? [] : [
      `in the chain of "${file}" ${stray} has not signed the one before it: ` +
      "clients expect each to be signed by the next, and may refuse others",
    ],
    ...earliest !== undefined && earliest.notAfter < now + SOON * DAY
      ? [`the chain of "${file}" counts until ${day(earliest.notAfter)} only, as ${earliest.subject} does`]
      : [],
    ...openKey === undefined ? [] : [`the key "${openKey}" may be read by everybody: chmod o-r it`],
  ]);
}

/** What `fdpass check` says of one that is in order. */
export function describeCertificate({ file, kind, subject, notAfter }: CertificateFact): string {
  return `${file}: ${kind}, ${subject}, until ${day(notAfter)}`;
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
