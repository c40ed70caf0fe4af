/** Responses of lengths around the size of every buffer that they pass: nothing is cut, whatever kind serves it. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { startUp, TemporaryDirectory } from "../support/processes.ts";
import { RawClient } from "../support/raw_client.ts";

/** `/KIND/UNITS/CHARACTER`: content of so many UTF-16 units, whose first is this character. */
const MODULE = `export default { async fetch(request) {
  const [, how, units, first] = decodeURIComponent(new URL(request.url).pathname).split("/");
  const text = first + "a".repeat(Number(units) - first.length);
  if (how === "text") return new Response(text);
  const bytes = new TextEncoder().encode(text);
  if (how === "bytes") return new Response(bytes);
  if (how === "blob") return new Response(new Blob([text]));
  const step = how === "stream" ? bytes.length : Number(how);
  return new Response(new ReadableStream({
    async start(controller) {
      for (let at = 0; at < bytes.length; at += step) {
        controller.enqueue(bytes.slice(at, at + step));
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      controller.close();
    },
  }));
} };`;

/** The same lengths, ASCII only. */
const PROGRAM = `printf 'Content-Type: text/plain\\n\\n'; head -c "\${PATH_INFO#/}" /dev/zero | tr '\\0' a`;

const BUFFERS = [4_096, 16_384, 65_536, 66_048, 131_072];
const FIRST = ["a", "\xe4", "😀"];

/** Lengths of content around a buffer's size, with and without a head of this length before it in the buffer. */
function around(size: number, head: number): number[] {
  return [0, head].flatMap((before) => [-1, 0, 1].map((by) => size - before + by)).filter((length) =>
    length > 8
  );
}

Deno.test("a response is whole at every length", async () => {
  using directory = new TemporaryDirectory();
  await using server = await startServer();
  Deno.mkdirSync(directory.join("public"));
  const routes = ["web", "program", "files", "relay"].map((to) => ({ path: `/${to}/`, to, mapTo: "/" }));
  await using up = await startUp({
    listen: "127.0.0.1:0",
    sites: [{ routes: [{ ...routes[0], mapTo: undefined }, ...routes.slice(1)] }],
    backends: {
      web: {
        socket: directory.join("web.sock"),
        fetch: directory.write("app.ts", MODULE.replace("[, how", "[, , how")),
      },
      program: { socket: directory.join("program.sock"), exec: ["/bin/sh", "-c", PROGRAM], cgi: true },
      files: { socket: directory.join("files.sock"), static: directory.join("public") },
      relay: { socket: directory.join("relay.sock"), upstream: `http://127.0.0.1:${server.port}` },
    },
  });
  using client = await RawClient.connect(up.port);
  const headLength = async (target: string) =>
    (await client.get(target)).head.trimEnd().length + "\r\n\r\n".length;
  const check = async (target: string, expected: string) => {
    const { status, text } = await client.get(target);
    assert.equal(status, 200, target);
    assert.ok(text === expected, `${target}: ${text.length} units, not ${expected.length}`);
  };
  const heads = await headLength("/web/text/60000/a");
  for (const size of BUFFERS) {
    for (const first of FIRST) {
      for (const units of around(size, heads)) {
        const expected = first + "a".repeat(units - first.length);
        for (const how of ["text", "bytes", "stream"]) {
          await check(`/web/${how}/${units}/${encodeURIComponent(first)}`, expected);
        }
      }
    }
    for (const units of [size - 1, size, size + 1]) {
      const expected = "a".repeat(units);
      await check(`/web/blob/${units}/a`, expected);
      await check(`/web/${Math.ceil(units / 2)}/${units}/a`, expected);
      await check(`/program/${units}`, expected);
      Deno.writeTextFileSync(directory.join(`public/${units}.txt`), expected);
      await check(`/files/${units}.txt`, expected);
      await check(`/relay/counted/${units}`, expected);
      await check(`/relay/chunked/${units}`, expected);
    }
  }
  await up.stopCleanly();
});

/** `/counted/UNITS` and `/chunked/UNITS`. */
async function startServer(): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = createServer((request, response) => {
    const [, how, units] = request.url!.split("/");
    if (how === "counted") response.setHeader("content-length", units!);
    else response.write("");
    response.end("a".repeat(Number(units)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
