// Whoever stands in front says who the client is: by a header ahead of the connection, and in fields of requests.

import assert from "node:assert/strict";
import { close } from "../../ffi/mod.ts";
import { drink, request } from "./clients.ts";
import { type Rig, states, test } from "./rig.ts";
import type { Held, ScriptedBackend } from "./scripted_backend.ts";

const REQUIRED = { proxyProtocol: {} };
const LOOPBACK = { proxies: ["127.0.0.1", "10.0.0.0/8"] };
const LINE = "PROXY TCP4 192.0.2.7 198.51.100.1 51234 80\r\n";
const SAID = request("/a", "test", "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n");

/** The same in version 2, with a value that says that the client came by TLS. */
const BINARY = Uint8Array.of(
  ...[13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10, 0x21, 0x11, 0, 20],
  ...[192, 0, 2, 7, 198, 51, 100, 1, 0xc8, 0x22, 0, 80],
  ...[0x20, 0, 5, 1, 0, 0, 0, 0],
);

function started(rig: Rig): ScriptedBackend {
  const backend = rig.start("a");
  rig.until(() => rig.reported("backend-found").length === 1, "the backend");
  return backend;
}

/** The next hand-off, acknowledged. */
function handed(rig: Rig, backend: ScriptedBackend): Held {
  const held = rig.until(() => backend.read()[0], "a hand-off");
  backend.acknowledge([held]);
  return held;
}

/** An address of a hand-off. */
function textOf(address: Uint8Array): string {
  assert.equal(address[0], 4);
  return `${address.subarray(4, 8).join(".")}:${address[2]! << 8 | address[3]!}`;
}

function bytesOf(text: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return typeof text === "string" ? new TextEncoder().encode(text) : text.slice();
}

test("a PROXY header is taken to its last byte and no further, wherever it is cut", REQUIRED, (rig) => {
  const a = started(rig);
  for (const header of [LINE, BINARY]) {
    const all = Uint8Array.of(...bytesOf(header), ...bytesOf(request("/a")));
    for (let cut = 1; cut <= all.length; cut++) {
      const client = rig.client();
      client.send(all.slice(0, cut));
      rig.settle();
      client.send(all.slice(cut));
      const { transfer, fd } = handed(rig, a);
      assert.equal(textOf(transfer.client), "192.0.2.7:51234", `cut at ${cut}`);
      assert.equal(drink(fd).text, request("/a"), `cut at ${cut}`);
      assert.equal(transfer.preread.length, 0);
      assert.equal(transfer.peer?.https, header === BINARY ? true : undefined);
      close(fd);
      a.owned = [];
      client.close();
    }
  }
});

test("a PROXY header may come byte by byte", REQUIRED, (rig) => {
  const a = started(rig);
  const client = rig.client();
  for (const byte of bytesOf(LINE + request("/a"))) {
    client.send(Uint8Array.of(byte));
    rig.turn();
  }
  const { transfer, fd } = handed(rig, a);
  assert.equal(textOf(transfer.client), "192.0.2.7:51234");
  assert.equal(drink(fd).text, request("/a"));
  close(fd);
  a.owned = [];
});

test("LOCAL and UNKNOWN say nothing: the client is who has connected", REQUIRED, (rig) => {
  const a = started(rig);
  const local = Uint8Array.of(...BINARY.subarray(0, 12), 0x20, 0, 0, 0);
  for (const header of ["PROXY UNKNOWN\r\n", local]) {
    const client = rig.client();
    client.send(Uint8Array.of(...bytesOf(header), ...bytesOf(request("/a"))));
    const { transfer, fd } = handed(rig, a);
    assert.equal(textOf(transfer.client), `127.0.0.1:${client.port}`);
    close(fd);
    a.owned = [];
  }
});

test("a connection without a PROXY header is closed and gets no word; so is one that takes its time", {
  ...REQUIRED,
  limits: { headTimeout: 5_000 },
}, (rig) => {
  started(rig);
  for (const text of [request("/a"), "\r\n\r\nGET", "\x16\x03\x01", "PROXY TCP4 1.2.3.4\r\n"]) {
    const client = rig.client(text);
    rig.until(() => client.ended, "the end");
    assert.equal(client.received, "");
  }
  const slow = rig.client("PROXY TCP4 1.2");
  const silent = rig.client();
  rig.settle();
  assert.deepEqual(states(rig), ["reading", "reading"]);
  rig.advance(5_000);
  for (const client of [slow, silent]) {
    rig.until(() => client.ended, "the end");
    assert.equal(client.received, "");
  }
  // Told once for each reason, and together from then on.
  const told = rig.reported("request-refused");
  assert.ok(told.length > 0 && told.every(({ status }) => status === 0), JSON.stringify(told));
  assert.ok(told.length <= 4);
});

test("a half of a PROXY header, and then the end of its client, is no request", REQUIRED, (rig) => {
  started(rig);
  const client = rig.client("PROXY TC");
  rig.settle();
  client.end();
  rig.until(() => client.ended, "the end");
  assert.equal(client.received, "");
});

test(
  "the time for a header and for a head is one",
  { ...REQUIRED, limits: { headTimeout: 5_000 } },
  (rig) => {
    started(rig);
    const client = rig.client(LINE.slice(0, 20));
    rig.settle();
    rig.advance(3_000);
    client.send(LINE.slice(20));
    rig.settle();
    rig.advance(2_500);
    client.send("GET /");
    rig.settle();
    rig.until(() => client.ended, "the end");
  },
);

test("whoever is excepted begins with a request", { proxyProtocol: { except: ["127.0.0.0/8"] } }, (rig) => {
  const a = started(rig);
  const client = rig.client(request("/a"));
  const { transfer, fd } = handed(rig, a);
  assert.equal(textOf(transfer.client), `127.0.0.1:${client.port}`);
  close(fd);
  a.owned = [];
});

test("a PROXY header of one that is not trusted is taken, and not believed", {
  ...REQUIRED,
  trust: { proxies: ["127.0.0.9"] },
}, (rig) => {
  const a = started(rig);
  const client = rig.client(LINE + SAID);
  const stranger = handed(rig, a);
  assert.equal(textOf(stranger.transfer.client), `127.0.0.1:${client.port}`);
  assert.equal(stranger.transfer.peer?.trusted, false);
  const known = rig.client(LINE + SAID, undefined, "127.0.0.9");
  const other = handed(rig, a);
  // It is believed about the connection; whom that is from is not trusted to say anything.
  assert.equal(textOf(other.transfer.client), "192.0.2.7:51234");
  assert.equal(other.transfer.peer?.saidHttps, false);
  for (const { fd } of [stranger, other]) close(fd);
  a.owned = [];
  known.close();
});

test("a trusted one says who asks, request by request on one connection; a stranger says nothing", {
  trust: LOOPBACK,
}, (rig) => {
  const a = started(rig);
  const client = rig.client(SAID);
  const first = handed(rig, a);
  assert.equal(textOf(first.transfer.client), "203.0.113.9:0");
  assert.deepEqual(first.transfer.peer, {
    address: first.transfer.peer!.address,
    list: 1,
    trusted: true,
    https: false,
    saidHttps: true,
  });
  assert.equal(textOf(first.transfer.peer!.address), `127.0.0.1:${client.port}`);
  drink(first.fd);
  // Given back as fdpass's backends do, and then as one does that does not know the field: in each case the next request is
  // that of another client.
  for (const [id, who] of [[1, "203.0.113.10"], [2, "203.0.113.11"]] as const) {
    const { peer, ...unaware } = first.transfer;
    const transfer = { ...id === 1 ? { ...unaware, peer: peer! } : unaware, requests: id };
    assert.ok(a.sayReturn({ ...first, transfer }, id) > 0);
    rig.until(() => a.acknowledged().includes(id), "the acknowledgement");
    client.send(request("/a", "test", `X-Forwarded-For: 9.9.9.9, ${who}\r\n`));
    const { transfer: next, fd } = handed(rig, a);
    assert.equal(textOf(next.client), `${who}:0`);
    assert.equal(next.peer?.saidHttps, false);
    drink(fd);
    close(fd);
  }
  close(first.fd);
  a.owned = [];
  const stranger = rig.client(SAID, undefined, "127.0.0.2");
  const other = handed(rig, a);
  assert.equal(textOf(other.transfer.client), `127.0.0.2:${stranger.port}`);
  assert.deepEqual([other.transfer.peer?.trusted, other.transfer.peer?.saidHttps], [false, false]);
  close(other.fd);
  a.owned = [];
});

test("as many connections as a client may have are not those of one that is trusted", {
  trust: LOOPBACK,
  limits: { perClient: 2 },
}, (rig) => {
  const a = started(rig);
  for (const [from, most] of [["127.0.0.1", 4], ["127.0.0.2", 2]] as const) {
    const clients = Array.from({ length: 4 }, () => rig.client("GET", undefined, from));
    rig.settle();
    assert.equal(clients.filter(({ ended }) => ended === false).length, most, from);
  }
  assert.equal(a.held.length, 0);
});

test("a client that a PROXY header names has as many connections as one may have", {
  ...REQUIRED,
  limits: { perClient: 2 },
}, (rig) => {
  started(rig);
  const clients = [1, 1, 1, 2].map((last) =>
    rig.client(LINE.replace("192.0.2.7", `192.0.2.${last}`) + "GET")
  );
  rig.settle();
  assert.deepEqual(clients.map(({ ended }) => ended !== false), [false, false, true, false]);
});

const HTTPS = { scheme: "https", trust: LOOPBACK } as const;

/** Whether the first request of a client, and the connection, are said to be by https. */
function said(rig: Rig, backend: ScriptedBackend, text: string, from?: string): (boolean | undefined)[] {
  const client = rig.client(text, undefined, from);
  const { transfer: { peer }, fd } = handed(rig, backend);
  close(fd);
  backend.owned = [];
  client.close();
  return [peer?.https, peer?.saidHttps];
}

test(
  "all come by https at an address for those who do TLS, unless a field says something else",
  HTTPS,
  (rig) => {
    const a = started(rig);
    assert.deepEqual(said(rig, a, request("/a")), [true, true]);
    assert.deepEqual(said(rig, a, request("/a", "test", "X-Forwarded-Proto: http\r\n")), [true, false]);
    assert.deepEqual(said(rig, a, request("/a"), "127.0.0.2"), [false, false]);
  },
);

test("the same with PROXY headers that are believed", { ...HTTPS, ...REQUIRED }, (rig) => {
  const a = started(rig);
  assert.deepEqual(said(rig, a, LINE + request("/a")), [true, true]);
  assert.deepEqual(said(rig, a, "PROXY UNKNOWN\r\n" + request("/a")), [true, true]);
  // The client that it names is no one whose words count.
  assert.deepEqual(said(rig, a, LINE + request("/a", "test", "X-Forwarded-Proto: http\r\n")), [true, true]);
  assert.deepEqual(said(rig, a, LINE + request("/a"), "127.0.0.2"), [false, false]);
});
