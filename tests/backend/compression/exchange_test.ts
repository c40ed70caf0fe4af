import assert from "node:assert/strict";
import fc from "../../support/properties.ts";
import { FetchRequestHandler } from "../../../src/backend/fetch/fetch_handler.ts";
import type { FetchHandler } from "../../../src/backend/fetch/handler.ts";
import { HttpServer } from "../../../src/backend/http/http_server.ts";
import {
  COMPRESSION_CODINGS,
  compressionOf,
  type CompressionWishes,
} from "../../../src/config/compression.ts";
import { DEFAULT_LIMITS } from "../../../src/config/config.ts";
import type { ScriptedFront } from "../scripted_front.ts";
import { Rig, withRig } from "../rig.ts";
import { contentOf, decode, readResponse } from "./content.ts";

/** A test of a backend that compresses, whose thread is told from leaks. */
function test(
  name: string,
  handler: FetchHandler,
  body: (rig: Rig, give: ScriptedFront["give"]) => Promise<void>,
  wishes: CompressionWishes = {},
): void {
  Deno.test(name, () => {
    const server = () => {
      const onError = () => {};
      return new HttpServer(new FetchRequestHandler(handler, onError), { limits: DEFAULT_LIMITS, onError });
    };
    return withRig(
      () => new Rig(server(), { compression: compressionOf(wishes) }),
      async (rig) => {
        const front = await rig.front();
        await body(rig, (text) => front.give(text));
      },
      { workers: true },
    );
  });
}

function request(accepted: string, method = "GET", version = "1.1"): string {
  return `${method} / HTTP/${version}\r\nHost: a\r\nConnection: close\r\nAccept-Encoding: ${accepted}\r\n\r\n`;
}

const HTML = { "content-type": "text/html", etag: '"v"' };
let answer: () => Response;

const sort = fc.constantFrom("even", "text", "chance");
const size = fc.oneof(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: 400_000 }));
const pieces = fc.option(fc.array(fc.integer({ min: 1, max: 70_000 }), { maxLength: 5 }), { nil: undefined });

test(
  "what a client decodes is what was sent, in whatever size, coding, pieces and version",
  () => answer(),
  async (rig, give) => {
    const coding = fc.constantFrom(...COMPRESSION_CODINGS, "identity");
    await fc.assert(
      fc.asyncProperty(
        coding,
        sort,
        size,
        pieces,
        fc.constantFrom("1.0", "1.1"),
        async (name, sort, size, cuts, version) => {
          const content = contentOf(sort, size);
          answer = () =>
            new Response(cuts === undefined ? content : streamOf(content, cuts), { headers: HTML });
          const read = readResponse(await rig.rest(give(request(name, "GET", version))));
          const coded = name !== "identity" && (cuts !== undefined || size >= 256);
          assert.equal(read.field("content-encoding"), coded ? name : undefined);
          assert.equal(read.field("etag"), coded ? 'W/"v"' : '"v"');
          assert.equal(read.field("vary"), cuts !== undefined || size >= 256 ? "Accept-Encoding" : undefined);
          assert.ok(read.whole);
          assert.deepEqual(decode(read.field("content-encoding"), read.content), content);
        },
      ),
      { numRuns: 50 },
    );
    assert.equal(rig.backend.compressor.open, 0);
  },
);

function streamOf(
  content: Uint8Array<ArrayBuffer>,
  cuts: readonly number[],
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const all = [...cuts, content.length];
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      // Some come at once, some in another turn.
      if (all.length % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
      const size = all.shift();
      if (size === undefined) return controller.close();
      if (at < content.length) controller.enqueue(content.slice(at, at += size));
      else controller.close();
    },
  });
}

test(
  "HEAD gets the head that GET gets, but for what the content alone tells",
  () => answer(),
  async (rig, give) => {
    const withoutDate = (head: string) =>
      head.replace(/date: .*\r\n/i, "").replace(/content-length: .*\r\n/i, "")
        .replace(/transfer-encoding: .*\r\n/i, "");
    for (const size of [100, 5_000, 50_000, 600_000]) {
      for (const length of [undefined, `${size}`]) {
        const fields = length === undefined ? HTML : { ...HTML, "content-length": length };
        answer = () => new Response(contentOf("text", size), { headers: fields });
        const got = readResponse(await rig.rest(give(request("gzip"))));
        const asked = readResponse(await rig.rest(give(request("gzip", "HEAD"))));
        assert.equal(withoutDate(asked.head), withoutDate(got.head), `${size} ${length}`);
        assert.equal(asked.content.length, 0);
        assert.equal(asked.field("content-length"), size < 256 ? "100" : undefined);
      }
    }
  },
);

let steps: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
let isCancelled = false;
const stepping: FetchHandler = () => {
  isCancelled = false;
  return new Response(
    new ReadableStream({
      start(controller) {
        steps = controller;
      },
      cancel() {
        isCancelled = true;
      },
    }),
    { headers: { "content-type": "text/html" } },
  );
};

for (const coding of COMPRESSION_CODINGS) {
  test(
    `each piece of a slow response reaches the client before the next one is there (${coding})`,
    stepping,
    async (rig, give) => {
      const client = give(request(coding));
      await rig.until(() => client.received.includes("\r\n\r\n"), "the head");
      for (let count = 1; count <= 3; count++) {
        const before = client.received.length;
        steps.enqueue(new TextEncoder().encode(`event ${count}\n`));
        await rig.until(() => client.received.length > before, `event ${count}`);
      }
      steps.close();
      const read = readResponse(await rig.rest(client));
      assert.equal(new TextDecoder().decode(decode(coding, read.content)), "event 1\nevent 2\nevent 3\n");
    },
  );
}

test(
  "a client that goes gives back what its response held, and its source is told",
  stepping,
  async (rig, give) => {
    const client = give(request("gzip"));
    await rig.until(() => client.received.includes("\r\n\r\n"), "the head");
    steps.enqueue(contentOf("text", 10_000));
    await rig.until(() => client.received.length > 1_000, "content");
    assert.equal(rig.backend.compressor.open, 1);
    client.reset();
    await rig.until(() => isCancelled && rig.backend.compressor.open === 0, "the end of the response");
  },
);

test("a source that fails leaves no end for the client to see", stepping, async (rig, give) => {
  for (const version of ["1.1", "1.0"]) {
    const client = give(request("gzip", "GET", version));
    await rig.until(() => client.received.includes("\r\n\r\n"), "the head");
    steps.enqueue(contentOf("text", 10_000));
    await rig.until(() => client.received.length > 1_000, "content");
    steps.error(new Error("it broke"));
    const text = await rig.rest(client);
    if (version === "1.1") assert.equal(readResponse(text).whole, false);
    else assert.equal(client.ended, "reset");
  }
  assert.equal(rig.backend.compressor.open, 0);
});

let pulled = 0;
test("a client that does not read has no more content made for it than fits on the way", () => {
  pulled = 0;
  return new Response(
    new ReadableStream({
      pull(controller) {
        pulled++;
        controller.enqueue(crypto.getRandomValues(new Uint8Array(65_536)));
      },
    }),
    { headers: { "content-type": "text/html" } },
  );
}, async (rig, give) => {
  const client = give(request("zstd"));
  let before = -1;
  for (let quiet = 0; quiet < 20; quiet = pulled === before ? quiet + 1 : 0) {
    before = pulled;
    await rig.settle();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  // What the kernel holds of a connection, both ends of it, is some MiB; the content has no end.
  assert.ok(pulled > 1 && pulled < 200, `${pulled} pieces of 64 KiB`);
  client.reset();
  await rig.until(() => rig.backend.compressor.open === 0, "the end of the response");
});
