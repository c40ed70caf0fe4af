/** Clients that leave, or only end their side, while a handler is at work; and what is left of a request. */

import type { Case, CommonInfo, See } from "./case.ts";

const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

/** Notes what becomes of an exchange. */
function watch(request: Request, info: CommonInfo, see: See): void {
  request.signal.addEventListener(
    "abort",
    () => see("abort", [request.signal.reason?.name, request.signal.reason?.message]),
  );
  info.completed.then(() => see("completed", "resolved"), (error) => see("completed", error?.name));
}

/** Waits until its client has left. */
function waiting(request: Request, info: CommonInfo, see: See): Promise<Response> {
  watch(request, info, see);
  see("begun", true);
  return new Promise((resolve) =>
    request.signal.addEventListener("abort", () => resolve(new Response("late")))
  );
}

/** Says something, and then nothing any more. */
function streaming(headers: Record<string, string>): Case["handler"] {
  return (request, info, see) => {
    watch(request, info, see);
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        controller.enqueue(new Uint8Array([65]));
        see("begun", true);
      },
      cancel: (reason) => see("cancel", reason),
    });
    return new Response(body, { headers });
  };
}

/** Reads what never comes. */
async function reading(request: Request, info: CommonInfo, see: See): Promise<Response> {
  watch(request, info, see);
  see("begun", true);
  try {
    see("text", await request.text());
  } catch (error) {
    see("text", error instanceof Error);
  }
  return new Response("read");
}

export const CLIENTS: readonly Case[] = [
  {
    name: "closes while a handler waits",
    request: GET,
    handler: waiting,
    meanwhile: "close",
    awaits: ["abort", "completed"],
  },
  {
    name: "ends its side while a handler waits",
    request: GET,
    handler: waiting,
    meanwhile: "end",
    awaits: ["abort"],
  },
  {
    name: "leaves a stream",
    request: GET,
    handler: streaming({}),
    then: "leave",
    awaits: ["abort", "cancel", "completed"],
  },
  {
    name: "leaves a stream of a length",
    request: GET,
    handler: streaming({ "content-length": "9" }),
    then: "leave",
    awaits: ["abort"],
  },
  {
    name: "closes in the middle of its content",
    request: "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9\r\n\r\nabc",
    handler: reading,
    meanwhile: "close",
    awaits: ["text"],
  },
  {
    name: "ends its side in the middle of its content",
    request: "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9\r\n\r\nabc",
    handler: reading,
    meanwhile: "end",
    awaits: ["text"],
  },
  {
    name: "sends content that nobody reads",
    request: "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc",
    handler: () => new Response("unread"),
  },
  {
    name: "sends chunks that nobody reads",
    request: "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    handler: () => new Response("unread"),
  },
  {
    name: "waits for 100, and nobody reads",
    request: "POST / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
    handler: () => new Response("unread"),
  },
  {
    name: "gets a whole response",
    request: GET,
    handler: (request, info, see) => {
      watch(request, info, see);
      return new Response("whole");
    },
    awaits: ["completed"],
  },
];
