import assert from "node:assert/strict";
import { adopt, close, duplicate, encodeInternetAddress, encodeUnixAddress } from "../../ffi/mod.ts";
import { readAddress } from "../../src/backend/connection/address.ts";
import { writeSockaddr } from "../../src/front/connection/address.ts";
import { SCOPE_CONNECTION, SCOPE_EXCEPT, SCOPE_HOST } from "../../src/protocol/messages.ts";
import { drink, request } from "./clients.ts";
import { type Rig, siteOf, test } from "./rig.ts";
import { type Held, responseOf, type ScriptedBackend } from "./scripted_backend.ts";

const LIMITS = { requestLine: 300, head: 1_000, headTimeout: 5_000 };

/** The next hand-off, read and not acknowledged. */
function handed(rig: Rig, backend: ScriptedBackend): Held {
  return rig.until(() => backend.read()[0], "a hand-off");
}

// --- peeking ----------------------------------------------------------------------------------------------------------

test("the front takes nothing out of the socket: the backend reads from the first byte", {}, (rig) => {
  const a = rig.start("a");
  const text = `POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 14\r\n\r\nsomething`;
  const client = rig.client(text);
  const held = handed(rig, a);
  assert.equal(held.transfer.preread.length, 0);
  a.acknowledge([held]);
  client.send(" more");
  let got = "";
  rig.until(() => (got += drink(held.fd).text).length >= text.length + 5, "all of it");
  assert.equal(got, `${text} more`);
});

test(
  "a head that comes byte by byte is handed over with its last byte, not before",
  { limits: LIMITS },
  (rig) => {
    const a = rig.start("a");
    rig.until(() => rig.reported("backend-found").length === 1, "the backend");
    const text = request("/slowly", "a", "X-One: 1\r\nX-Two: \r\n");
    const client = rig.client();
    for (const character of text.slice(0, -1)) {
      client.send(character);
      rig.settle();
      assert.equal(rig.connections[0]!.state, "reading");
    }
    assert.equal(rig.counters.read().sent, 0);
    client.send("\n");
    a.acknowledge([handed(rig, a)]);
    a.serve(a.owned[0]!);
    assert.equal(rig.answer(client), responseOf("a"));
  },
);

test("two requests in one piece are one hand-off, with both in the socket", {}, (rig) => {
  const a = rig.start("a");
  rig.client(request("/1") + request("/2"));
  const held = handed(rig, a);
  assert.equal(drink(held.fd).text, request("/1") + request("/2"));
  a.acknowledge([held]);
  rig.settle();
  assert.equal(rig.counters.read().sent, 1);
});

test("empty lines before a request are no request", {}, (rig) => {
  const a = rig.start("a");
  const client = rig.client("\r\n");
  rig.settle();
  assert.equal(rig.connections[0]!.state, "reading");
  client.send(request());
  assert.equal(handed(rig, a).transfer.path, "/");
});

test(
  "a head that grows too long is refused when it does, byte by byte as well",
  { limits: LIMITS },
  (rig) => {
    const line = rig.client("GET /");
    const head = rig.client("GET / HTTP/1.1\r\nHost: a\r\nA: ");
    rig.settle();
    for (let sent = 0; sent < 1_200 && (line.ended === false || head.ended === false); sent++) {
      if (line.ended === false) line.send("x");
      if (head.ended === false) head.send("x");
      rig.turn();
      const { refused } = rig.counters.read();
      if (sent < 290) assert.equal(refused, 0);
    }
    assert.match(rig.answer(line), /^HTTP\/1\.1 414 /);
    assert.match(rig.answer(head), /^HTTP\/1\.1 431 /);
  },
);

test("a client that goes without a word is dropped without an answer", {}, (rig) => {
  const [closed, ended, reset] = [rig.client(), rig.client(), rig.client()];
  rig.until(() => rig.connections.length === 3, "three connections");
  closed.close();
  ended.end();
  reset.reset();
  rig.until(() => rig.front.pool.open === 0, "them to be dropped");
  assert.equal(ended.received, "");
  assert.deepEqual([rig.counters.read().dropped, rig.counters.read().refused], [3, 0]);
});

test("a client that ends in the middle of a head gets 400", {}, (rig) => {
  const [client, late] = [rig.client("GET / HT"), rig.client("GET / HT")];
  client.end();
  rig.until(() => rig.connections.length >= 1, "it");
  rig.settle();
  late.end();
  for (const one of [client, late]) {
    assert.match(rig.answer(one), /^HTTP\/1\.1 400 [^]*the request ends in its head/);
  }
});

test("a whole request from a client that has ended its side is handed over", {}, (rig) => {
  const client = rig.client(request());
  client.end();
  rig.start("a").manner = "serves";
  assert.equal(rig.answer(client), responseOf("a"));
});

test("half a head gets 408 at its deadline, which more of it does not move; nothing at all gets nothing", {
  limits: LIMITS,
}, (rig) => {
  const [half, nothing] = [rig.client("GET / HTTP/1.1\r\n"), rig.client()];
  rig.until(() => rig.connections.length === 2, "both");
  rig.advance(4_000);
  half.send("Host: a\r\n");
  rig.settle();
  rig.advance(900);
  assert.deepEqual(rig.connections.map(({ state }) => state), ["reading", "reading"]);
  rig.advance(200);
  assert.match(rig.answer(half), /^HTTP\/1\.1 408 /);
  assert.deepEqual([rig.answer(nothing), nothing.ended], ["", "end"]);
});

test("nothing watches a connection that waits, or is handed over", { backends: ["a", "b"] }, (rig) => {
  rig.client(request());
  const slow = rig.client("GET / ");
  rig.until(() => rig.connections.length === 2, "both");
  rig.settle();
  slow.send("HTTP/1.1\r\nHost: a\r\n\r\n");
  rig.until(() => rig.connections.every(({ state }) => state === "waiting"), "both to wait");
  assert.deepEqual(rig.connections.map(({ watched }) => watched), [false, false]);
  const a = rig.start("a");
  rig.until(() => rig.connections.every(({ state }) => state === "handed"), "both to be handed over");
  assert.deepEqual(rig.connections.map(({ watched }) => watched), [false, false]);
  // The proof: bytes that come now wake nobody here, though both processes have the socket.
  slow.send("more");
  rig.settle();
  assert.equal(rig.turn(), 0);
  a.acknowledge(a.read());
});

// --- what a hand-off says ---------------------------------------------------------------------------------------------

const SITES = [
  {
    names: ["one.test", "*.one.test"],
    routes: [{ path: "/", backends: ["a"] }, { path: "/f/", backends: ["a"] }],
  },
  { names: ["two.test"], routes: [{ path: "/only", backends: ["a"] }] },
];

test("a hand-off says site, route, path below it, and scope", { sites: SITES }, (rig) => {
  const a = rig.start("a");
  const say = (host: string, path: string) => {
    rig.client(request(path, host));
    const { site, route, path: rest, detail, requests, generation } = handed(rig, a).transfer;
    return [site, route, rest, detail, requests, generation];
  };
  assert.deepEqual(say("one.test", "/f/x/%7ey?q"), ["one.test", "/f/", "/x/~y", SCOPE_HOST, 0, 1]);
  assert.deepEqual(say("w.one.test", "//a/../b"), ["one.test", "/", "/b", SCOPE_EXCEPT, 0, 1]);
  assert.deepEqual(say("TWO.test:80", "/only"), ["two.test", "/only", "/", SCOPE_HOST, 0, 1]);
  assert.deepEqual(say("two.test", "/only/x%2Fy"), ["two.test", "/only", "/x%2Fy", SCOPE_HOST, 0, 1]);
  a.acknowledge(a.held);
});

test("the one route of the one site has the connection as its scope", {}, (rig) => {
  const a = rig.start("a");
  rig.client(request());
  const { transfer } = handed(rig, a);
  assert.deepEqual([transfer.site, transfer.route, transfer.detail], ["", "/", SCOPE_CONNECTION]);
});

test("a hand-off is in blocking mode, and closed on exec in the receiver", {}, (rig) => {
  const a = rig.start("a");
  rig.client(request());
  const { fd } = handed(rig, a);
  const flags = parseInt(
    /^flags:\s*([0-7]+)$/m.exec(Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`))![1]!,
    8,
  );
  assert.equal(flags & 0o4000, 0);
  assert.notEqual(flags & 0o2000000, 0);
});

// --- what comes back --------------------------------------------------------------------------------------------------

test("a returned connection is looked at as preread and socket together, and routed afresh", {
  backends: ["a", "b"],
  sites: [{ names: [], routes: [{ path: "/", backends: ["a"] }, { path: "/b/", backends: ["b"] }] }],
}, (rig) => {
  const [a, b] = [rig.start("a"), rig.start("b")];
  rig.until(() => rig.reported("backend-found").length === 2, "both");
  const client = rig.client(request("/first"));
  const held = handed(rig, a);
  a.acknowledge([held]);
  assert.equal(drink(held.fd).text, request("/first"));
  // Half of the next head is the preread, cut in the middle of a line end; the other half comes later.
  const next = request("/b/second");
  const cut = next.indexOf("\r\n") + 1;
  const preread = new TextEncoder().encode(next.slice(0, cut));
  assert.ok(a.sayReturn({ ...held, transfer: { ...held.transfer, requests: 1 } }, 5, preread) > 0);
  rig.until(() => a.acknowledged().includes(5), "the acknowledgement");
  close(held.fd);
  a.owned = [];
  rig.settle();
  assert.deepEqual(rig.connections.map(({ state }) => state), ["reading"]);
  client.send(next.slice(cut));
  const back = handed(rig, b);
  assert.deepEqual([back.transfer.requests, back.transfer.route, back.transfer.path], [1, "/b/", "/second"]);
  assert.deepEqual([back.port, back.transfer.client], [client.port, held.transfer.client]);
  assert.equal(new TextDecoder().decode(back.transfer.preread), next.slice(0, cut));
  b.acknowledge([back]);
  b.serve(back);
  assert.equal(rig.answer(client), responseOf("b"));
});

test("a returned connection whose next head is bad, or never comes, gets the same answers as a new one", {
  limits: LIMITS,
}, (rig) => {
  const a = rig.start("a");
  const outcomes = (["bad", "long", "half", "nothing"] as const).map((what, index) => {
    const client = rig.client(request());
    const held = handed(rig, a);
    a.acknowledge([held]);
    drink(held.fd);
    const text = {
      bad: "nonsense\r\n\r\n",
      long: `GET / HTTP/1.1\r\nA: ${"x".repeat(2_000)}`,
      half: "GET",
      nothing: "",
    };
    a.sayReturn(held, 100 + index, new TextEncoder().encode(text[what]));
    rig.until(() => a.acknowledged().includes(100 + index), "the acknowledgement");
    close(held.fd);
    a.owned = [];
    return client;
  });
  rig.settle();
  rig.advance(5_100);
  const expected = [/^HTTP\/1\.1 400 /, /^HTTP\/1\.1 431 /, /^HTTP\/1\.1 408 /, /^$/];
  outcomes.forEach((client, index) => assert.match(rig.answer(client), expected[index]!));
});

test("the longest preread travels on whole", { limits: { head: 32_768 } }, (rig) => {
  const a = rig.start("a");
  rig.client(request());
  const held = handed(rig, a);
  a.acknowledge([held]);
  drink(held.fd);
  const head = new TextEncoder().encode(request("/again"));
  const preread = new Uint8Array(65_535).fill(0x78);
  preread.set(head);
  a.sayReturn(held, 3, preread);
  rig.until(() => a.acknowledged().includes(3), "the acknowledgement");
  close(held.fd);
  a.owned = [];
  const again = a.held[0] ?? handed(rig, a);
  assert.deepEqual(again.transfer.preread, preread);
});

// --- addresses --------------------------------------------------------------------------------------------------------

test("writeSockaddr() writes addresses as the protocol has them", {}, () => {
  const out = new Uint8Array(30).fill(9);
  const written = (sockaddr: Uint8Array) => {
    writeSockaddr(out, 5, sockaddr);
    assert.deepEqual([out[4], out[25]], [9, 9]);
    return readAddress(out.subarray(5, 25));
  };
  for (
    const [host, port] of [["192.0.2.7", 51_234], ["::1", 1], ["2001:db8::a", 65_535], [
      "0.0.0.0",
      0,
    ]] as const
  ) {
    assert.deepEqual(written(encodeInternetAddress(host, port)), { transport: "tcp", hostname: host, port });
  }
  const mapped = written(encodeInternetAddress("::ffff:198.51.100.9", 80));
  assert.deepEqual([mapped.hostname, mapped.port, out[5]], ["198.51.100.9", 80, 4]);
  assert.deepEqual(out.subarray(13, 25), new Uint8Array(12));
  written(encodeUnixAddress("/tmp/x"));
  assert.deepEqual(out.subarray(5, 25), new Uint8Array(20));
});

for (
  const [listen, connect, seen] of [
    ["127.0.0.1", "127.0.0.1", "127.0.0.1"],
    ["0.0.0.0", "127.0.0.2", "127.0.0.2"],
    ["::1", "::1", "::1"],
    ["::", "::1", "::1"],
    ["::", "127.0.0.1", "127.0.0.1"],
  ] as const
) {
  test(`a client of ${connect} at ${listen} is said to have come from and to the real addresses`, {
    host: listen,
  }, (rig) => {
    const a = rig.start("a");
    const client = rig.client(request(), connect);
    const { transfer } = rig.until(() => a.read()[0], "a hand-off");
    const from = readAddress(transfer.client);
    assert.deepEqual(readAddress(transfer.local), { transport: "tcp", hostname: seen, port: rig.port });
    assert.equal(from.port, client.port);
    assert.equal(from.hostname.includes(":"), seen.includes(":"));
  });
}

test("a listener on every address finds a returned connection's sites", { host: "0.0.0.0" }, (rig) => {
  const a = rig.start("a");
  const client = rig.client(request(), "127.0.0.3");
  const held = handed(rig, a);
  a.acknowledge([held]);
  a.sayReturn(held, 1);
  rig.until(() => a.acknowledged().includes(1), "the acknowledgement");
  close(held.fd);
  a.owned = [];
  a.manner = "serves";
  if (a.held.length > 0) a.acknowledge(a.held);
  assert.equal(rig.answer(client), responseOf("a"));
});

test(
  "a returned copy that the backend keeps is no second owner for the front",
  { sites: [siteOf(["a"])] },
  (rig) => {
    const a = rig.start("a");
    const client = rig.client(request());
    const held = handed(rig, a);
    a.acknowledge([held]);
    const copy = adopt(duplicate(held.fd));
    a.sayReturn(held, 1);
    rig.until(() => a.acknowledged().includes(1), "the acknowledgement");
    close(held.fd);
    a.owned = [];
    a.manner = "serves";
    if (a.held.length > 0) a.acknowledge(a.held);
    assert.equal(rig.answer(client), responseOf("a"));
    close(copy);
  },
);
