/** Why a server is not believed to be whom it says, and what is to be done about it. */

import type { Certificate, ClientSession } from "../../../../ffi/openssl/mod.ts";
import { isAddress, type UpstreamTls } from "../../../config/upstream_tls.ts";

/** What is wrong with the certificate of a server, where the handshake itself has found nothing. */
export function objectionTo(
  session: ClientSession,
  name: string,
  { verify = true, checkName = verify, checkTime = verify }: UpstreamTls,
): string | undefined {
  if (!checkName && !checkTime) return undefined;
  const certificate = session.serverCertificate;
  if (certificate === undefined) return "it has shown no certificate";
  try {
    return checkTime && outOfTime(certificate) || (checkName ? otherName(certificate, name) : undefined);
  } finally {
    certificate.free();
  }
}

function outOfTime({ notBefore, notAfter }: Certificate): string | undefined {
  const now = Date.now();
  if (now > notAfter) return `its certificate has expired on ${day(notAfter)}; renew it there`;
  return now < notBefore ? `its certificate counts from ${day(notBefore)} on; look at the clocks` : undefined;
}

function otherName(certificate: Certificate, name: string): string | undefined {
  if (isAddress(name) ? certificate.coversAddress(name) : certificate.covers(name)) return undefined;
  return `its certificate (${certificate.subject}) is not about "${name}"; call the server by a name that it is about ` +
    `("serverName" of "tls")`;
}

const day = (time: number) => new Date(time).toISOString().slice(0, 10);

/** Why a handshake has failed. */
export function explainFailure(session: ClientSession): string {
  const fault = session.serverFault;
  if (fault !== undefined) return `its certificate is not trusted (${fault}); ${wayOut(fault)}`;
  const { failure } = session;
  if (failure === "") return "it ended the connection";
  return /wrong version number|packet length too long|http request/.test(failure)
    ? `what it says is no TLS (${failure}); write http:// if it speaks clear text`
    : failure;
}

function wayOut(fault: string): string {
  return /expired|not yet valid/.test(fault)
    ? "renew it there"
    : `name the authority that has signed it ("certificateAuthorities" of "tls", SSLProxyCACertificateFile)`;
}
