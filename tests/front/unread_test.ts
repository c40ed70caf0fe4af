// Listeners whose clients speak TLS: what is handed over unread, what may come back, and what travels on.
import assert from "node:assert/strict";
import { close, type Descriptor, SOCK_STREAM, unixSocketPair } from "../../ffi/mod.ts";
import type { Site } from "../../src/config/config.ts";
import { clientPolicy, TLS_DEFAULTS } from "../../src/config/tls.ts";
import {
  RETURN_IDLE,
  RETURN_TLS,
  SCOPE_CONNECTION,
  SCOPE_RAW,
  TLS_ITEMS,
  TLS_PROOF,
} from "../../src/protocol/messages.ts";
import { decodeTls, encodeTls, type TlsState } from "../../src/protocol/tls_field.ts";
import { drink, pour, request } from "./clients.ts";
import { type Rig, test } from "./rig.ts";
import type { Held, ScriptedBackend } from "./scripted_backend.ts";

const CERTIFICATES = [{ certificate: "/c.pem", key: "/k.pem" }];
const SECRET = {
  certificates: CERTIFICATES,
  settings: { ...TLS_DEFAULTS, clientCertificates: "required", clientAuthorities: "/ca.pem" },
} as const;

const SITES: readonly Site[] = [
  {
    names: ["a"],
    routes: [{ path: "/", backends: ["web"] }],
    tls: { certificates: CERTIFICATES, settings: TLS_DEFAULTS },
  },
  { names: ["secret.test"], routes: [{ path: "/", backends: ["web"] }], tls: SECRET },
  { names: ["own.test"], routes: [{ path: "/", backends: ["own"] }], tls: "pass" },
];

const OPTIONS = { backends: ["shake", "web", "own"], sites: SITES, tls: "shake" } as const;

const STATE: TlsState = {
  way: "kernel",
  version: 0x0304,
  cipher: 0x1301,
  cipherName: "TLS_AES_128_GCM_SHA256",
  resumed: false,
  serverName: "a",
  policy: 0,
};

let nextId = 0;

/** Says RETURN; whether it was acknowledged, when the channel has come to rest. */
function giveBack(
  rig: Rig,
  backend: ScriptedBackend,
  held: Held,
  tls: Uint8Array<ArrayBuffer> | undefined,
  detail = RETURN_TLS,
  fd: Descriptor = held.fd,
): boolean {
  const id = ++nextId;
  const { tls: _, ...before } = held.transfer;
  const transfer = { ...before, detail, ...tls === undefined ? {} : { tls } };
  backend.sayReturn({ ...held, transfer, fd }, id);
  rig.settle();
  return backend.acknowledged().includes(id);
}

function taken(rig: Rig, backend: ScriptedBackend): Held {
  const held = rig.until(() => (backend.read(), backend.held[0]), "a hand-off");
  backend.acknowledge([held]);
  rig.settle();
  return held;
}

/** The channel's end, as the front tells people. */
function lost(rig: Rig): string[] {
  return rig.reports.flatMap((report) => report.type === "backend-lost" ? [report.reason] : []);
}

test(
  "a connection goes to its handshake unread, and back it is looked at as at a new one",
  OPTIONS,
  (rig) => {
    const [shake, web] = [rig.start("shake"), rig.start("web")];
    // Nothing has been said on it yet.
    const client = rig.client();
    const raw = taken(rig, shake);
    assert.deepEqual([raw.transfer.detail, raw.transfer.route, raw.transfer.tls], [
      SCOPE_RAW,
      "one",
      undefined,
    ]);
    client.send(request("/x"));
    assert.ok(giveBack(rig, shake, raw, encodeTls(STATE)));
    const held = taken(rig, web);
    const { tls, path, requests } = held.transfer;
    assert.deepEqual([path, requests], ["/x", 0]);
    assert.deepEqual(decodeTls(tls!), STATE);
    assert.notDeepEqual(tls!.subarray(TLS_PROOF, TLS_ITEMS), new Uint8Array(16));
    drink(held.fd);
    pour(held.fd, "answered");
    // What was given may be given back, idle or not, and goes on with the connection.
    assert.ok(giveBack(rig, web, held, tls, RETURN_IDLE));
    client.send(request("/y"));
    const again = taken(rig, web);
    assert.deepEqual([again.transfer.path, again.transfer.tls], ["/y", tls]);
    for (const { fd } of [raw, held, again]) close(fd);
  },
);

test("one end of a Unix stream is taken where the field says so", OPTIONS, (rig) => {
  const [shake, web] = [rig.start("shake"), rig.start("web")];
  rig.client();
  const raw = taken(rig, shake);
  const [ours, theirs] = unixSocketPair(SOCK_STREAM);
  pour(ours, request("/x"));
  assert.ok(giveBack(rig, shake, raw, encodeTls({ ...STATE, way: "pair" }), RETURN_TLS, theirs));
  const held = taken(rig, web);
  assert.equal((decodeTls(held.transfer.tls!) as TlsState).way, "pair");
  assert.deepEqual(held.transfer.client, raw.transfer.client);
  pour(held.fd, "answer");
  assert.equal(drink(ours).text, "answer");
  for (const fd of [raw.fd, theirs, ours, held.fd]) close(fd);
});

const FORGED: readonly [
  what: string,
  by: "shake" | "web",
  change: (tls: Uint8Array<ArrayBuffer>) => void,
  detail: number,
][] = [
  ["another policy", "web", (tls) => tls[11] = 7, RETURN_IDLE],
  ["another way", "web", (tls) => tls[0] = 2, RETURN_IDLE],
  ["another name", "web", (tls) => tls[tls.length - 1] = 0x62, RETURN_IDLE],
  ["another proof", "web", (tls) => tls[TLS_PROOF]! ^= 1, RETURN_IDLE],
  ["the words of a handshake", "web", (tls) => tls.fill(0, TLS_PROOF, TLS_ITEMS), RETURN_TLS],
];
for (const [what, , change, detail] of FORGED) {
  test(`a backend that forges what is said of TLS is refused by name: ${what}`, OPTIONS, (rig) => {
    const [shake, web] = [rig.start("shake"), rig.start("web")];
    const client = rig.client(request("/"));
    const raw = taken(rig, shake);
    giveBack(rig, shake, raw, encodeTls(STATE));
    const held = taken(rig, web);
    const forged = held.transfer.tls!.slice();
    change(forged);
    assert.equal(giveBack(rig, web, held, forged, detail), false);
    assert.deepEqual(lost(rig), [
      "web says of a connection's TLS what it was not told, and does no handshakes for its address",
    ]);
    // It is still that backend's, whose client is cut off by nobody.
    assert.equal(client.ended, false);
    for (const { fd } of [raw, held]) close(fd);
  });
}

test("in a place of clear text no backend says that there was TLS", {
  sites: SITES.slice(0, 1),
  backends: ["web"],
}, (rig) => {
  const web = rig.start("web");
  const client = rig.client(request("/"));
  const held = taken(rig, web);
  assert.equal(giveBack(rig, web, held, encodeTls(STATE)), false);
  assert.deepEqual(lost(rig), [
    "web says of a connection's TLS what it was not told, and does no handshakes for its address",
  ]);
  assert.equal(client.ended, false);
  close(held.fd);
});

const HOSTILE: readonly [what: string, tls: Uint8Array<ArrayBuffer>, other: boolean, reason: RegExp][] = [
  ["a field that ends too early", encodeTls(STATE).slice(0, 20), false, /tls/],
  ["a way that there is not", encodeTls(STATE).fill(9, 0, 1), false, /^RETURN of TLS in the way 9$/],
  ["a socket of its own for the client's", encodeTls(STATE), true, /^RETURN of a Unix socket$/],
  ["the client's socket for one of its own", encodeTls({ ...STATE, way: "pair" }), false, /^RETURN of /],
];
for (const [what, tls, other, reason] of HOSTILE) {
  test(`whoever does handshakes is refused by name as well: ${what}`, OPTIONS, (rig) => {
    const shake = rig.start("shake");
    rig.start("web");
    const client = rig.client(request("/"));
    const raw = taken(rig, shake);
    const [ours, theirs] = unixSocketPair(SOCK_STREAM);
    assert.equal(giveBack(rig, shake, raw, tls, RETURN_TLS, other ? theirs : raw.fd), false);
    assert.equal(lost(rig).length, 1);
    assert.match(lost(rig)[0]!, reason);
    // Somebody else may do the next one's.
    assert.equal(client.ended, false);
    for (const fd of [raw.fd, ours, theirs]) close(fd);
  });
}

test("what was said of one connection does not count for another", OPTIONS, (rig) => {
  const [shake, web] = [rig.start("shake"), rig.start("web")];
  rig.client(request("/"));
  const raw = taken(rig, shake);
  giveBack(rig, shake, raw, encodeTls(STATE));
  const held = taken(rig, web);
  const [ours, theirs] = unixSocketPair(SOCK_STREAM);
  assert.equal(giveBack(rig, web, held, held.transfer.tls, RETURN_IDLE, theirs), false);
  for (const open of [raw.fd, held.fd, ours, theirs]) close(open);
});

test("a Unix socket without a field is refused as ever", OPTIONS, (rig) => {
  const [shake, web] = [rig.start("shake"), rig.start("web")];
  rig.client(request("/"));
  const raw = taken(rig, shake);
  giveBack(rig, shake, raw, encodeTls(STATE));
  const held = taken(rig, web);
  const [ours, theirs] = unixSocketPair(SOCK_STREAM);
  assert.equal(giveBack(rig, web, held, undefined, RETURN_IDLE, theirs), false);
  assert.deepEqual(lost(rig), ["RETURN of a Unix socket"]);
  for (const fd of [raw.fd, held.fd, ours, theirs]) close(fd);
});

test("a connection that is passed on goes to its site by name, as it is", OPTIONS, (rig) => {
  const [shake, own] = [rig.start("shake"), rig.start("own")];
  const client = rig.client();
  const raw = taken(rig, shake);
  client.send("\x16 whatever");
  const untouched: TlsState = {
    ...STATE,
    way: "untouched",
    version: 0,
    cipher: 0,
    cipherName: "",
    serverName: "own.test",
  };
  assert.ok(giveBack(rig, shake, raw, encodeTls(untouched)));
  const held = taken(rig, own);
  assert.deepEqual([held.transfer.detail, held.transfer.site], [SCOPE_CONNECTION, "own.test"]);
  assert.equal((decodeTls(held.transfer.tls!) as TlsState).serverName, "own.test");
  assert.equal(drink(held.fd).text, "\x16 whatever");
  for (const { fd } of [raw, held]) close(fd);
});

for (
  const [what, host, policy, status] of [
    ["a site that asks for more", "secret.test", 0, 421],
    ["a site that asks for what was asked", "secret.test", clientPolicy(SECRET), undefined],
    ["a site that asks for nothing", "a", clientPolicy(SECRET), undefined],
    ["a site that is passed on", "own.test", 0, 421],
  ] as const
) {
  test(`the Host names ${what}: ${status ?? "served"}`, OPTIONS, (rig) => {
    const [shake, web] = [rig.start("shake"), rig.start("web")];
    const client = rig.client(request("/", host));
    const raw = taken(rig, shake);
    giveBack(rig, shake, raw, encodeTls({ ...STATE, policy }));
    close(raw.fd);
    if (status !== undefined) return assert.match(rig.answer(client), new RegExp(`^HTTP/1\\.1 ${status} `));
    close(taken(rig, web).fd);
  });
}

test("in clear text a site that must see certificates is not served", {
  sites: SITES,
  backends: ["web", "own"],
}, (rig) => {
  rig.start("web");
  const client = rig.client(request("/", "secret.test"));
  assert.match(rig.answer(client), /^HTTP\/1\.1 421 /);
});

test("a client that speaks TLS in a place of clear text is let go, and people are told once", {}, (rig) => {
  const clients = [1, 2].map(() => rig.client("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"));
  for (const client of clients) rig.until(() => client.ended, "the end");
  assert.deepEqual(clients.map(({ received }) => received), ["", ""]);
  const told = rig.reports.filter(({ type }) => type === "request-refused");
  assert.deepEqual(told, [{
    type: "request-refused",
    site: "",
    port: rig.port,
    status: 0,
    why: "the client speaks TLS, and clear text is spoken on its address",
    count: 1,
    client: "127.0.0.1",
    host: "",
    target: "",
  }]);
});

test("where nobody does handshakes, clients are let go after the time to wait", {
  ...OPTIONS,
  limits: { queueTimeout: 500 },
}, (rig) => {
  const client = rig.client();
  rig.settle();
  assert.equal(rig.counters.read().waiting, 1);
  rig.advance(501);
  rig.until(() => client.ended, "the end");
  assert.equal(client.received, "");
});
