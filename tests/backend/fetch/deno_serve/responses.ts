/** Each form of a response, in answer to each method. */

import type { Case } from "./case.ts";

const METHODS = ["GET", "HEAD", "POST", "OPTIONS", "DELETE"] as const;

const A = new Uint8Array([65]);
const B = new Uint8Array([66]);

/** What is made is made once for each request. */
type Form = () => unknown;

const later = () => new Promise((resolve) => setTimeout(resolve, 20));

function stream(...pieces: unknown[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(pieces) as ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Something happens to it after a moment. */
function source(
  happens: (controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>) => void,
  first?: typeof A,
) {
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async start(controller) {
      if (first !== undefined) controller.enqueue(first);
      await later();
      happens(controller);
    },
  });
}

function form(): FormData {
  const data = new FormData();
  data.append("a", "b");
  return data;
}

function withHeaders(headers: HeadersInit, body: BodyInit | null = "text"): Form {
  return () => new Response(body, { headers });
}

async function used(): Promise<Response> {
  const response = new Response("text");
  await response.text();
  return response;
}

function locked(response: Response): Response {
  response.body!.getReader();
  return response;
}

function touched(): Response {
  const response = new Response("text");
  response.headers.set("x-a", "1");
  return response;
}

function wrapped(): Response {
  const inner = new Response("text", { headers: { "x-a": "1" } });
  return new Response(inner.body, inner);
}

export const FORMS: Readonly<Record<string, Form>> = {
  "null": () => new Response(null),
  "nothing": () => new Response(),
  "text": () => new Response("text"),
  "an empty text": () => new Response(""),
  "text that is not ASCII": () => new Response("h\u00e9\u4f60"),
  "bytes": () => new Response(new Uint8Array([1, 2, 255])),
  "an ArrayBuffer": () => new Response(new Uint8Array([1, 2, 255]).buffer),
  "a Blob": () => new Response(new Blob(["blob"], { type: "x/y" })),
  "an empty Blob": () => new Response(new Blob([])),
  "FormData": () => new Response(form()),
  "URLSearchParams": () => new Response(new URLSearchParams({ a: "b c" })),
  "JSON": () => Response.json({ a: 1 }),
  "a promise": () => Promise.resolve(new Response("text")),
  "a late promise": () => later().then(() => new Response("text")),
  "a clone": () => new Response("text", { headers: { "X-A": "1" } }).clone(),
  "headers asked for before": touched,
  "the body of another one": wrapped,
  "a stream at once": () => new Response(stream(A)),
  "a stream of two pieces": () => new Response(stream(A, B)),
  "an empty stream": () => new Response(stream()),
  "a stream late": () => new Response(source((it) => (it.enqueue(B), it.close()))),
  "a stream, more of it late": () => new Response(source((it) => (it.enqueue(B), it.close()), A)),
  "a stream that ends late": () => new Response(source((it) => it.close(), A)),
  "a stream that fails at once": () =>
    new Response(new ReadableStream({ start: (it) => it.error(new Error("mine")) })),
  "a stream that fails late": () => new Response(source((it) => it.error(new Error("mine")))),
  "a stream that fails after a piece": () => new Response(source((it) => it.error(new Error("mine")), A)),
  "a stream of text": () => new Response(stream("text")),
  "a stream with an empty piece": () => new Response(stream(A, new Uint8Array(0), B)),
  "a stream of bytes": () =>
    new Response(new ReadableStream({ type: "bytes", start: (it) => (it.enqueue(A.slice()), it.close()) })),
  "a stream of its length": () => new Response(stream(A, B), { headers: { "content-length": "2" } }),
  "a stream longer than its length": () => new Response(stream(A, B), { headers: { "content-length": "1" } }),
  "a stream shorter than its length": () =>
    new Response(stream(A, B), { headers: { "content-length": "3" } }),
  "a stream whose length is none": () => new Response(stream(A), { headers: { "content-length": "x" } }),
  "text shorter than its length": withHeaders({ "content-length": "9" }),
  "text longer than its length": withHeaders({ "content-length": "2" }),
  "nothing with a length": withHeaders({ "content-length": "9" }, null),
  "101": () => Object.defineProperty(new Response(null), "status", { value: 101 }),
  "201": () => new Response("text", { status: 201, headers: { location: "/a" } }),
  "204": () => new Response(null, { status: 204 }),
  "204 with a length": () => new Response(null, { status: 204, headers: { "content-length": "3" } }),
  "205": () => new Response(null, { status: 205 }),
  "304": () => new Response(null, { status: 304, headers: { etag: '"a"' } }),
  "304 with a length": () => new Response(null, { status: 304, headers: { "content-length": "3" } }),
  "404": () => new Response("text", { status: 404 }),
  "a redirect": () => Response.redirect("http://b.test/x"),
  "a permanent redirect": () => Response.redirect("http://b.test/x", 308),
  "Response.error()": () => Response.error(),
  "a status without a phrase": () => new Response("text", { status: 299 }),
  "a phrase": () => new Response("text", { status: 200, statusText: "Fine" }),
  "undefined": () => undefined,
  "null instead of a response": () => null,
  "a text instead of a response": () => "text",
  "an object that looks like one": () => ({ status: 200, headers: new Headers(), body: null }),
  "a response that was read": used,
  "text whose stream is locked": () => locked(new Response("text")),
  "a stream that is locked": () => locked(new Response(stream(A))),
  "an error that is thrown": () => {
    throw new Error("mine");
  },
  "a rejection": () => Promise.reject(new Error("mine")),
  "something thrown that is no error": () => {
    throw "mine";
  },
  "Connection: close": withHeaders({ connection: "close" }),
  "Connection: keep-alive": withHeaders({ connection: "keep-alive" }),
  "Connection: x": withHeaders({ connection: "x", "keep-alive": "timeout=9" }),
  "Transfer-Encoding: chunked": withHeaders({ "transfer-encoding": "chunked" }),
  "Upgrade": withHeaders({ upgrade: "x" }),
  "Date": withHeaders({ date: "Sun, 06 Nov 1994 08:49:37 GMT" }),
  "Server and others of a server's": withHeaders({
    server: "x",
    vary: "a",
    "accept-ranges": "none",
    trailer: "x",
  }),
  "cookies, and fields twice": withHeaders([["set-cookie", "a=1"], ["X-B", "1"], ["set-cookie", "b=2"], [
    "x-b",
    "2",
  ]]),
  "Latin-1 in a field": withHeaders({ "x-a": "\u00e9" }),
  "an empty field": withHeaders({ "x-a": "" }),
  "a type of its own": withHeaders({ "content-type": "x/y" }),
  "an encoding of its own": withHeaders({ "content-encoding": "x" }),
};

/** Where the connection ends behind the response. */
const CLOSING = ["text", "a stream at once", "a stream late", "null", "204", "an error that is thrown"];

function caseOf(what: string, line: string, fields: string, form: Form): Case {
  const request = `${line.replace(" / HTTP/", " ")}${fields && `, ${fields.trim()}`}`;
  return {
    name: `${request}: ${what}`,
    request: `${line}\r\nHost: a.test\r\n${fields}\r\n`,
    // As somebody writes it who does not use TypeScript.
    handler: form as Case["handler"],
  };
}

export const RESPONSES: readonly Case[] = [
  ...METHODS.flatMap((method) =>
    Object.entries(FORMS).map(([what, form]) => caseOf(what, `${method} / HTTP/1.1`, "", form))
  ),
  ...CLOSING.flatMap((what) => [
    caseOf(what, "GET / HTTP/1.1", "Connection: close\r\n", FORMS[what]!),
    caseOf(what, "GET / HTTP/1.0", "", FORMS[what]!),
    caseOf(what, "GET / HTTP/1.0", "Connection: keep-alive\r\n", FORMS[what]!),
    caseOf(what, "GET / HTTP/1.1", "Accept-Encoding: gzip, br\r\n", FORMS[what]!),
  ]),
  ...METHODS.map((method): Case => ({
    name: `${method}: a stream that never has anything`,
    request: `${method} / HTTP/1.1\r\nHost: a.test\r\n\r\n`,
    then: "leave",
    awaits: ["cancel"],
    handler: (_request, _info, see) =>
      new Response(new ReadableStream({ cancel: (reason) => see("cancel", reason) })),
  })),
];
