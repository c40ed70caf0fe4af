/** Requests and responses that wait for each other's pieces, and streams that have nothing to say yet. */

import assert from "node:assert/strict";
import { Program, startFront, TemporaryDirectory } from "../support/processes.ts";
import { RawClient } from "../support/raw_client.ts";
import { within } from "../support/waiting.ts";

const APP = `
let say;
export default {
  async fetch(request) {
    const { pathname, origin } = new URL(request.url);
    if (pathname === "/echo") return new Response(request.body);
    if (pathname === "/between") {
      // The other handler answers each piece of this one's, and this one sends the next when it has.
      const { readable, writable } = new TransformStream();
      const response = await fetch(origin + "/echo", { method: "POST", body: readable });
      const writer = writable.getWriter();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let heard = "";
      for (const piece of ["one ", "two ", "three"]) {
        await writer.write(new TextEncoder().encode(piece));
        heard += (await reader.read()).value;
      }
      await writer.close();
      return new Response(heard + (await reader.read()).done);
    }
    if (pathname === "/events") {
      const body = new ReadableStream({ start: (controller) => void (say = controller) });
      return new Response(body.pipeThrough(new TextEncoderStream()), { headers: { "content-type": "text/event-stream" } });
    }
    say.enqueue("data: first\\n\\n");
    return new Response("said");
  },
};
`;

Deno.test("two handlers that answer each other's pieces do not wait for ever, nor does the head of a stream", async (t) => {
  using directory = new TemporaryDirectory();
  const socket = directory.join("app.sock");
  const module = directory.write("app.mjs", APP);
  await using backend = new Program(["backend", "--socket", socket, "--fetch", module], {
    permissions: ["--allow-all"],
  });
  await backend.line(/ ready on /);
  await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${socket}` }] });
  const { port } = front;

  await t.step("a handler that fetches another one's response while it still sends", async () => {
    using client = await RawClient.connect(port);
    const { text } = await client.get("/between", `127.0.0.1:${port}`);
    assert.equal(text, "one two threetrue");
  });

  await t.step("fetch() has the response of a stream that has nothing yet", async () => {
    const response = await within(fetch(`http://127.0.0.1:${port}/events`), "the head");
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/say`)).text(), "said");
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    assert.equal((await reader.read()).value, "data: first\n\n");
    await reader.cancel();
  });

  await t.step("HEAD of such a stream is answered", async () => {
    using client = await RawClient.connect(port);
    await client.write("HEAD /events HTTP/1.1\r\nHost: test\r\n\r\n");
    assert.equal((await client.response("HEAD")).status, 200);
  });

  await backend.stopCleanly();
  await front.stopCleanly();
});
