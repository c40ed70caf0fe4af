import assert from "node:assert/strict";
import { BodyError } from "../../../src/backend/http/request_body.ts";
import type { Exchange } from "../../../src/backend/http/exchange.ts";
import { SCOPE_HOST } from "../../../src/protocol/messages.ts";
import { ack } from "../../front/raw_channel.ts";
import { bytes, echo, type HttpRig, testHttp } from "../rig.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n";
const END = "\r\n";

/** Responses without the field that changes from day to day. */
function undated(text: string): string {
  return text.replaceAll(/Date: [^\r]*\r\n/g, "");
}

/** Gives a client that sends this and ends its side; everything it gets. */
async function exchange({ rig, give }: HttpRig, text: string, change = {}): Promise<string> {
  const client = give(text, change);
  client.end();
  return undated(await rig.rest(client));
}

// --- how responses are framed -----------------------------------------------------------------------------------------

const content = bytes("hello");

async function stream(exchange: Exchange): Promise<void> {
  if (!await exchange.start(200, [], undefined)) return;
  await exchange.write(bytes("one"));
  await exchange.write(bytes(""));
  await exchange.write(bytes("two"));
  await exchange.finish();
}

interface Framing {
  readonly what: string;
  readonly handler: (exchange: Exchange) => Promise<void> | undefined;
  readonly request: string;
  readonly response: string;
}

const CLOSE = "Connection: close\r\n";

const FRAMINGS: readonly Framing[] = [
  {
    what: "content has its length",
    handler: (it) => it.respond(200, [["X-A", "1"]], content),
    request: GET + END,
    response: "HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 5\r\n\r\nhello",
  },
  {
    what: "no content has the length 0",
    handler: (it) => it.respond(200, [], bytes("")),
    request: GET + END,
    response: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
  },
  {
    what: "the answer to HEAD says the length and has no content",
    handler: (it) => it.respond(200, [], content),
    request: "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
    response: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
  },
  {
    what: "204 has neither length nor content",
    handler: (it) => it.respond(204, [], content),
    request: GET + END,
    response: "HTTP/1.1 204 No Content\r\n\r\n",
  },
  {
    // A length there would be that of the content that a GET gets (RFC 9110, 8.6).
    what: "304 has no content, and no length",
    handler: (it) => it.respond(304, [["ETag", '"1"']], bytes("")),
    request: GET + END,
    response: 'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n',
  },
  {
    what: "a stream is chunked, without empty chunks",
    handler: stream,
    request: GET + END,
    response: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n",
  },
  {
    what: "a stream for HEAD has a head alone",
    handler: stream,
    request: "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
    response: "HTTP/1.1 200 OK\r\n\r\n",
  },
  {
    what: "a stream for HTTP/1.0 ends with the connection",
    handler: stream,
    request: "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    response: `HTTP/1.1 200 OK\r\n${CLOSE}\r\nonetwo`,
  },
  {
    what: "HTTP/1.0 closes unless it asks otherwise",
    handler: (it) => it.respond(200, [], content),
    request: "GET / HTTP/1.0\r\n\r\n",
    response: `HTTP/1.1 200 OK\r\nContent-Length: 5\r\n${CLOSE}\r\nhello`,
  },
  {
    what: "HTTP/1.0 is kept where it asks for it",
    handler: (it) => it.respond(200, [], content),
    request: "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    response: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello",
  },
  {
    what: "framing fields of a handler are not its to say",
    handler: (it) =>
      it.respond(200, [
        ["Content-Length", "99"],
        ["Transfer-Encoding", "gzip"],
        ["Connection", "upgrade"],
        ["Keep-Alive", "x"],
      ], content),
    request: GET + END,
    response: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
  },
  {
    what: "an offer to upgrade is named as for the next hop only",
    handler: (it) => it.respond(426, [["Upgrade", "websocket"]], content),
    request: GET + END,
    response:
      "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nContent-Length: 5\r\nConnection: upgrade\r\n\r\nhello",
  },
  {
    what: "what is not read of a request is read away",
    handler: (it) => it.respond(200, [], content),
    request: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345",
    response: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
  },
];

for (const { what, handler, request, response } of FRAMINGS) {
  testHttp(what, handler, async (http) => {
    assert.equal(await exchange(http, request), response);
    assert.deepEqual(http.errors, []);
  });
}

testHttp("a Date is added unless there is one", (it) => {
  return it.respond(200, it.path === "/own" ? [["date", "today"]] : [], content);
}, async ({ rig, give }) => {
  const client = give(GET.replace("/", "/own") + END + GET + CLOSE + END);
  const text = await rig.rest(client);
  assert.match(
    text,
    /^HTTP\/1\.1 200 OK\r\ndate: today\r\nContent-Length: 5\r\n\r\nhelloHTTP\/1\.1 200 OK\r\nDate: \w{3}, /,
  );
  assert.equal(text.split(/date: /i).length, 3);
});

testHttp("a large response arrives whole, and joined or not makes no difference", (it) => {
  const size = Number(it.query);
  return it.respond(200, [], new Uint8Array(size).fill(0x61));
}, async ({ rig, give }) => {
  for (const size of [65_000, 65_536, 1_000_000]) {
    const client = give(`GET /?${size} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    const text = await rig.rest(client);
    assert.equal(text.length - text.indexOf("\r\n\r\n") - 4, size);
  }
});

// --- one request after another ----------------------------------------------------------------------------------------

testHttp("requests are answered in their order, however they come", echo, async (http) => {
  const { rig, give } = http;
  const requests = ["GET /1", "POST /2", "GET /3"].map((line) =>
    `${line} HTTP/1.1\r\nHost: a\r\n${line.startsWith("POST") ? "Content-Length: 3\r\n\r\nabc" : "\r\n"}`
  );
  const expected = ["[]", "[abc]", "[]"].map((body, i) => `${requests[i]!.split(" HTTP")[0]} ${body}`);
  const all = requests.join("");
  const pieces = [[all], [...all], requests];
  for (const parts of pieces) {
    const client = give();
    for (const part of parts) {
      client.send(part);
      await rig.turn();
    }
    client.end();
    const text = undated(await rig.rest(client));
    const bodies = text.split(/HTTP\/1\.1 200 OK\r\nContent-Length: \d+\r\n\r\n/).slice(1);
    assert.deepEqual(bodies, expected);
  }
});

testHttp("empty lines between requests do not count", echo, async (http) => {
  const text = await exchange(http, `${GET}\r\n\r\n${GET}\r\n`);
  assert.equal(text.split("GET / []").length, 3);
});

testHttp(
  "Connection: close ends it after the response, and what follows is not served",
  echo,
  async (http) => {
    const text = await exchange(http, GET + CLOSE + END + GET + END);
    assert.equal(text.split("GET / []").length, 2);
    assert.match(text, /\r\nConnection: close\r\n/);
  },
);

testHttp("what a front had read before comes first", echo, async (http) => {
  const text = await exchange(http, "Host: a\r\nContent-Length: 4\r\n\r\nabcd", {
    preread: bytes("POST /pre HTTP/1.1\r\n"),
  });
  assert.match(text, /POST \/pre \[abcd\]$/);
});

testHttp(
  "a request outside the scope is not answered but given back, with all that has been read of it",
  echo,
  async ({
    rig,
    front,
    give,
  }) => {
    const next = "GET /other HTTP/1.1\r\nHost: a\r\n\r\n";
    const client = give(`GET /mine/x HTTP/1.1\r\nHost: a\r\n\r\n${next}`, {
      detail: SCOPE_HOST,
      route: "/mine/",
    });
    const [returned] = await rig.until(() => front.returned.length > 0 && front.returned, "the RETURN");
    assert.equal(new TextDecoder().decode(returned!.transfer.preread), next);
    assert.equal(returned!.transfer.requests, 1);
    assert.match(client.received, /GET \/mine\/x \[\]$/);
    assert.equal(client.ended, false);
  },
);

testHttp(
  "a request outside the scope whose front is gone is answered with 421",
  echo,
  async ({ rig, front, give }) => {
    const client = give("GET /mine HTTP/1.1\r\nHost: a\r\n\r\n", { detail: SCOPE_HOST, route: "/mine" });
    await rig.until(() => client.received.endsWith("[]"), "the first answer");
    front.channel.close();
    await rig.until(() => rig.lost.length === 1, "the end of the channel");
    client.send("GET /mine HTTP/1.1\r\nHost: b\r\n\r\n");
    assert.match(await rig.rest(client), /HTTP\/1\.1 421 [^]*another host or path/);
    assert.equal(client.ended, "end");
  },
);

testHttp("an idle connection is closed after its time, one that never asked after another", echo, async ({
  rig,
  give,
}) => {
  const [idle, silent] = [give(GET + END), give()];
  await rig.until(() => idle.received !== "", "the answer");
  await rig.advance(5_001);
  assert.deepEqual([idle.ended, silent.ended], ["end", false]);
  await rig.advance(9_001);
  assert.deepEqual([silent.ended, silent.received], ["end", ""]);
}, { keepAliveTimeout: 5_000, stallTimeout: 9_000 });

testHttp(
  "a backend that drains gives back who is idle, and the others when they are, and ends",
  async (it) => {
    if (it.path === "/slow") await it.body.read();
    await it.respond(200, [], content);
  },
  async ({ rig, front, give }) => {
    const idle = give(GET + END);
    const slow = give("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n");
    await rig.until(() => idle.received !== "", "the answer");
    await rig.settle();
    let drained = false;
    void rig.backend.drain().then(() => drained = true);
    const [returned] = await rig.until(() => front.returned.length > 0 && front.returned, "the RETURN");
    assert.deepEqual([returned!.transfer.detail, returned!.transfer.requests], [1, 1]);
    front.channel.say(ack([returned!.transfer.id]));
    await rig.settle();
    assert.equal(drained, false);
    slow.send("x");
    const [, second] = await rig.until(
      () => front.returned.length > 1 && front.returned,
      "the second RETURN",
    );
    assert.match(slow.received, /^HTTP\/1\.1 200 OK\r\n[^]*hello$/);
    front.channel.say(ack([second!.transfer.id]));
    await rig.until(() => drained, "the end");
    assert.deepEqual([idle.ended, slow.ended], [false, false]);
  },
);

// --- request bodies ---------------------------------------------------------------------------------------------------

const chunked = (body: string) => `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;

testHttp("content is counted or chunked, and ends where it ends", echo, async (http) => {
  const counted = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabcdef${GET}\r\n`;
  assert.match(await exchange(http, counted), /\[abcdef\]HTTP\/1\.1 200 [^]*GET \/ \[\]$/);
  const parts = chunked(`3\r\nabc\r\n3;x=y\r\ndef\r\n0\r\nTrailer: 1\r\n\r\n${GET}\r\n`);
  assert.match(await exchange(http, parts), /\[abcdef\]HTTP\/1\.1 200 [^]*GET \/ \[\]$/);
});

testHttp("content that comes byte by byte is the same", echo, async ({ rig, give }) => {
  const client = give();
  for (const character of chunked("3\r\nabc\r\n0\r\n\r\n")) {
    client.send(character);
    await rig.turn();
  }
  client.end();
  assert.match(await rig.rest(client), /\[abc\]$/);
});

testHttp("broken chunks are answered with 400", echo, async (http) => {
  for (const body of ["x\r\n", "3\r\nabcd", "3\r\nabc\r\n-1\r\n", "ffffffffffffffff\r\n"]) {
    assert.match(await exchange(http, chunked(body)), /^HTTP\/1\.1 400 /);
  }
  assert.deepEqual(http.errors, []);
});

testHttp("broken chunks after the answer has begun break the connection off", async (it) => {
  await it.start(200, [], undefined);
  await it.write(bytes("begun"));
  await it.body.read();
}, async (http) => {
  const text = await exchange(http, chunked("x\r\n"));
  assert.match(text, /begun\r\n$/);
  assert.ok(!text.includes("0\r\n\r\n"));
  assert.ok(http.errors[0] instanceof BodyError);
});

testHttp("a client that ends in the middle of its content gets no answer", echo, async (http) => {
  const text = await exchange(http, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  assert.equal(text, "");
  assert.deepEqual(http.errors, []);
});

testHttp("much content that nobody reads ends the connection instead of being read away", (it) => {
  return it.respond(200, [], content);
}, async ({ rig, give }) => {
  const small = give(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n`);
  await rig.turn();
  const fill = new Uint8Array(200_000);
  let sent = 0;
  await rig.until(
    () => (sent += Math.max(0, small.send(fill.subarray(sent)))) === fill.length,
    "the content",
  );
  small.send(GET + END);
  await rig.until(() => small.received.split("hello").length === 3, "both answers");
  const large = give(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n`);
  await rig.until(() => {
    large.send(fill);
    return large.ended !== false;
  }, "the end");
  assert.match(large.received, /hello$/);
});

// --- 100 (Continue) ---------------------------------------------------------------------------------------------------

const EXPECT = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

testHttp("100 is said once, when the content is first asked for", echo, async ({ rig, give }) => {
  const client = give(EXPECT);
  await rig.until(() => client.received !== "", "100");
  await rig.settle();
  assert.equal(client.received, CONTINUE);
  client.send("a");
  await rig.settle();
  client.send("bc");
  client.end();
  assert.match(await rig.rest(client), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*\[abc\]$/);
});

testHttp("100 is not said to a client that has not waited", echo, async (http) => {
  assert.match(await exchange(http, EXPECT + "abc"), /^HTTP\/1\.1 200 OK\r\n/);
});

testHttp("100 is not said when nobody asks for the content, and the connection ends", (it) => {
  return it.respond(413, [], content);
}, async ({ rig, give }) => {
  const client = give(EXPECT);
  const text = undated(await rig.rest(client));
  assert.equal(text, `HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\n${CLOSE}\r\nhello`);
});

testHttp("100 is not said after the response has begun", async (it) => {
  await it.start(200, [], 2);
  await it.body.read();
  await it.write(bytes("ok"));
}, async ({ rig, give }) => {
  const client = give(EXPECT);
  await rig.until(() => client.received !== "", "the head");
  await rig.settle();
  client.send("abc");
  const text = await rig.rest(client);
  assert.ok(!text.includes("100 Continue"));
  assert.match(text, /ok$/);
});

// --- handlers that fail -----------------------------------------------------------------------------------------------

testHttp("an error before the response is 500, and the connection ends", () => {
  throw new RangeError("mine");
}, async (http) => {
  assert.match(await exchange(http, GET + END + GET + END), /^HTTP\/1\.1 500 [^]*Something went wrong here/);
  assert.equal(http.errors.length, 1);
  const head = await exchange(http, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.match(head, /^HTTP\/1\.1 500 [^]*\r\n\r\n$/);
});

testHttp("an error in the middle of a response breaks the connection off", async (it) => {
  await it.start(200, [], undefined);
  await it.write(bytes("half"));
  throw new RangeError("mine");
}, async (http) => {
  const text = await exchange(http, GET + END);
  assert.ok(text.endsWith("4\r\nhalf\r\n"));
  assert.equal(http.errors.length, 1);
});

testHttp("a handler that responds twice is told so, and the client sees the first alone", async (it) => {
  await it.respond(200, [], content);
  await it.respond(200, [], content);
}, async (http) => {
  assert.match(await exchange(http, GET + END), /\r\n\r\nhello$/);
  assert.match(String(http.errors[0]), /Cannot respond twice/);
});

testHttp("a field that would split the response is an error, and nothing of it is sent", (it) => {
  return it.respond(200, [["X", "a\r\nSet-Cookie: b"]], content);
}, async (http) => {
  const text = await exchange(http, GET + END);
  assert.match(text, /^HTTP\/1\.1 500 /);
  assert.ok(!text.includes("Set-Cookie"));
});

testHttp(
  "a bad head is refused by the backend as by the front, and the refusal can be read",
  echo,
  async ({ rig, give }) => {
    const cases: [string, RegExp][] = [
      ["nonsense\r\n\r\n", /^HTTP\/1\.1 400 /],
      ["GET / HTTP/2.0\r\n\r\n", /^HTTP\/1\.1 505 /],
      [`GET /${"x".repeat(9_000)} HTTP/1.1\r\n\r\n`, /^HTTP\/1\.1 414 /],
      [`${GET}A: ${"x".repeat(20_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ];
    for (const [text, expected] of cases) {
      const client = give(`${text}${"more".repeat(1_000)}`);
      assert.match(await rig.rest(client), expected);
      assert.equal(client.ended, "end");
      client.close();
    }
  },
);

testHttp("a client that goes in the middle of a response is no error", async (it) => {
  await it.start(200, [], undefined);
  for (let i = 0; i < 100_000; i++) await it.write(new Uint8Array(60_000));
}, async ({ rig, give, errors }) => {
  const client = give(GET + END);
  await rig.until(() => client.received.length > 100_000, "some of it");
  client.reset();
  await rig.until(() => rig.backend.active === 0, "the end");
  assert.deepEqual(errors, []);
});

testHttp("a client that reads nothing stalls its own response, and only so long", async (it) => {
  if (it.path !== "/big") return await it.respond(200, [], content);
  await it.respond(200, [], new Uint8Array(50_000_000));
}, async ({ rig, give, errors }) => {
  const client = give(GET.replace("/", "/big") + END);
  await rig.settle();
  const other = give(GET + CLOSE + END);
  assert.match(await rig.rest(other), /hello$/);
  assert.equal(rig.backend.active, 1);
  await rig.advance(30_001);
  await rig.until(() => rig.backend.active === 0, "the end");
  assert.deepEqual(errors, []);
  assert.ok(client.received.length < 50_000_000);
}, { stallTimeout: 30_000 });
