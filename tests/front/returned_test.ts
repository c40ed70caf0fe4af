// Connections that come back with bytes of the next request.

import assert from "node:assert/strict";
import { close } from "../../ffi/mod.ts";
import { MOST_RETURNS } from "../../src/front/wait/rounds.ts";
import {
  NACK,
  NACK_FULL,
  NACK_REFUSED,
  RETURN_IDLE,
  RETURN_OUT_OF_SCOPE,
  SCOPE_REQUEST,
} from "../../src/protocol/messages.ts";
import type { FieldOperation } from "../../src/rules/fields.ts";
import { MessageReader } from "../../src/wire/message_reader.ts";
import { sharesProcess } from "../support/descriptors.ts";
import { drink, limitDescriptors, request } from "./clients.ts";
import { nackOf } from "./raw_channel.ts";
import { type Rig, test } from "./rig.ts";
import { type Held, responseOf, type ScriptedBackend } from "./scripted_backend.ts";

const LIMITS = { requestLine: 300, head: 1_000, headTimeout: 5_000 };

/** The next hand-off, read and not acknowledged. */
function handed(rig: Rig, backend: ScriptedBackend): Held {
  return rig.until(() => backend.read()[0], "a hand-off");
}

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

/** What comes back with an error is the request that has come to it. */
function returnError(rig: Rig, backend: ScriptedBackend, status: number, text: string): void {
  const held = handed(rig, backend);
  backend.acknowledge([held]);
  drink(held.fd);
  const error = { status, fields: [["Retry-After", "7"]] as const };
  const preread = new TextEncoder().encode(text);
  assert.ok(backend.sayReturn({ ...held, transfer: { ...held.transfer, error } }, 9, preread) > 0);
  rig.until(() => backend.acknowledged().includes(9), "the acknowledgement");
  close(held.fd);
  backend.owned = [];
}

const PAGES = { "503": "/pages/down?x", "404": "/pages/lost", "500": "/nobody" };

test("a request that has come to an error goes to whom its page is for", {
  backends: ["a", "b"],
  sites: [{
    names: [],
    routes: [{ path: "/a/", backends: ["a"] }, { path: "/pages/", backends: ["b"], mapTo: "/p/" }],
    // What holds for every request of a route is said once, also of a page.
    rules: {
      sections: [{ responseFields: [{ action: "set", name: "X-All", value: ["yes"] }] }],
      pages: PAGES,
    },
  }],
}, (rig) => {
  const [a, b] = [rig.start("a"), rig.start("b")];
  rig.until(() => rig.reported("backend-found").length === 2, "both");
  const text = request("/a/first?q").replace("GET", "POST");
  const client = rig.client(text);
  returnError(rig, a, 503, text);
  const page = handed(rig, b);
  const { target, variables, responseFields, detail, preread, requests } = page.transfer;
  assert.deepEqual([target, detail, requests], ["/p/down?x", SCOPE_REQUEST, 0]);
  assert.equal(new TextDecoder().decode(preread), text);
  assert.deepEqual(JSON.parse(variables!), {
    ":status": "503",
    ":path": "/pages/down",
    REDIRECT_STATUS: "503",
    REDIRECT_URL: "/a/first",
    REDIRECT_QUERY_STRING: "q",
    REDIRECT_REQUEST_METHOD: "POST",
  });
  assert.deepEqual(JSON.parse(responseFields!).map(({ name, value }: FieldOperation) => [name, value]), [
    ["Retry-After", "7"],
    ["X-All", "yes"],
  ]);
  b.acknowledge([page]);
  assert.equal(client.received, "");
  // Found by the front: nobody takes this path.
  const lost = rig.client(request("/nowhere"));
  const other = handed(rig, b);
  assert.equal(other.transfer.target, "/p/lost");
  assert.equal(JSON.parse(other.transfer.variables!)[":status"], "404");
  b.acknowledge([other]);
  b.serve(other);
  assert.equal(rig.answer(lost), responseOf("b"));
});

test(
  "a request that has come to an error without a page, or with one that nobody has, is answered with that",
  {
    backends: ["a"],
    sites: [{
      names: [],
      routes: [{ path: "/a/", backends: ["a"] }],
      rules: { sections: [], pages: PAGES },
    }, { names: ["plain.test"], routes: [{ path: "/", backends: ["a"] }] }],
  },
  (rig) => {
    const a = rig.start("a");
    let kept = 0;
    for (const [status, host] of [[500, "one.test"], [502, "one.test"], [405, "plain.test"]] as const) {
      const text = `GET /a/x HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
      const client = rig.client(text);
      returnError(rig, a, status, text);
      const begin = `HTTP/1.1 ${status} `;
      rig.until(() => client.received.startsWith(begin) && client.received.includes("\r\n\r\n"), begin);
      rig.settle();
      if (client.ended !== false) continue;
      // The front has answered it itself, and the next one is like any other.
      client.send(text);
      const next = handed(rig, a);
      assert.deepEqual([next.transfer.requests, next.transfer.variables], [1, undefined]);
      a.acknowledge([next]);
      a.serve(next);
      kept++;
    }
    assert.equal(kept, 2);
  },
);

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

for (
  const [what, requests, reason] of [["out of scope", 0, RETURN_OUT_OF_SCOPE], [
    "idle",
    7,
    RETURN_IDLE,
  ]] as const
) {
  test(`a request that comes back unanswered again and again is answered with 508: ${what}`, {}, (rig) => {
    const a = rig.start("a");
    const clients = [rig.client(request()), rig.client(request())];
    let rounds = 0;
    rig.until(() => {
      a.read();
      const came = [...a.held];
      if (came.length === 0) return clients.every(({ ended }) => ended);
      a.acknowledge(came);
      for (const held of came) {
        assert.ok(rounds < 100, "it goes round for ever");
        a.sayReturn({ ...held, transfer: { ...held.transfer, requests, detail: reason } }, 200 + rounds++);
        close(held.fd);
      }
      a.owned = [];
      return false;
    }, "two answers");
    // One hand-off more than it may come back, for each.
    assert.equal(rounds, 2 * (MOST_RETURNS + 1));
    for (const client of clients) {
      assert.match(rig.answer(client), /^HTTP\/1\.1 508 Loop Detected\r\n[^]*with no answer in between/);
    }
    // Told at once, and the other one with the next second's count.
    rig.advance(1_100);
    const told = rig.reported("request-refused").map(({ status, count }) => [status, count]);
    assert.deepEqual(told, [[508, 1], [508, 1]]);
  });
}

test("a client that has asked nothing yet is not told that its request goes round", {}, (rig) => {
  const a = rig.start("a");
  const client = rig.client(request());
  for (let round = 1; round <= MOST_RETURNS + 1; round++) {
    if (round > 1) client.send(request());
    const held = handed(rig, a);
    a.acknowledge([held]);
    drink(held.fd);
    a.sayReturn({ ...held, transfer: { ...held.transfer, requests: 1, detail: RETURN_IDLE } }, 200 + round);
    rig.until(() => a.acknowledged().includes(200 + round), "the acknowledgement");
    close(held.fd);
    a.owned = [];
  }
  rig.settle();
  assert.deepEqual(rig.connections.map(({ state }) => state), ["parked"]);
  assert.equal(client.received, "");
});

test("a connection that is answered may come back as often as it likes", {}, (rig) => {
  const a = rig.start("a");
  rig.client(request());
  for (let requests = 1; requests <= 3 * MOST_RETURNS; requests++) {
    const held = a.held[0] ?? handed(rig, a);
    a.acknowledge([held]);
    // Its request stands for the next one, too.
    a.sayReturn({ ...held, transfer: { ...held.transfer, requests } }, 200 + requests);
    rig.until(() => a.acknowledged().includes(200 + requests), "the acknowledgement");
    close(held.fd);
    a.owned = [];
  }
  const held = a.held[0] ?? handed(rig, a);
  assert.equal(held.transfer.requests, 3 * MOST_RETURNS);
});

if (!sharesProcess) {
  for (const [what, reason] of [["exhausted", NACK_FULL], ["forbidden", NACK_REFUSED]] as const) {
    test(
      `a return whose descriptor does not arrive is refused, and the backend keeps it: ${what}`,
      {},
      (rig) => {
        const a = rig.start("a");
        const client = rig.client(request());
        const held = handed(rig, a);
        a.acknowledge([held]);
        rig.settle();
        const { receive } = MessageReader.prototype;
        let restore: (() => void) | undefined;
        MessageReader.prototype.receive = function (fd) {
          restore ??= limitDescriptors(0);
          try {
            return receive.call(this, fd);
          } finally {
            // A security module lets nothing in although there are numbers.
            if (what === "forbidden") {
              restore();
              restore = undefined;
            }
          }
        };
        try {
          a.sayReturn(held, 5);
          for (let turns = 0; turns < 3; turns++) rig.turn();
        } finally {
          MessageReader.prototype.receive = receive;
          restore?.();
        }
        a.read();
        const nacks = a.heard.filter(({ type }) => type === NACK).map(nackOf);
        assert.deepEqual(nacks.map((nack) => [nack.id, nack.reason]), [[5, reason]]);
        assert.ok(a.serve(held));
        assert.equal(rig.answer(client), responseOf("a"));
      },
    );
  }
}
