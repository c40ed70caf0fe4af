/** What a handler is told of a request, member by member. */

import type { Case, CommonInfo, See } from "./case.ts";

const MEMBERS = [
  "method",
  "url",
  "bodyUsed",
  "cache",
  "credentials",
  "destination",
  "duplex",
  "integrity",
  "isHistoryNavigation",
  "isReloadNavigation",
  "keepalive",
  "mode",
  "redirect",
  "referrer",
  "referrerPolicy",
] as const;

/** A value, or the error that there is instead. */
async function valueOf(make: () => unknown): Promise<unknown> {
  try {
    return await make();
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

async function see(request: Request, info: CommonInfo, note: See): Promise<Response> {
  const show = async (what: string, make: () => unknown) => note(what, await valueOf(make) ?? null);
  for (const member of MEMBERS) await show(member, () => Reflect.get(request, member));
  await show("body", () => request.body === null ? null : Object.prototype.toString.call(request.body));
  await show("headers", () => [...request.headers].filter(([name]) => name !== "case"));
  await show("headers.set()", () => request.headers.set("x-new", "1"));
  await show("signal", () => [request.signal instanceof AbortSignal, request.signal.aborted]);
  await show(
    "kind",
    () => [request instanceof Request, request.constructor.name, Object.prototype.toString.call(request)],
  );
  await show("own properties", () => Object.keys(request));
  await show("JSON", () => JSON.stringify(request));
  await show("spread", () => Object.keys({ ...request }));
  const copy = await valueOf(() => request.clone());
  if (copy instanceof Request) {
    await show("clone()", () => [copy.method, copy.body === null, copy.bodyUsed, copy.headers.get("host")]);
    await show("clone().headers.set()", () => copy.headers.set("x-new", "1"));
    await show("clone().text()", () => copy.text());
  } else note("clone()", copy);
  await show("text()", () => request.text());
  await show("bodyUsed afterwards", () => request.bodyUsed);
  await show("text() again", () => request.text());
  await show("clone() afterwards", () => request.clone().method);
  await show("remoteAddr", () => ({ ...info.remoteAddr, port: typeof info.remoteAddr.port }));
  await show(
    "info",
    () => [Object.keys(info), info.completed instanceof Promise, info.completed === info.completed],
  );
  info.completed.then((value) => note("completed", String(value)), (error) => note("completed", error?.name));
  return new Response("seen");
}

/** Each way to read the content. */
const READERS: Readonly<Record<string, (request: Request) => unknown>> = {
  "text()": (request) => request.text(),
  "json()": (request) => request.json(),
  "bytes()": async (request) => [...await request.bytes()],
  "arrayBuffer()": async (request) => (await request.arrayBuffer()).byteLength,
  "blob()": async (request) => {
    const blob = await request.blob();
    return [blob.type, await blob.text()];
  },
  "formData()": async (request) => [...await request.formData()],
  "new Request()": async (request) => {
    const copy = new Request(request, { headers: { "x-a": "1" } });
    return [copy.method, copy.headers.get("x-a"), await copy.text()];
  },
  "new Request() of its parts": async (request) => {
    const { method, headers, body } = request;
    const copy = new Request("http://b.test/", { method, headers, body, ...body && { duplex: "half" } });
    return [copy.method, copy.headers.get("host"), await copy.text()];
  },
  "tee()": async (request) => {
    const [one, two] = request.body!.tee();
    return [await new Response(one).text(), await new Response(two).text(), request.bodyUsed];
  },
  "a reader": async (request) => {
    const reader = request.body!.getReader();
    const { value, done } = await reader.read();
    return [value?.constructor.name, done, (await reader.read()).done, request.bodyUsed];
  },
  "a reader with memory of its own": async (request) => {
    const reader = request.body!.getReader({ mode: "byob" });
    const { value, done } = await reader.read(new Uint8Array(100));
    return [value?.byteLength, done];
  },
  "cancel()": async (request) => [await request.body!.cancel(), request.bodyUsed],
  "for await": async (request) => {
    let length = 0;
    for await (const piece of request.body!) length += piece.length;
    return length;
  },
  "pipeTo()": async (request) => {
    let length = 0;
    await request.body!.pipeTo(new WritableStream({ write: (piece) => void (length += piece.length) }));
    return length;
  },
};

const counted = (content: string, type = "") => `${type}Content-Length: ${content.length}\r\n\r\n${content}`;
const chunked = (content: string) =>
  `Transfer-Encoding: chunked\r\n\r\n${
    content && `${content.length.toString(16)}\r\n${content}\r\n`
  }0\r\n\r\n`;

const CONTENTS: Readonly<Record<string, string>> = {
  "no content": "\r\n",
  "Content-Length: 0": counted(""),
  "content with a length": counted('{"a":1}'),
  "content in chunks": chunked('{"a":1}'),
  "no chunks": chunked(""),
};

/** Other requests than the usual ones. The first line, and what follows it. */
const OTHERS: readonly (readonly [line: string, rest: string])[] = [
  ["GET /a%20b/%2F?x=%20&y=[] HTTP/1.1", "Host: a.test:8080\r\n\r\n"],
  ["GET /a/../b/./%2e/c HTTP/1.1", "Host: a.test\r\n\r\n"],
  ["GET //a//b HTTP/1.1", "Host: a.test\r\n\r\n"],
  ["GET /? HTTP/1.1", "Host: a.test\r\n\r\n"],
  ['GET /a|b{}^"<> HTTP/1.1', "Host: a.test\r\n\r\n"],
  ["GET / HTTP/1.1", "Host: A.Test:80\r\n\r\n"],
  ["GET / HTTP/1.1", "Host: [::1]:8080\r\n\r\n"],
  ["GET / HTTP/1.1", "Host:\r\n\r\n"],
  ["GET http://b.test:81/x?y HTTP/1.1", "Host: a.test\r\n\r\n"],
  ["GET https://b.test/x HTTP/1.1", "Host: a.test\r\n\r\n"],
  ["OPTIONS * HTTP/1.1", "Host: a.test\r\n\r\n"],
  ["CONNECT b.test:81 HTTP/1.1", "Host: b.test:81\r\n\r\n"],
  ["TRACE / HTTP/1.1", "Host: a.test\r\n\r\n"],
  ["TRACK / HTTP/1.1", "Host: a.test\r\n\r\n"],
  ["gEt / HTTP/1.1", "Host: a.test\r\n\r\n"],
  ["head / HTTP/1.1", "Host: a.test\r\n\r\n"],
  ["post / HTTP/1.1", `Host: a.test\r\n${counted("abc")}`],
  ["patch / HTTP/1.1", `Host: a.test\r\n${counted("abc")}`],
  ["M-SEARCH / HTTP/1.1", "Host: a.test\r\n\r\n"],
  ["GET / HTTP/1.0", "\r\n"],
  ["GET / HTTP/1.0", "Host: a.test\r\nConnection: keep-alive\r\n\r\n"],
  [
    "GET / HTTP/1.1",
    "Host: a.test\r\nCookie: a=1\r\nAccept: x\r\ncookie: b=2\r\nACCEPT: y\r\nX-Set: a, b\r\n\r\n",
  ],
  ["GET / HTTP/1.1", "Host: a.test\r\nX-A: \t a\tb \r\nX-B:\r\nX-C: \xe9\r\n\r\n"],
  ["GET / HTTP/1.1", `Host: a.test\r\nX-A: ${"x".repeat(30_000)}\r\n\r\n`],
  ["GET / HTTP/1.1", "Host: a.test\r\nConnection: close\r\n\r\n"],
  ["GET / HTTP/1.1", "Host: a.test\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"],
  [
    "POST / HTTP/1.1",
    `Host: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX-T: 1\r\n\r\n`,
  ],
  ["POST / HTTP/1.1", `Host: a.test\r\nExpect: 100-continue\r\n${counted("abc")}`],
  // Refused here, or by both.
  ["GET / HTTP/1.1", "\r\n"],
  ["GET /#f HTTP/1.1", "Host: a.test\r\n\r\n"],
  ["GET /\xe9 HTTP/1.1", "Host: a.test\r\n\r\n"],
  ["GET / HTTP/1.1", "Host: u@a.test\r\n\r\n"],
  ["GET / HTTP/1.1", "Host: a.test\r\nHost: b.test\r\n\r\n"],
  ["GET / HTTP/1.1", "Host: a.test\r\n X: folded\r\n\r\n"],
  ["GET / HTTP/1.1", "Host: a.test\r\nX : a\r\n\r\n"],
  ["GET / HTTP/1.2", "Host: a.test\r\n\r\n"],
  ["POST / HTTP/1.1", "Host: a.test\r\nExpect: x\r\nContent-Length: 0\r\n\r\n"],
  ["POST / HTTP/1.1", "Host: a.test\r\nContent-Length: +3\r\n\r\nabc"],
  ["POST / HTTP/1.1", "Host: a.test\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["POST / HTTP/1.1", "Host: a.test\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"],
];

export const REQUESTS: readonly Case[] = [
  ...["GET", "HEAD", "POST", "OPTIONS", "DELETE", "PUT"].flatMap((method) =>
    Object.entries(CONTENTS).map(([what, rest]): Case => ({
      name: `${method} with ${what}`,
      request: `${method} /a?b HTTP/1.1\r\nHost: a.test\r\n${rest}`,
      handler: see,
      awaits: ["completed"],
    }))
  ),
  ...OTHERS.map(([line, rest], index): Case => ({
    name: `request ${index}`,
    request: `${line}\r\n${rest}`,
    handler: see,
  })),
  ...Object.entries(READERS).flatMap(([what, read]) =>
    Object.entries({
      ...CONTENTS,
      "a form": counted("a=b&c=d", "Content-Type: application/x-www-form-urlencoded\r\n"),
    }).map(([content, rest]): Case => ({
      name: `${what} of ${content}`,
      request: `POST / HTTP/1.1\r\nHost: a.test\r\n${rest}`,
      async handler(request, _info, note) {
        note("value", await valueOf(() => read(request)) ?? null);
        return new Response("seen");
      },
    }))
  ),
];
