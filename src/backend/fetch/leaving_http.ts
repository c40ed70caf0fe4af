/** Connections that leave HTTP in the middle of a request: the handler goes on with another protocol (RFC 9110, 7.8). */

import { Buffer } from "node:buffer";
import { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { listOf } from "../../http/hop_by_hop.ts";
import { takeSocket } from "../connection/taken_socket.ts";
import type { Exchange, Field } from "../http/exchange.ts";
import type { Upgrade } from "./handler.ts";
import { UpgradeError } from "./upgrade_error.ts";

/**
 * Whether a connection may be taken out of HTTP now.
 *
 * @throws {UpgradeError} when the client has not asked for it
 * @throws {TypeError} when it is too late, or was done already
 */
export function checkUpgrade(exchange: Exchange, fields: readonly Field[]): void {
  if (exchange.progress === "left") {
    throw new TypeError("Cannot upgrade: the connection has been upgraded already");
  }
  if (exchange.responded || exchange.connection.closed) {
    throw new TypeError("Cannot upgrade: the request has been answered already");
  }
  // RFC 9110, 7.8: not for HTTP/1.0, and to nothing that the client has not named.
  if (exchange.minor === 0) throw new UpgradeError("an HTTP/1.0 client cannot ask for it");
  if (!listOf(fields, "connection").includes("upgrade") || listOf(fields, "upgrade").length === 0) {
    throw new UpgradeError('the request has no "Connection: Upgrade" with an Upgrade field');
  }
  if (!exchange.body.done) throw new UpgradeError("the request has content that nobody has read");
}

/**
 * Takes the connection of a request out of HTTP. The response, 101 (Switching Protocols), is up to whoever gets it.
 *
 * @throws as {@linkcode checkUpgrade} does
 */
export function upgrade(exchange: Exchange): Omit<Upgrade, "response"> {
  const fields = exchange.fields();
  checkUpgrade(exchange, fields);
  const head = Buffer.from(exchange.leave().buffer);
  const socket = takeSocket(exchange.connection);
  return { socket, head, request: messageOf(exchange, fields, socket) };
}

/** The request as libraries for Node know it. */
function messageOf(exchange: Exchange, fields: readonly Field[], socket: Socket): IncomingMessage {
  const own = (value: unknown) => ({ value, configurable: true, enumerable: true, writable: true });
  // Defined, not assigned: some of them are accessors without a setter in some runtimes.
  return Object.defineProperties(new IncomingMessage(socket), {
    method: own(exchange.method),
    url: own(exchange.target),
    httpVersion: own("1.1"),
    headers: own(headersOf(fields)),
    rawHeaders: own(fields.flat()),
    socket: own(socket),
    complete: own(true),
  });
}

/** Fields by their names in lower case, repeated ones joined as node:http does. */
function headersOf(fields: readonly Field[]): IncomingMessage["headers"] {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of fields) {
    const key = name.toLowerCase();
    const before = headers[key];
    if (key === "set-cookie") headers[key] = [...before ?? [], value];
    else if (before === undefined) headers[key] = value;
    else if (!ONCE.has(key)) headers[key] = `${before}${key === "cookie" ? "; " : ", "}${value}`;
  }
  return headers;
}

/** Fields of which node:http keeps the first. */
const ONCE: ReadonlySet<string> = new Set([
  "authorization",
  "content-length",
  "content-type",
  "from",
  "host",
  "if-modified-since",
  "if-unmodified-since",
  "max-forwards",
  "proxy-authorization",
  "referer",
  "user-agent",
]);

/** A response with 101, for a handler to return; the constructor of `Response` refuses to make one. */
export function switchingResponse(): Response {
  const own = (value: unknown) => ({ value, enumerable: true });
  return Object.defineProperties(new Response(null), {
    status: own(101),
    statusText: own("Switching Protocols"),
    ok: own(false),
  });
}
