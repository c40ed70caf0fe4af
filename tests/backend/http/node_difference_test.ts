import fc from "../../support/properties.ts";
import assert from "node:assert/strict";
import { HttpServer } from "../../../src/backend/http/http_server.ts";
import { DEFAULT_LIMITS } from "../../../src/config/config.ts";
import { latin1 } from "../../http/compliance/case.ts";
import { Reader } from "../../http/compliance/reader.ts";
import { named } from "../../support/other_user.ts";
import { Rig, withRig } from "../rig.ts";
import { DIFFERENCES } from "./node/differences.ts";
import { Node, NODE_VERSION, noNode } from "./node/node.ts";
import { partingOf } from "./node/parting.ts";
import { connectionBytes, REGRESSIONS } from "./node/requests.ts";
import { isOfHandler, requestOf, responsesOf, sayWhatWasSeen } from "./responses.ts";

const SEED = 9112;
const RUNS = 2_000;

function read(bytes: Uint8Array): Reader {
  const reader = new Reader(DEFAULT_LIMITS);
  reader.feed(bytes);
  return reader;
}

Deno.test({
  ...named(
    "Node reads the same requests from the same bytes, but for the differences that are told of",
    noNode(),
  ),
  fn: async () => {
    await using node = new Node();
    const met = new Map<string, number>();
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(connectionBytes, async (text) => {
        const bytes = latin1(text);
        const here = read(bytes);
        if (here.requests.length > 1 && here.why === "") accepted++;
        const parting = partingOf(text, here, await node.read(bytes));
        if (parting === undefined) return;
        const explained = DIFFERENCES.find(({ covers }) => covers(parting));
        assert.ok(explained, `nobody has explained this: ${JSON.stringify(parting)}`);
        met.set(explained.name, (met.get(explained.name) ?? 0) + 1);
      }),
      { seed: SEED, numRuns: RUNS, examples: REGRESSIONS.map((text) => [text]) },
    );
    // Otherwise the two may have agreed on nothing but refusals.
    assert.ok(accepted > RUNS / 5, `only ${accepted} connections had more than one request`);
    const unmet = DIFFERENCES.filter(({ name, gone = Infinity }) => NODE_VERSION < gone && !met.has(name));
    assert.deepEqual(unmet.map(({ name }) => name), [], "nobody has met these differences");
  },
});

Deno.test("a served connection reads what the parsers read, whatever was changed in the bytes", () => {
  const server = () =>
    new HttpServer({ handle: sayWhatWasSeen }, {
      limits: DEFAULT_LIMITS,
      onError: (error) => assert.fail(String(error)),
    });
  const texts = [...REGRESSIONS, ...fc.sample(connectionBytes, { seed: SEED, numRuns: RUNS / 2 })];
  return withRig(() => new Rig(server()), async (rig) => {
    const front = await rig.front();
    for (let first = 0; first < texts.length; first += 50) {
      const clients = texts.slice(first, first + 50).map((text) => {
        const client = front.give();
        client.send(latin1(text));
        client.end();
        return { text, client };
      });
      for (const { text, client } of clients) {
        const responses = responsesOf(await rig.rest(client));
        const { requests, then } = read(latin1(text));
        const good = responses.filter(isOfHandler);
        assert.deepEqual(good.map(requestOf), requests, JSON.stringify(text));
        const refused = typeof then === "number"
          ? [then]
          : then === "broken" || (then === "head" && !/(?:^|\r\n\r\n)(?:\r\n?)+$/.test(text))
          ? [400]
          : [];
        assert.deepEqual(
          responses.slice(good.length).map(({ status }) => status),
          refused,
          JSON.stringify(text),
        );
        client.close();
      }
    }
  });
});

Deno.test("docs/http.md tells of each difference to Node", async () => {
  const page = await Deno.readTextFile(new URL("../../../docs/http.md", import.meta.url));
  const rows = page.split("\n").map((line) =>
    line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("\\", ""))
  );
  for (const { name, source } of DIFFERENCES) {
    assert.ok(
      rows.some((cells) => cells[0] === name && cells[1] === source),
      `a row "${name}" with ${source}`,
    );
  }
});
