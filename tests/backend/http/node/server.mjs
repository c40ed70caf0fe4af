// Node's own HTTP server, which says what it has read. One line of JSON on standard output for each connection that has
// ended: the client's port, the requests that were whole, and the code of what was wrong, if anything was.
import { createServer } from "node:http";

const state = new WeakMap();

const server = createServer({
  keepAliveTimeout: 60_000,
  headersTimeout: 0,
  requestTimeout: 0,
  connectionsCheckingInterval: 1_000_000,
  // It would be refused with 400, unseen here.
  requireHostHeader: false,
});

server.on("connection", (socket) => {
  const port = socket.remotePort;
  const seen = { port, requests: [], error: "" };
  state.set(socket, seen);
  socket.on("close", () => {
    seen.requests = seen.requests.filter(({ whole }) => whole);
    process.stdout.write(JSON.stringify(seen) + "\n");
  });
});

server.on("request", (request, response) => {
  const fields = request.rawHeaders;
  const one = { method: request.method, target: request.url, fields, content: "", whole: false };
  state.get(request.socket).requests.push(one);
  request.on("data", (piece) => one.content += piece.toString("latin1"));
  request.on("end", () => {
    one.whole = true;
    response.end("ok");
  });
});

// An expectation other than 100-continue: Node answers 417 if nobody listens, and so do we here.
server.on("checkExpectation", (request, response) => {
  state.get(request.socket).error = "EXPECTATION";
  response.writeHead(417, { Connection: "close" }).end();
});

server.on("connect", (request, socket) => {
  state.get(socket).requests.push({
    method: request.method,
    target: request.url,
    fields: request.rawHeaders,
    content: "",
    whole: true,
  });
  socket.destroy();
});

server.on("clientError", (error, socket) => {
  const seen = state.get(socket);
  seen.error ||= error.code ?? String(error);
  socket.destroy();
});

server.listen(
  0,
  "127.0.0.1",
  () => process.stdout.write(JSON.stringify({ listening: server.address().port }) + "\n"),
);
// The parent's end is this one's.
process.stdin.resume().on("end", () => process.exit(0));
