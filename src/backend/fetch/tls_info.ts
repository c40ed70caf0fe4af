/** What handlers are told of TLS. */

import { tlsVersionName } from "../../protocol/tls_field.ts";
import type { Connection } from "../connection/connection.ts";
import type { TlsInfo } from "./handler.ts";

/** What is known of a connection's TLS; undefined for one in clear text. */
export function tlsInfo({ tls }: Connection): TlsInfo | undefined {
  if (tls === undefined) return undefined;
  const { version, cipherName, serverName, resumed, client } = tls;
  return {
    protocol: tlsVersionName(version),
    cipher: cipherName,
    serverName,
    resumed,
    ...client === undefined ? {} : { clientCertificate: client },
  };
}
