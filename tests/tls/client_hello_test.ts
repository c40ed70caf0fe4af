import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import {
  ClientHelloReader,
  type HelloVerdict,
  MAX_CLIENT_HELLO,
  MAX_HELLO_RECORDS,
} from "../../src/tls/client_hello.ts";
import { helloMessage, inRecords } from "./hellos.ts";

const reader = new ClientHelloReader();

function read(bytes: Uint8Array): HelloVerdict {
  return reader.read(bytes, bytes.length);
}

/** Looks again and again, as whoever waits for so many bytes does. */
function wait(
  bytes: Uint8Array,
): { readonly verdict: HelloVerdict; readonly looks: number; readonly seen: number } {
  let seen = 0;
  for (let looks = 1;; looks++) {
    const verdict = reader.read(bytes, seen);
    if (verdict.verdict !== "more") return { verdict, looks, seen };
    assert.ok(verdict.needed > seen, `waits for ${verdict.needed} bytes where ${seen} are there`);
    if (verdict.needed > bytes.length) return { verdict, looks, seen };
    seen = verdict.needed;
  }
}

const names = fc.constantFrom("example.com", "a.b.example.test", "xn--bcher-kva.example", "x_y.example");
const wanted = fc.record({
  serverName: fc.option(names, { nil: undefined }),
  protocols: fc.option(fc.array(fc.constantFrom("h2", "http/1.1", "acme-tls/1"), { minLength: 1 }), {
    nil: undefined,
  }),
  others: fc.array(fc.tuple(fc.integer({ min: 20, max: 60_000 }), fc.uint8Array({ maxLength: 300 })), {
    maxLength: 8,
  }),
}, { requiredKeys: [] });

Deno.test("a ClientHello says the same in whatever records it comes, and is waited for to its end", () => {
  fc.assert(
    fc.property(wanted, fc.array(fc.integer({ min: 1, max: 400 })), (what, sizes) => {
      const given = what as Parameters<typeof helloMessage>[0];
      const bytes = inRecords(helloMessage(given), sizes);
      const hello = { serverName: given.serverName, protocols: given.protocols };
      assert.deepEqual(read(bytes), { verdict: "hello", hello });
      const { verdict, seen } = wait(bytes);
      assert.deepEqual(verdict, { verdict: "hello", hello });
      assert.equal(seen, bytes.length);
      for (let length = 0; length < bytes.length; length++) {
        const early = reader.read(bytes, length);
        assert.equal(early.verdict, "more", `after ${length} of ${bytes.length} bytes`);
        if (early.verdict === "more") assert.ok(early.needed > length && early.needed <= bytes.length);
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("records of one byte cost few looks: the work does not grow faster than the bytes", () => {
  const message = helloMessage({ serverName: "example.com", others: [[99, new Uint8Array(4_000)]] });
  const bytes = inRecords(message, new Array(message.length).fill(1));
  const { verdict, looks } = wait(bytes);
  assert.equal(verdict.verdict, "hello");
  assert.ok(looks < 60, `${looks} looks`);
});

Deno.test("bytes that are anything never make it throw, nor wait for what it has", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, handshake) => {
      const input = handshake ? new Uint8Array([22, 3, 1, 0, 200, 1, 0, 0, 190, ...bytes]) : bytes;
      const verdict = read(input);
      if (verdict.verdict === "more") assert.ok(verdict.needed > input.length);
    }),
    { numRuns: 500 },
  );
});

Deno.test("a changed byte never makes it throw", () => {
  const bytes = inRecords(helloMessage({ serverName: "example.com", protocols: ["http/1.1"] }));
  for (let at = 0; at < bytes.length; at++) {
    for (const value of [0, 1, 0x7f, 0xff]) {
      const changed = bytes.slice();
      changed[at] = value;
      read(changed);
    }
  }
});

const TEXT = new TextEncoder();
const REFUSED: readonly [
  what: string,
  bytes: Uint8Array,
  verdict: Partial<HelloVerdict> & { alert?: number },
][] = [
  ["HTTP in clear text", TEXT.encode("GET / HTTP/1.1\r\n"), { verdict: "http" }],
  ["a ClientHello of SSLv2", new Uint8Array([0x80, 0x2e, 1, 0, 2, 0, 0x15]), {
    verdict: "reject",
    alert: 70,
  }],
  ["another major version", new Uint8Array([22, 2, 0, 0, 5]), { verdict: "reject", alert: 70 }],
  ["an alert", new Uint8Array([21, 3, 1, 0, 2, 1, 0]), { verdict: "reject", alert: 10 }],
  ["application data", new Uint8Array([23, 3, 3, 0, 1, 0]), { verdict: "reject", alert: 10 }],
  ["another handshake message", new Uint8Array([22, 3, 1, 0, 4, 2, 0, 0, 0]), {
    verdict: "reject",
    alert: 10,
  }],
  ["an empty record", new Uint8Array([22, 3, 1, 0, 0]), { verdict: "reject", alert: 50 }],
  ["a record that is too long", new Uint8Array([22, 3, 1, 0x7f, 0xff]), { verdict: "reject", alert: 50 }],
  ["a ClientHello that is too long", new Uint8Array([22, 3, 1, 0, 9, 1, 1, 0, 0]), {
    verdict: "reject",
    alert: 50,
  }],
  ["an empty one", new Uint8Array([22, 3, 1, 0, 4, 1, 0, 0, 0]), { verdict: "reject", alert: 50 }],
];
for (const [what, bytes, expected] of REFUSED) {
  Deno.test(`what is no good is told apart: ${what}`, () => {
    const verdict = read(bytes) as HelloVerdict & { alert?: number };
    assert.deepEqual({
      verdict: verdict.verdict,
      ...verdict.alert === undefined ? {} : { alert: verdict.alert },
    }, expected);
  });
}

Deno.test("a ClientHello in more bytes of records than are looked at is refused", () => {
  const message = helloMessage({ others: [[99, new Uint8Array(12_000)]] });
  const bytes = inRecords(message, new Array(message.length).fill(1));
  assert.ok(message.length < MAX_CLIENT_HELLO && bytes.length > MAX_HELLO_RECORDS);
  const { verdict, seen } = wait(bytes);
  assert.equal(verdict.verdict, "reject");
  assert.ok(seen <= MAX_HELLO_RECORDS);
});

for (
  const [given, found] of [
    ["Example.COM", "example.com"],
    ["example.com.", "example.com"],
    ["", undefined],
    [".", undefined],
    ["a b", undefined],
    ["ex\0ample", undefined],
    ["bücher.example", undefined],
    ["x".repeat(256), undefined],
  ] as const
) {
  Deno.test(`the name that is asked for: ${JSON.stringify(given.slice(0, 20))}`, () => {
    const verdict = read(inRecords(helloMessage({ serverName: given })));
    assert.deepEqual(verdict, { verdict: "hello", hello: { serverName: found, protocols: undefined } });
  });
}
