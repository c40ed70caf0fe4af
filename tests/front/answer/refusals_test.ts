import assert from "node:assert/strict";
import { request } from "../clients.ts";
import { type Rig, test } from "../rig.ts";

/** What the front was asked, and what it answered itself. */
const LIMITS = { requestLine: 200, head: 600, headTimeout: 5_000 };

const CASES: readonly (readonly [what: string, text: string, answer: RegExp])[] = [
  ["binary garbage", "\x00\x01\x02\xff\xfe\r\n\r\n", /^HTTP\/1\.1 400 /],
  ["HTTP/3.0", "GET / HTTP/3.0\r\nHost: a\r\n\r\n", /^HTTP\/1\.1 505 /],
  ["no Host", "GET / HTTP/1.1\r\n\r\n", /^HTTP\/1\.1 400 /],
  ["a long request line", `GET /${"x".repeat(200)} HTTP/1.1\r\nHost: a\r\n\r\n`, /^HTTP\/1\.1 414 /],
  ["a request line without end", `GET /${"x".repeat(400)}`, /^HTTP\/1\.1 414 /],
  ["a long head", `GET / HTTP/1.1\r\nHost: a\r\nA: ${"x".repeat(700)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
  ["a head without end", `GET / HTTP/1.1\r\nHost: a\r\n${"A: b\r\n".repeat(200)}`, /^HTTP\/1\.1 431 /],
  ["a path that climbs out", request("/../x"), /^HTTP\/1\.1 400 [^]*the path is malformed/],
  ["an unknown path", request("/elsewhere"), /^HTTP\/1\.1 404 [^]*no route covers the request/],
  ["a HEAD of an unknown path", "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n", /^HTTP\/1\.1 404 [^]*\r\n\r\n$/],
  [
    "1 MiB of head",
    `GET / HTTP/1.1\r\nHost: a\r\nA: ${"x".repeat(1 << 20)}\r\n\r\n`,
    /^HTTP\/1\.1 431 [^]*\nBecause /,
  ],
];

const SITES = [{ names: [], routes: [{ path: "/here/", backends: ["a"] }] }];

for (const [what, text, expected] of CASES) {
  test(`${what} gets its answer whole and the connection ends without a reset`, {
    limits: LIMITS,
    sites: SITES,
  }, (rig) => {
    const client = rig.client();
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    let sent = 0;
    // A client that goes on sending after the answer: what it sends is read away.
    rig.until(() => {
      sent += Math.max(0, client.send(bytes.slice(sent)));
      return sent === bytes.length;
    }, "the request to be sent");
    assert.match(rig.answer(client), expected);
    assert.equal(client.ended, "end");
    assert.match(client.received, /\r\nConnection: close\r\n/);
    const length = Number(/\r\nContent-Length: (\d+)\r\n/.exec(client.received)![1]);
    const body = client.received.slice(client.received.indexOf("\r\n\r\n") + 4);
    assert.equal(body.length, text.startsWith("HEAD") ? 0 : length);
    client.end();
    rig.until(() => rig.front.pool.open === 0, "the connection to end");
    assert.equal(rig.counters.read().refused, 1);
  });
}

test("a client that speaks HTTP/2 is told so in HTTP/2: SETTINGS, and GOAWAY with HTTP_1_1_REQUIRED", {
  limits: LIMITS,
}, (rig) => {
  const client = rig.client();
  client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  rig.until(() => client.ended === "end", "the end of the connection");
  const frames = [..."\0\0\0\x04\0\0\0\0\0", ..."\0\0\x08\x07\0\0\0\0\0", ..."\0\0\0\0", ..."\0\0\0\x0d"];
  assert.equal(client.received, frames.join(""));
  assert.equal(rig.counters.read().refused, 1);
});

for (
  const [what, head, status] of [
    ["malformed", "HEAD / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", 400],
    ["behind an empty line", "\r\nHEAD / HTTP/1.1\r\n\r\n", 400],
    ["an expectation", "HEAD / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", 417],
    ["a long line", `HEAD /${"x".repeat(400)}`, 414],
    ["a long head", `HEAD / HTTP/1.1\r\nHost: a\r\nA: ${"x".repeat(700)}`, 431],
    ["a coding", "HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x, chunked\r\n\r\n", 501],
    ["a version", "HEAD / HTTP/3.0\r\nHost: a\r\n\r\n", 505],
  ] as const
) {
  test(`what refuses a HEAD has no content: ${what}`, { limits: LIMITS }, (rig) => {
    const client = rig.client();
    client.send(head);
    const answer = rig.answer(client);
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
    assert.match(answer, /\r\nContent-Length: [1-9]\d*\r\n[^]*\r\n\r\n$/);
  });
}

for (
  const [what, cut] of [["end", "HEAD / HTTP/1.1\r\nHost"], ["time out", "HEAD / HTTP/1.1\r\nHost"]] as const
) {
  test(`what refuses a HEAD has no content: its head comes to an ${what}`, { limits: LIMITS }, (rig) => {
    const client = rig.client();
    client.send(cut);
    rig.settle();
    if (what === "end") client.end();
    else rig.advance(LIMITS.headTimeout + 1);
    assert.match(rig.answer(client), /^HTTP\/1\.1 4(00|08) [^]*\r\n\r\n$/);
  });
}

test("who sends an empty line and ends has asked nothing", { limits: LIMITS }, (rig) => {
  for (const text of ["\r\n", "\r", "\r\n\r\n"]) {
    const client = rig.client();
    client.send(text);
    rig.settle();
    client.end();
    rig.until(() => client.ended !== false, "the end of the connection");
    assert.equal(client.received, "");
  }
  assert.equal(rig.counters.read().refused, 0);
});

for (const line of ["X : y\r\n", "Host: b\r\n", "\tfolded\r\n"]) {
  test(`a long head that is not whole is refused as soon as a line is bad: ${JSON.stringify(line)}`, {
    limits: { requestLine: 200, head: 8_000, headTimeout: 5_000 },
  }, (rig) => {
    const client = rig.client();
    client.send(`GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${"y".repeat(4_000)}\r\n`);
    rig.settle();
    client.send(line);
    assert.match(rig.answer(client), /^HTTP\/1\.1 400 /);
  });
}

test("error documents stand in place of the front's text: the site's, or else the configuration's", {
  sites: [
    {
      names: ["a.test"],
      routes: [{ path: "/here/", backends: ["a"] }, { path: "/here/not/", backends: [] }],
      errorDocuments: { "404": "<h1>Nothing</h1>", "502": "never asked for" },
    },
    { names: ["b.test"], routes: [{ path: "/", backends: [] }] },
  ],
  errorDocuments: { "404": "Nowhere", "400": "Nonsense", "503": "Later" },
  limits: { queueTimeout: 0 },
}, (rig) => {
  const answer = (text: string) => {
    const client = rig.client(text);
    const received = rig.answer(client);
    client.end();
    return received.split("\r\n\r\n");
  };
  const get = (host: string, path: string, method = "GET") =>
    answer(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  for (const path of ["/", "/here/not/", "/here/not/x"]) {
    const [head = "", content] = get("a.test", path);
    assert.match(head, /^HTTP\/1\.1 404 Not Found\r\n/);
    assert.match(
      head,
      /\r\nContent-Type: text\/html; charset=utf-8\r\nContent-Length: 16\r\nConnection: close$/,
    );
    const date = /\r\nDate: ([^\r]*)\r\n/.exec(head)![1]!;
    assert.ok(Math.abs(Date.parse(date) - Date.now()) < 60_000, date);
    assert.equal(content, "<h1>Nothing</h1>");
  }
  const [head = "", none] = get("a.test", "/", "HEAD");
  assert.match(head, /\r\nContent-Length: 16\r\n/);
  assert.equal(none, "");
  assert.match(
    get("b.test", "/")[0]!,
    /^HTTP\/1\.1 404 [^]*\r\nContent-Type: text\/plain; charset=utf-8\r\n/,
  );
  assert.equal(get("b.test", "/")[1], "Nowhere");
  assert.equal(answer("nonsense\r\n\r\n")[1], "Nonsense");
  assert.equal(get("a.test", "/..")[1], "Nonsense");
  const [later = "", text] = get("a.test", "/here/");
  assert.match(later, /^HTTP\/1\.1 503 [^]*\r\nRetry-After: 1/);
  assert.equal(text, "Later");
});

test("an answered client that does not end its side is closed after a while all the same", {}, (rig) => {
  const client = rig.client("nonsense\r\n\r\n");
  rig.answer(client);
  rig.settle();
  assert.deepEqual(rig.connections.map(({ state }) => state), ["refusing"]);
  rig.advance(1_900);
  assert.equal(rig.front.pool.open, 1);
  rig.advance(200);
  assert.equal(rig.front.pool.open, 0);
});

test("an answered client that goes on sending holds nobody up and ends with the deadline", {}, (rig) => {
  const client = rig.client("nonsense\r\n\r\n");
  const backend = rig.start("a");
  backend.manner = "serves";
  const flood = new Uint8Array(300_000);
  rig.until(() => {
    client.send(flood);
    return client.received.startsWith("HTTP/1.1 400 ");
  }, "the answer");
  for (let i = 0; i < 20; i++) {
    client.send(flood);
    rig.turn();
  }
  rig.answer(rig.client(request()));
  client.send(flood);
  rig.advance(2_100);
  rig.until(() => rig.front.pool.open === 0, "the end");
});

test("a client that resets the answered connection is done with", {}, (rig) => {
  const client = rig.client("nonsense\r\n\r\n");
  rig.answer(client);
  client.reset();
  rig.until(() => rig.front.pool.open === 0, "the end");
});

// --- what people are told ---------------------------------------------------------------------------------------------

function told(rig: Rig): string[] {
  return rig.reported("request-refused").map(({ status, count }) => `${status} x ${count}`);
}

/** Clients whose requests are refused, one after another. */
function refuse(rig: Rig, text: string, count: number): void {
  for (let i = 0; i < count; i++) {
    const client = rig.client(text);
    rig.until(() => client.ended !== false, "the answer");
    client.close();
  }
}

test(
  "the first refusal of a kind is told at once, those of the next second together",
  { sites: SITES },
  (rig) => {
    refuse(rig, request("/x"), 5);
    refuse(rig, "nonsense\r\n\r\n", 2);
    assert.deepEqual(told(rig), ["404 x 1", "400 x 1"]);
    rig.advance(1_001);
    assert.deepEqual(told(rig).slice(2), ["404 x 4", "400 x 1"]);
    refuse(rig, request("/x"), 3);
    assert.equal(told(rig).length, 4);
    rig.advance(1_001);
    assert.deepEqual(told(rig).slice(4), ["404 x 3"]);
    // After a second without any, the next is a first one again.
    rig.advance(1_001);
    rig.advance(1_001);
    refuse(rig, request("/x"), 1);
    assert.deepEqual(told(rig).slice(5), ["404 x 1"]);
  },
);
