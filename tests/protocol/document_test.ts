// docs/protocol.md against the code: its example is decoded, its tables are compared with messages.ts.
import assert from "node:assert/strict";
import { decodeHello, encodeHello } from "../../src/protocol/hello.ts";
import * as messages from "../../src/protocol/messages.ts";
import { ackId, AckWriter, activeOf, byeReason, nackReason, readAck } from "../../src/protocol/replies.ts";
import { decodeTransfer, encodeTransfer } from "../../src/protocol/transfer.ts";
import { rightsSpace, SCM_MAX_FD } from "../../ffi/rights.ts";
import { hexBlocks, tables } from "./markdown.ts";

const page = Deno.readTextFileSync(new URL("../../docs/protocol.md", import.meta.url));
const TABLES = tables(page);

/** The numbers that messages.ts exports, by name. */
const CONSTANTS = new Map(
  Object.entries(messages).filter((entry): entry is [string, number] => typeof entry[1] === "number"),
);

/** The constants that a table of offsets is about start with this. Its size is where its last part starts, or ends. */
const LAYOUTS: Record<string, readonly [prefix: string, size: string]> = {
  Messages: ["OFFSET_", "SIZE_HEADER"],
  HELLO: ["HELLO_", "SIZE_HELLO"],
  "HANDOFF and RETURN": ["TRANSFER_", "SIZE_TRANSFER"],
  Addresses: ["ADDRESS_", "SIZE_ADDRESS"],
  Fields: ["FIELD_", "SIZE_FIELD"],
  ACK: ["ACK_", "ACK_IDS"],
  NACK: ["NACK_", "SIZE_NACK"],
  LOAD: ["LOAD_", "SIZE_LOAD"],
  GENERATION: ["GENERATION_", "SIZE_GENERATION"],
  BYE: ["BYE_", "SIZE_HEADER"],
  Times: ["TIMES_", "SIZE_TIMES"],
  Trust: ["PEER_", "SIZE_PEER"],
  TLS: ["TLS_", "TLS_ITEMS"],
};

/** The constants that a table of numbers is about start with this. */
const NUMBERS: Record<string, string> = {
  Types: "",
  "Reasons of RETURN": "RETURN_",
  Fields: "FIELD_",
  NACK: "NACK_",
  BYE: "BYE_",
  Scope: "SCOPE_",
  "Keeping connections": "KEEP_ALIVE_",
  // One section with several tables: told apart by what they number.
  way: "WAY_",
  flag: "FLAG_",
  item: "ITEM_",
  bit: "PEER_",
};

/** Names in layouts that no constant has: reserved bytes, what the header says, and what comes last. */
const UNNAMED = new Set([
  "version",
  "extra",
  "reserved",
  "fields",
  "family",
  "text",
  "value",
  "type",
  "items",
]);

const constantName = (prefix: string, name: string) => prefix + name.toUpperCase().replaceAll(" ", "_");

/** What the page says: each constant's value, once. */
function said(): Map<string, number> {
  const found = new Map<string, number>();
  const say = (name: string, value: number) => {
    assert.ok(CONSTANTS.has(name), `${name} is in the page and not in messages.ts`);
    assert.ok(!found.has(name) || found.get(name) === value, `${name} has two values in the page`);
    found.set(name, value);
  };
  for (const { heading, columns, rows } of TABLES) {
    if (columns[0] === "offset") {
      const [prefix, size] = LAYOUTS[heading]!;
      for (const row of rows) {
        const name = row["name"]!;
        if (prefix === "OFFSET_" && name === "type") say("OFFSET_TYPE", Number(row["offset"]));
        else if (!UNNAMED.has(name) || CONSTANTS.has(constantName(prefix, name))) {
          say(constantName(prefix, name), Number(row["offset"]));
        }
      }
      const last = rows.at(-1)!;
      say(size, Number(last["offset"]) + (/^\d+$/.test(last["size"]!) ? Number(last["size"]) : 0));
    } else if (columns[0] === "number") {
      const prefix = NUMBERS[heading] ?? NUMBERS[columns[1]!]!;
      for (const row of rows) say(constantName(prefix, row[columns[1]!]!), Number(row["number"]));
    } else if (heading === "Limits") {
      for (const row of rows) say(row["name"]!, Number(row["value"]!.replaceAll(",", "")));
    }
  }
  return found;
}

Deno.test("docs/protocol.md gives every number of messages.ts the value that it has there", () => {
  const found = said();
  for (const [name, value] of found) assert.equal(value, CONSTANTS.get(name), name);
  const missing = [...CONSTANTS.keys()].filter((name) => !found.has(name) && name !== "VERSION");
  assert.deepEqual(missing, []);
});

Deno.test("docs/protocol.md lays out messages without holes", () => {
  for (const { heading, columns, rows } of TABLES) {
    if (columns[0] !== "offset") continue;
    let next = Number(rows[0]!["offset"]);
    for (const row of rows) {
      assert.equal(Number(row["offset"]), next, `${heading}: ${row["name"]}`);
      next += Number(row["size"]);
    }
  }
});

Deno.test("docs/protocol.md computes its limits right", () => {
  const product = (term: string) =>
    term.split("×").reduce((total, factor) => {
      const sum = factor.replaceAll(/[(),]/g, "").split("+").reduce((all, part) => all + Number(part), 0);
      return total * sum;
    }, 1);
  const sum =
    /56 \+ \(4 \+ 16\) \+ \(4 \+ 24\) \+ 2 × \(4 \+ 1,024\) \+ \(4 \+ 65,535\) \+ \(4 \+ 8,192\) \+ \(4 \+ 4,096\) \+ 32,768 \+ \(4 \+ 65,535\)/
      .exec(
        page,
      )![0];
  const terms = sum.split(/ \+ (?![^(]*\))/);
  assert.equal(terms.reduce((all, term) => all + product(term), 0), messages.MAX_MESSAGE);
  assert.ok(page.includes("8 + 4 × 1,024 = 4,104 bytes"));
  assert.equal(messages.ACK_IDS + 4 * messages.MAX_ACKS, 4104);
  assert.ok(page.includes("16 + 8 = 24 bytes") && page.includes("16 + 1,016 = 1,032 bytes"));
  assert.deepEqual([rightsSpace(1), rightsSpace(SCM_MAX_FD)], [24, 1032]);
});

Deno.test("docs/protocol.md has an example that decodes to what its text says, and encodes back", () => {
  const [front, backend, handoff, mappedEnd, ack, ...rest] = hexBlocks(page);
  assert.equal(rest.length, 0);

  const fromFront = decodeHello(front!, front!.length);
  assert.deepEqual(fromFront, { workers: 0, window: 1024, process: 4711, name: "front" });
  assert.deepEqual(encodeHello(fromFront as Exclude<typeof fromFront, string>), front);

  const fromBackend = decodeHello(backend!, backend!.length);
  assert.deepEqual(fromBackend, { workers: 1, window: 64, process: 4712, name: "web" });
  assert.deepEqual(encodeHello(fromBackend as Exclude<typeof fromBackend, string>), backend);

  const transfer = decodeTransfer(handoff!, handoff!.length);
  assert.ok(typeof transfer !== "string");
  const { id, generation, requests, detail, site, route, path, preread } = transfer;
  assert.deepEqual({ id, generation, requests, detail, site, route, path }, {
    id: 1024,
    generation: 1,
    requests: 0,
    detail: messages.SCOPE_HOST,
    site: "example.com",
    route: "/files/",
    path: "/hello.txt",
  });
  assert.equal(new TextDecoder().decode(preread), "GET");
  assert.deepEqual(transfer.client.subarray(0, 8), Uint8Array.of(4, 0, 200, 34, 192, 0, 2, 7));
  assert.equal(200 * 256 + 34, 51234);
  assert.deepEqual(transfer.local.subarray(0, 8), Uint8Array.of(4, 0, 0, 80, 198, 51, 100, 1));
  assert.deepEqual(encodeTransfer(messages.HANDOFF, transfer), handoff);

  const end = messages.TRANSFER_DETAIL;
  const mapped = Uint8Array.of(...handoff!.subarray(0, end), ...mappedEnd!);
  const change = { detail: messages.SCOPE_MAPPED, map: "/pub/", path: "/pub/hello.txt" };
  assert.deepEqual(decodeTransfer(mapped, mapped.length), { ...transfer, ...change });
  assert.deepEqual(encodeTransfer(messages.HANDOFF, { ...transfer, ...change }), mapped);

  const view = new DataView(ack!.buffer);
  assert.equal(readAck(ack!, ack!.length), 1);
  assert.deepEqual([ackId(view, 0), activeOf(view)], [1024, 1]);
  const writer = new AckWriter();
  writer.add(1024);
  writer.finish(1);
  assert.deepEqual(writer.bytes.subarray(0, writer.length), ack);
});

Deno.test("every reason in docs/protocol.md has words in the code, and the code has no others", () => {
  const numbers = (heading: string) =>
    TABLES.filter((table) => table.heading === heading && table.columns[0] === "number")
      .flatMap(({ rows }) => rows.map((row) => Number(row["number"])));
  for (const number of numbers("BYE")) assert.ok(!byeReason(number).startsWith("reason "), `BYE ${number}`);
  assert.ok(byeReason(Math.max(...numbers("BYE")) + 1).startsWith("reason "));
  assert.equal(new Set(numbers("NACK").map(nackReason)).size, numbers("NACK").length);
});
