// A backend in Node, for connections that its parent has received: ../python/node_backend.py starts it.

import { Buffer } from "node:buffer";
import { createServer } from "node:http";
import process from "node:process";

/** Where each client is: behind TLS its socket may be one end of a Unix stream, which has no addresses. */
const addresses = new WeakMap();

const server = createServer((request, response) => {
  const [host, port] = addresses.get(request.socket);
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.setHeader("Connection", "close"); // the next request may be for another backend
  response.end(`Hello ${host}:${port}, this is Node. You asked for ${request.url}.\n`);
});

process.on("message", ({ preread, address }, client) => {
  if (client === undefined) return; // it has left meanwhile
  addresses.set(client, address);
  // What was read from the client before it came here comes before what its socket holds.
  if (preread !== "") client.unshift(Buffer.from(preread, "base64"));
  server.emit("connection", client);
});

// Who stops a service may tell every process of it. The parent takes nothing more then, and this one finishes.
process.on("SIGTERM", () => {});
