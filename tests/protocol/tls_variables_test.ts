import assert from "node:assert/strict";
import type { TlsState } from "../../src/protocol/tls_field.ts";
import { isKnownTlsVariable, tlsVariable, tlsVariables } from "../../src/protocol/tls_variables.ts";

const STATE: TlsState = {
  way: "kernel",
  version: 0x0304,
  cipher: 0x1301,
  cipherName: "TLS_AES_128_GCM_SHA256",
  resumed: false,
  serverName: "a.test",
  policy: 1,
  client: {
    subject: "CN=Ann\\, the first+UID=ann,OU=a,OU=b,O=\\C3\\A4,emailAddress=a@a.test",
    issuer: "CN=Authority",
    serial: "01",
    fingerprint: "00",
  },
};

Deno.test("variables of mod_ssl: names and their parts, and nothing that was not shown", () => {
  const all = tlsVariables(STATE);
  const of = (name: string) => tlsVariable(all, name);
  assert.equal(of("SSL_CLIENT_VERIFY"), "SUCCESS");
  assert.equal(of("SSL_CLIENT_S_DN_CN"), "Ann, the first");
  assert.equal(of("SSL_CLIENT_S_DN_UID"), "ann");
  assert.equal(of("SSL_CLIENT_S_DN_OU_1"), "b");
  assert.equal(of("SSL_CLIENT_S_DN_O"), "\u00c3\u00a4");
  assert.equal(of("SSL_CLIENT_S_DN_Email"), "a@a.test");
  assert.equal(of("SSL_CLIENT_I_DN_CN"), "Authority");
  assert.equal(of("SSL_CLIENT_S_DN_L"), undefined);
  assert.equal(
    tlsVariable(tlsVariables({ ...STATE, policy: 0, client: undefined! }), "SSL_CLIENT_VERIFY"),
    "NONE",
  );
  assert.equal(tlsVariable(tlsVariables(undefined), "SSL_CLIENT_VERIFY"), undefined);
  assert.deepEqual(["SSL_CLIENT_S_DN_CN", "SSL_CLIENT_CERT", "SSL_CLIENT_S_DN_X"].map(isKnownTlsVariable), [
    true,
    false,
    false,
  ]);
});
