// What handlers, programs and servers are told of TLS on the connections that they get.
import assert from "node:assert/strict";
import { connectionEnvironment } from "../../../src/backend/exec/environment.ts";
import { proxyHeader } from "../../../src/backend/relay/proxy_header.ts";
import { HANDOFF, NACK_DESCRIPTOR } from "../../../src/protocol/messages.ts";
import { encodeTls, type TlsState } from "../../../src/protocol/tls_field.ts";
import { encodeTransfer } from "../../../src/protocol/transfer.ts";
import { close, SOCK_STREAM, unixSocketPair } from "../../../ffi/mod.ts";
import { drink, pour } from "../../front/clients.ts";
import { test, testFetch } from "../rig.ts";

const STATE: TlsState = {
  way: "kernel",
  version: 0x0304,
  cipher: 0x1301,
  cipherName: "TLS_AES_128_GCM_SHA256",
  resumed: true,
  serverName: "one.test",
  policy: 3,
  client: { subject: "CN=someone", issuer: "CN=somebody", serial: "0A", fingerprint: "ff" },
};

testFetch(
  "a handler's request has an https: URL, and its info says what the handshake has found out",
  (request, info) => Response.json({ url: request.url, tls: info.tls }),
  async ({ rig, give }) => {
    const client = give("GET /x HTTP/1.1\r\nHost: one.test\r\nConnection: close\r\n\r\n", {
      tls: encodeTls(STATE),
    });
    const answer = await rig.rest(client);
    assert.deepEqual(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4)), {
      url: "https://one.test/x",
      tls: {
        protocol: "TLSv1.3",
        cipher: "TLS_AES_128_GCM_SHA256",
        serverName: "one.test",
        resumed: true,
        clientCertificate: STATE.client,
      },
    });
  },
);

testFetch(
  "in clear text there is no TLS to be told of",
  (request, info) => Response.json([request.url, info.tls === undefined]),
  async ({ rig, give }) => {
    const answer = await rig.rest(give("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    assert.match(answer, /\["http:\/\/a\/x",true\]$/);
  },
);

testFetch(
  "a request comes over one end of a Unix stream as over any socket",
  (_request, info) => new Response(`${info.remoteAddr.hostname} ${info.tls?.serverName}`),
  async ({ rig, front }) => {
    const { fd } = front.accept();
    const [ours, theirs] = unixSocketPair(SOCK_STREAM);
    const transfer = front.transfer(fd, { tls: encodeTls({ ...STATE, way: "pair" }) });
    front.channel.say(encodeTransfer(HANDOFF, transfer), theirs);
    close(theirs);
    pour(ours, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let text = "";
    await rig.until(() => {
      const got = drink(ours);
      text += got.text;
      return got.ended;
    }, "the end of the answer");
    assert.match(text, /127\.0\.0\.1 one\.test$/);
    close(ours);
  },
);

for (
  const [what, tls] of [
    ["without a field", undefined],
    ["with a field that does not say so", encodeTls(STATE)],
  ] as const
) {
  test(`a Unix socket is refused ${what}`, async (rig) => {
    const front = await rig.front();
    const { fd } = front.accept();
    const [ours, theirs] = unixSocketPair(SOCK_STREAM);
    const transfer = front.transfer(fd, tls === undefined ? {} : { tls });
    front.channel.say(encodeTransfer(HANDOFF, transfer), theirs);
    await rig.until(() => front.refused.length > 0, "a refusal");
    assert.deepEqual(front.refused, [[transfer.id, NACK_DESCRIPTOR]]);
    for (const end of [ours, theirs]) close(end);
  });
}

test("a TCP socket is refused where the field says that it is a stream of another process", async (rig) => {
  const front = await rig.front();
  const { fd } = front.accept();
  const id = front.handOff(fd, { tls: encodeTls({ ...STATE, way: "pair" }) });
  await rig.until(() => front.refused.length > 0, "a refusal");
  assert.deepEqual(front.refused, [[id, NACK_DESCRIPTOR]]);
});

Deno.test("programs have HTTPS and SSL_* as from mod_ssl", () => {
  const address = { transport: "tcp" as const, hostname: "192.0.2.1", port: 5 };
  const variables = connectionEnvironment({ client: address, local: address, tls: STATE });
  assert.deepEqual(variables.filter((variable) => /^(HTTPS|SSL_)/.test(variable)), [
    "HTTPS=on",
    "SSL_PROTOCOL=TLSv1.3",
    "SSL_CIPHER=TLS_AES_128_GCM_SHA256",
    "SSL_TLS_SNI=one.test",
    "SSL_SESSION_RESUMED=Resumed",
    "SSL_CLIENT_VERIFY=SUCCESS",
    "SSL_CLIENT_S_DN=CN=someone",
    "SSL_CLIENT_I_DN=CN=somebody",
    "SSL_CLIENT_M_SERIAL=0A",
    "SSL_CLIENT_FINGERPRINT=ff",
  ]);
  const { client: _, ...none } = STATE;
  const shown = (tls: TlsState) => connectionEnvironment({ client: address, local: address, tls });
  assert.ok(shown(none).includes("SSL_CLIENT_VERIFY=NONE"));
  assert.ok(!shown({ ...none, policy: 0 }).some((variable) => variable.startsWith("SSL_CLIENT")));
});

Deno.test("proxyHeader() version 2 has vectors for TLS, as the specification has it", () => {
  const address = Uint8Array.of(4, 0, 1, 187, 192, 0, 2, 1, ...new Uint8Array(12));
  const header = proxyHeader("v2", address, address, { ...STATE, resumed: false });
  assert.equal(header[14]! << 8 | header[15]!, header.length - 16);
  const text = (from: number, length: number) =>
    new TextDecoder().decode(header.subarray(from, from + length));
  let at = 16 + 12;
  assert.deepEqual([header[at], header[at + 2], text(at + 3, 8)], [0x02, 8, "one.test"]);
  at += 11;
  assert.deepEqual([...header.subarray(at, at + 8)], [0x20, 0, header[at + 2], 0x07, 0, 0, 0, 0]);
  at += 8;
  assert.deepEqual([header[at], header[at + 2], text(at + 3, 7)], [0x21, 7, "TLSv1.3"]);
  at += 10;
  assert.deepEqual([header[at], header[at + 2], text(at + 3, 22)], [0x23, 22, "TLS_AES_128_GCM_SHA256"]);
  assert.equal(at + 3 + 22, header.length);
  const untouched = proxyHeader("v2", address, address, { ...STATE, way: "untouched" });
  assert.deepEqual([untouched.length, untouched[28]], [16 + 12 + 11, 0x02]);
});
