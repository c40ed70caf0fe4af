/**
 * An H3 app, as for `deno serve`: a page that is streamed, a form, and WebSockets of crossws.
 *
 * npm ci && npm run build
 * fdpass backend --socket /tmp/x.sock --fetch build/app.js
 */
import crossws from "crossws/adapters/deno";
import { H3, html, redirect } from "h3";

const app = new H3();

/** Pages that wait for the next letter, to be told of it. */
const waiting = new Set();

app.get("/", () => html`<h1>Hello, this is H3.</h1>`);

app.get("/letter", () => {
  const page = new ReadableStream({
    async start(controller) {
      controller.enqueue("<p>Nobody has written yet.</p>");
      controller.enqueue(await new Promise((told) => waiting.add(told)));
      controller.close();
    },
  });
  return new Response(page.pipeThrough(new TextEncoderStream()), {
    headers: { "content-type": "text/html" },
  });
});

app.post("/", async ({ req }) => {
  const letter = (await req.formData()).get("letter");
  for (const told of waiting) told(`<p>${letter}</p>`);
  waiting.clear();
  return redirect("/sent", 303);
});

const sockets = crossws({
  hooks: {
    message(peer, message) {
      peer.send(`H3 heard ${message.text()}`);
    },
  },
});

export default {
  fetch(request, info) {
    if (request.headers.get("upgrade") === "websocket") return sockets.handleUpgrade(request, info);
    return app.fetch(request);
  },
};
