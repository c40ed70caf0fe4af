// Connections that come back with bytes of the next request.

import assert from "node:assert/strict";
import { close } from "../../ffi/mod.ts";
import { NACK, NACK_FULL, NACK_REFUSED } from "../../src/protocol/messages.ts";
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
