/** What is known of a connection's TLS, by the names that Apache's mod_ssl has for it. */

import { type TlsState, tlsVersionName } from "../../protocol/tls_field.ts";

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
