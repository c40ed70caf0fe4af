/**
 * A Hono app, as for `deno serve`: routes, Server-Sent Events and a WebSocket.
 *
 * fdpass backend --socket /tmp/x.sock --fetch app.ts
 *
 * with "hono": "npm:hono@4.13.19" among the imports of deno.json.
 */
import { Hono } from "hono";
import { upgradeWebSocket } from "hono/deno";
import { streamSSE } from "hono/streaming";

/** What a handler is told beside the request; `c.env` in Hono. */
interface Info {
  readonly remoteAddr: { readonly hostname: string };
  readonly path: string;
}

const app = new Hono<{ Bindings: Info }>();

app.get(
  "/",
  (c) => c.text(`Hello ${c.env.remoteAddr.hostname}, this is Hono. You asked for ${c.env.path}.\n`),
);

app.get("/count/:to", (c) =>
  streamSSE(c, async (stream) => {
    for (let number = 1; number <= Number(c.req.param("to")); number++) {
      await stream.writeSSE({ id: String(number), data: `number ${number}` });
    }
  }));

app.get(
  "/echo",
  upgradeWebSocket(() => ({
    onMessage({ data }, socket) {
      socket.send(`Hono heard ${data}`);
    },
  })),
);

export default app;
