/** The content of a request as a stream: into memory of the reader's own, or piece by piece. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "../../support/properties.ts";
import { testFetch } from "../rig.ts";

/** Reads all with memory of so many bytes, used again and again; or with the pieces that come. */
async function readAll(stream: ReadableStream<Uint8Array>, room: number): Promise<string> {
  let text = "";
  if (room === 0) {
    for await (const piece of stream) text += Buffer.from(piece).toString("latin1");
    return text;
  }
  const reader = stream.getReader({ mode: "byob" });
  let memory = new ArrayBuffer(room);
  for (;;) {
    const { value, done } = await reader.read(new Uint8Array(memory));
    if (value !== undefined) {
      text += Buffer.from(value).toString("latin1");
      memory = value.buffer;
    }
    if (done) return text;
  }
}

/** Asks to be read with memory of so many bytes. */
function head(room = 0): string {
  return `POST /${room} HTTP/1.1\r\nHost: a.test\r\n`;
}

function chunked(content: string, sizes: readonly number[]): string {
  let out = "";
  let at = 0;
  for (const size of [...sizes, content.length]) {
    const piece = content.slice(at, at + size);
    if (piece === "") continue;
    out += `${piece.length.toString(16)};x=y\r\n${piece}\r\n`;
    at += piece.length;
  }
  return `Transfer-Encoding: chunked\r\n\r\n${out}0\r\nX-Trailer: x\r\n\r\n`;
}

testFetch("content arrives whole, however it is framed, cut and read", async (request) => {
  return new Response(await readAll(request.body!, Number(new URL(request.url).pathname.slice(1))));
}, async ({ rig, give }) => {
  const client = give();
  const size = fc.integer({ min: 1, max: 400 });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 1_000 }),
      fc.option(fc.array(size, { maxLength: 8 })),
      fc.array(size, { maxLength: 4 }),
      fc.constantFrom(0, 1, 7, 64, 2_000),
      async (length, chunks, cuts, room) => {
        const content = Array.from({ length }, (_, index) => String.fromCharCode(33 + index % 90)).join("");
        let request = head(room) +
          (chunks === null ? `Content-Length: ${length}\r\n\r\n${content}` : chunked(content, chunks));
        const before = client.received.length;
        for (const cut of cuts) {
          client.send(request.slice(0, cut));
          request = request.slice(cut);
          await rig.turn();
        }
        client.send(request);
        const response = () => client.received.slice(before);
        await rig.until(() => response().includes("\r\n\r\n") && response().endsWith(content), "the content");
        assert.ok(response().endsWith(`\r\n\r\n${content}`));
      },
    ),
    { numRuns: 60 },
  );
});

for (const room of [0, 16]) {
  testFetch(
    `what came before broken framing is read, and then it fails (memory of ${room})`,
    async (request) => {
      const text: string[] = [];
      try {
        if (room === 0) { for await (const piece of request.body!) text.push(Buffer.from(piece).toString()); }
        else {
          const reader = request.body!.getReader({ mode: "byob" });
          for (;;) text.push(Buffer.from((await reader.read(new Uint8Array(room))).value!).toString());
        }
      } catch (error) {
        text.push(String(error));
      }
      return new Response(text.join("|"));
    },
    async ({ rig, give }) => {
      const client = give(`${head()}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nnonsense\r\n`);
      await rig.until(() => client.received.includes("abc|"), "the response");
      assert.match(client.received, /abc\|BodyError: Cannot read the request: /);
    },
  );
}

testFetch("a reader that cancels harms nobody", async (request) => {
  const reader = request.body!.getReader({ mode: "byob" });
  const reading = reader.read(new Uint8Array(10));
  await reader.cancel();
  await reading;
  return new Response("cancelled");
}, async ({ rig, give, errors }) => {
  const client = give(`${head()}Content-Length: 3\r\n\r\n`);
  await rig.until(() => client.received.endsWith("cancelled"), "the response");
  client.send("abc");
  await rig.settle();
  client.close();
  await rig.settle();
  assert.deepEqual(errors, []);
});
