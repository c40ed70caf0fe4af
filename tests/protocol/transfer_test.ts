import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { writeFieldHead } from "../../src/protocol/fields.ts";
import {
  FIELD_ERROR,
  FIELD_PATH,
  FIELD_PREREAD,
  HANDOFF,
  MAX_EXCEPT,
  MAX_MESSAGE,
  MAX_NAME,
  MAX_PATH,
  MAX_PREREAD,
  MAX_RULES,
  MAX_TLS,
  OFFSET_TYPE,
  RETURN,
  SIZE_ADDRESS,
  SIZE_FIELD,
  SIZE_TRANSFER,
  TRANSFER_CLIENT,
  TRANSFER_LOCAL,
  VERSION,
} from "../../src/protocol/messages.ts";
import {
  decodeTransfer,
  encodeExceptions,
  encodeTransfer,
  exceptions,
  type Transfer,
  transferId,
} from "../../src/protocol/transfer.ts";
import { bytes as arbitraryBytes, giveBack, handoff } from "./arbitraries.ts";

const EXAMPLE: Transfer = {
  id: 0xfedcba98,
  client: Uint8Array.of(4, 0, 0xc8, 0x22, 192, 0, 2, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
  local: Uint8Array.of(6, 0, 0, 80, ...new Uint8Array(15), 1),
  generation: 3,
  requests: 2,
  detail: 1,
  keepAlive: 2,
  site: "example.com",
  route: "/a/",
  path: "/b",
  except: Uint8Array.of(47, 97, 47, 99),
  map: "/base/",
  preread: Uint8Array.of(71, 69, 84),
  tls: new Uint8Array(28).fill(1),
};

/** Puts fields of any type behind a HANDOFF that has none. */
function withFields(...fields: readonly (readonly [type: number, value: readonly number[]])[]) {
  const tail = fields.flatMap(([type, value]) => {
    const head = new Uint8Array(SIZE_FIELD);
    writeFieldHead(head, 0, type, value.length);
    return [...head, ...value];
  });
  return Uint8Array.from([...encodeTransfer(HANDOFF, EXAMPLE).subarray(0, SIZE_TRANSFER), ...tail]);
}

const decode = (bytes: Uint8Array<ArrayBuffer>) => decodeTransfer(bytes, bytes.length);

Deno.test("decodeTransfer() gives back what encodeTransfer() was given", () => {
  fc.assert(fc.property(handoff, (transfer) => {
    const bytes = encodeTransfer(HANDOFF, transfer);
    assert.deepEqual([bytes[0], bytes[OFFSET_TYPE]], [VERSION, HANDOFF]);
    assert.deepEqual(decode(bytes), transfer);
    assert.equal(transferId(bytes, bytes.length), transfer.id);
  }));
  fc.assert(fc.property(giveBack, (transfer) => {
    const bytes = encodeTransfer(RETURN, transfer);
    assert.equal(bytes[OFFSET_TYPE], RETURN);
    assert.deepEqual(decode(bytes), transfer);
  }));
});

Deno.test("encodeTransfer() leaves the texts out of a RETURN", () => {
  const bytes = encodeTransfer(RETURN, EXAMPLE);
  assert.equal(bytes.length, SIZE_TRANSFER + SIZE_FIELD + 28 + SIZE_FIELD + 3);
  assert.deepEqual(decode(bytes), {
    ...EXAMPLE,
    site: "",
    route: "",
    path: "",
    except: new Uint8Array(0),
    map: "",
  });
});

Deno.test("encodeTransfer() says 65,535 for more requests than that", () => {
  const result = decode(encodeTransfer(RETURN, { ...EXAMPLE, requests: 65_536 }));
  assert.equal((result as Transfer).requests, 65_535);
});

Deno.test("decodeTransfer() keeps nothing of the buffer, which the next message may use", () => {
  const bytes = encodeTransfer(HANDOFF, EXAMPLE);
  const result = decode(bytes);
  bytes.fill(0xff);
  assert.deepEqual(result, EXAMPLE);
});

Deno.test("decodeTransfer() refuses a HANDOFF cut off at any length, but for those between its fields", () => {
  const bytes = encodeTransfer(HANDOFF, EXAMPLE);
  const site = SIZE_TRANSFER + SIZE_FIELD + EXAMPLE.site.length;
  const route = site + SIZE_FIELD + EXAMPLE.route.length;
  const map = route + SIZE_FIELD + EXAMPLE.map.length;
  const except = map + SIZE_FIELD + EXAMPLE.except.length;
  const path = except + SIZE_FIELD + EXAMPLE.path.length;
  const tls = path + SIZE_FIELD + 28;
  const between = new Set([SIZE_TRANSFER, site, route, map, except, path, tls]);
  for (let length = 0; length < bytes.length; length++) {
    const result = decodeTransfer(bytes, length);
    if (between.has(length)) assert.equal((result as Transfer).id, EXAMPLE.id);
    else assert.equal(typeof result, "string", `${length}`);
    assert.equal(transferId(bytes, length), length < 8 ? undefined : EXAMPLE.id);
  }
  assert.equal(decodeTransfer(bytes, SIZE_TRANSFER - 1), "the transfer is too short");
});

Deno.test("decodeTransfer() refuses an address family that it does not know, on either side", () => {
  for (const offset of [TRANSFER_CLIENT, TRANSFER_LOCAL]) {
    for (let family = 0; family < 256; family++) {
      const bytes = encodeTransfer(HANDOFF, EXAMPLE);
      bytes[offset] = family;
      const good = family === 0 || family === 4 || family === 6;
      assert.equal(typeof decode(bytes), good ? "object" : "string", `${family}`);
    }
  }
});

Deno.test("decodeTransfer() ignores reserved bytes", () => {
  const bytes = encodeTransfer(HANDOFF, EXAMPLE);
  const expected = decode(bytes) as Transfer;
  for (const offset of [2, 3, SIZE_TRANSFER + 1]) bytes[offset] = 0xff;
  assert.deepEqual(decode(bytes), expected);
});

Deno.test("decodeTransfer() skips unknown fields below 0x80, refuses them above, and any known one twice", () => {
  const path = [47, 120];
  assert.equal((decode(withFields([0x7f, [1]], [FIELD_PATH, path], [0x7f, []])) as Transfer).path, "/x");
  assert.equal(decode(withFields([0x80, []])), "field 128 is not known and must not be skipped");
  assert.equal(decode(withFields([0xff, []])), "field 255 is not known and must not be skipped");
  assert.equal(decode(withFields([FIELD_PATH, path], [FIELD_PATH, path])), "field 4 occurs twice");
  assert.equal(decode(withFields([FIELD_PREREAD, []], [FIELD_PREREAD, [1]])), "field 129 occurs twice");
  for (const type of [2, 3, 4, 6]) {
    assert.equal(decode(withFields([type, [0xff]])), "a text field is not UTF-8");
  }
  assert.deepEqual((decode(withFields([FIELD_PREREAD, [0xff]])) as Transfer).preread, Uint8Array.of(0xff));
});

Deno.test("decodeTransfer() takes an error of a RETURN for one only if it can be one", () => {
  const error = (text: string) => decode(withFields([FIELD_ERROR, [...new TextEncoder().encode(text)]]));
  const good = { status: 405, fields: [["Allow", "GET,HEAD"]] };
  assert.deepEqual((error(JSON.stringify({ ...good, more: 1 })) as Transfer).error, good);
  const wrong = [
    ...[
      "",
      "null",
      "[]",
      "{}",
      "404",
      '{"status":404}',
      '{"status":"404","fields":[]}',
      '{"status":404,"fields":{}}',
    ],
    ...[200, 399, 600, 404.5].map((status) => JSON.stringify({ status, fields: [] })),
    ...[["a"], ["a", 1], ["a b", ""], ["", ""], ["a", "b\r\nc: d"], ["a", "€"], ["a", "b", "c"], "ab"].map((
      field,
    ) => JSON.stringify({ status: 404, fields: [field] })),
  ];
  for (const text of wrong) assert.equal(error(text), "a field error says none", text);
  assert.equal(decode(withFields([FIELD_ERROR, [0xff]])), "a field error says none");
});

Deno.test("encodeTransfer() fills MAX_MESSAGE with each field at its longest, and takes none that is longer", () => {
  const longest = {
    ...EXAMPLE,
    site: "s".repeat(MAX_NAME),
    route: "r".repeat(MAX_NAME),
    path: "p".repeat(MAX_PATH),
    except: new Uint8Array(MAX_EXCEPT - SIZE_FIELD - MAX_NAME).fill(47),
    map: "m".repeat(MAX_NAME),
    preread: new Uint8Array(MAX_PREREAD),
    times: {
      arrived: 2 ** 52,
      headWhole: 2 ** 52 + 2 ** 32 - 1,
      waited: 655_350_000,
      attempts: 255,
      worker: 64,
    },
    tls: new Uint8Array(MAX_TLS),
    peer: { address: EXAMPLE.client, list: 65_535, trusted: true, https: true, saidHttps: true },
    target: "/",
    requestFields: "[]",
    variables: "{}",
    responseFields: "x".repeat(MAX_RULES - 4 * SIZE_FIELD - 5),
  };
  const bytes = encodeTransfer(HANDOFF, longest);
  assert.equal(bytes.length, MAX_MESSAGE);
  assert.deepEqual(decode(bytes), longest);
  const { map: _, ...withoutMap } = longest;
  const full = { ...withoutMap, except: new Uint8Array(MAX_EXCEPT).fill(47), map: "" };
  assert.equal(encodeTransfer(HANDOFF, full).length, MAX_MESSAGE);
  for (const field of ["site", "route", "path", "map"] as const) {
    assert.throws(() => encodeTransfer(HANDOFF, { ...longest, [field]: longest[field] + "x" }), RangeError);
  }
  const except = new Uint8Array(MAX_EXCEPT + 1);
  assert.throws(() => encodeTransfer(HANDOFF, { ...full, except }), {
    message: "Cannot send 8193 bytes of exceptions: at most 8192",
  });
  const preread = new Uint8Array(MAX_PREREAD + 1);
  assert.throws(() => encodeTransfer(RETURN, { ...longest, preread }), {
    message: "Cannot send 65536 bytes of preread: at most 65535",
  });
});

Deno.test("decodeTransfer() has a verdict on any bytes, and never throws", () => {
  const start = encodeTransfer(HANDOFF, EXAMPLE).subarray(0, SIZE_TRANSFER);
  const any = fc.oneof(
    fc.uint8Array({ maxLength: 2 * SIZE_TRANSFER }).map((value) => value.slice()),
    arbitraryBytes.map((rest) => Uint8Array.from([...start, ...rest])),
  );
  fc.assert(
    fc.property(any, fc.nat(30), (bytes, cut) => {
      const length = Math.max(0, bytes.length - cut);
      const result = decodeTransfer(bytes, length);
      if (typeof result === "string") assert.ok(result.length > 0);
      else assert.equal(result.client.length + result.local.length, 2 * SIZE_ADDRESS);
      assert.equal(transferId(bytes, length) === undefined, length < 8);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("exceptions() reads what encodeExceptions() wrote, as far as that fits", () => {
  const prefix = fc.string({ unit: fc.constantFrom("a", "/", "%", "2", "-") }).map((rest) => `/${rest}`);
  fc.assert(fc.property(fc.array(prefix, { maxLength: 20 }), (prefixes) => {
    assert.deepEqual(exceptions(encodeExceptions(prefixes)!), prefixes);
  }));
  assert.equal(encodeExceptions(["/" + "a".repeat(MAX_EXCEPT - 1)])!.length, MAX_EXCEPT);
  assert.equal(encodeExceptions(["/" + "a".repeat(MAX_EXCEPT)]), undefined);
});
