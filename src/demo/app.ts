/**
 * The app behind the demo's page: a module as anyone writes it for `fdpass backend --fetch`.
 *
 * - `/` the page; for clients that do not ask for HTML, such as curl, the same in plain text
 * - `/whoami` the facts as JSON
 * - `/live` a stream that tells every second what it costs the front
 *
 * @module
 */

import type { RequestInfo } from "../backend/fetch/handler.ts";
import { Census, type Facts, factsOf } from "./facts.ts";
import { LiveStreams } from "./live.ts";
import { page } from "./page.ts";
import { plainText } from "./plain_text.ts";

/** What the configuration of the demo calls this backend. */
export const NAME = "app";

const census = new Census();
const streams = new LiveStreams(census);

/** What the page needs is all in it: nothing may be loaded from anywhere else. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

function content(type: string, text: string): Response {
  return new Response(text, {
    headers: {
      "Content-Type": type,
      "Content-Security-Policy": POLICY,
      "X-Content-Type-Options": "nosniff",
      "Cache-Control": "no-store",
      "Vary": "Accept",
    },
  });
}

function home(request: Request, facts: Facts): Response {
  return request.headers.get("accept")?.includes("text/html")
    ? content("text/html; charset=utf-8", page(facts))
    : content("text/plain; charset=utf-8", plainText(facts));
}

function answer(request: Request, info: RequestInfo): Response {
  census.take(info.remoteAddr);
  if (request.method !== "GET" && request.method !== "HEAD") {
    return new Response("Only GET and HEAD are answered here.\n", {
      status: 405,
      headers: { Allow: "GET, HEAD" },
    });
  }
  const facts = () => factsOf(NAME, request, info, census);
  switch (info.path) {
    case "/":
      return home(request, facts());
    case "/whoami":
      return content("application/json", JSON.stringify(facts(), null, 2) + "\n");
    case "/live":
      return streams.open(facts());
    default:
      return new Response("There is no such page: / /whoami /live /files/\n", { status: 404 });
  }
}

/** The handler. */
const app: { fetch(request: Request, info: RequestInfo): Response } = { fetch: answer };
export default app;
