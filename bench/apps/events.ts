/**
 * A handler that answers /open with a stream of events that says nothing after the first, and ends all streams when it
 * is asked for /end: a server notices only when it writes that a client has left.
 */

const FIRST = new TextEncoder().encode("data: open\n\n");

const open = new Set<ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>>();

function stream(): Response {
  let own: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      own = controller;
      open.add(controller);
      controller.enqueue(FIRST);
    },
    cancel: () => void open.delete(own),
  });
  // Without the second field nginx waits for more before it passes an event on (its documentation of proxy_buffering).
  return new Response(body, { headers: { "Content-Type": "text/event-stream", "X-Accel-Buffering": "no" } });
}

function end(): void {
  for (const controller of open) controller.close();
  open.clear();
}

export default {
  fetch(request: Request): Response {
    if (request.url.endsWith("/open")) return stream();
    if (request.url.endsWith("/end")) end();
    return new Response("hello\n");
  },
};
