/** From a request to a WebSocket: the opening handshake (RFC 6455, 4.2). */

import { listOf, valuesOf } from "../../http/hop_by_hop.ts";
import { ConnectionLost } from "../connection/connection.ts";
import { takeStream } from "../connection/taken_socket.ts";
import type { Exchange, Field } from "../http/exchange.ts";
import type { WebSocketOptions } from "./handler.ts";
import { checkUpgrade, switchingResponse, upgrade } from "./leaving_http.ts";
import { type Peer, ServedWebSocket } from "./served_websocket.ts";
import { UpgradeError } from "./upgrade_error.ts";

/** Seconds, as with `Deno.upgradeWebSocket`. */
const IDLE_TIMEOUT = 30;
/** Bytes, as there. */
const MAX_PAYLOAD = 64 * 1024 * 1024;

/** Sixteen bytes in Base64 (RFC 6455, 4.1). */
const KEY = /^[+/0-9A-Za-z]{22}==$/;
/** A list of tokens (RFC 9110, 5.6.2). */
const TOKENS = /^[!#$%&'*+\-.^`|~\w]+(?:[ \t]*,[ \t]*[!#$%&'*+\-.^`|~\w]+)*$/;

/**
 * What a client lacks to be answered with a WebSocket.
 *
 * @throws {UpgradeError} what that is
 */
function checkHandshake(exchange: Exchange, fields: readonly Field[]): void {
  const value = (name: string) => valuesOf(fields, name).join(", ");
  if (exchange.method !== "GET") throw new UpgradeError("a WebSocket begins with GET");
  if (!listOf(fields, "upgrade").includes("websocket")) {
    throw new UpgradeError("the request's Upgrade field does not name websocket");
  }
  if (value("sec-websocket-version") !== "13") {
    throw new UpgradeError("Sec-WebSocket-Version is not 13", [["Sec-WebSocket-Version", "13"]]);
  }
  if (!KEY.test(value("sec-websocket-key"))) {
    throw new UpgradeError("Sec-WebSocket-Key is not 16 bytes in Base64");
  }
  const protocols = value("sec-websocket-protocol");
  if (protocols !== "" && !TOKENS.test(protocols)) {
    throw new UpgradeError("Sec-WebSocket-Protocol is not a list of names");
  }
}

function checkOptions({ idleTimeout = 0, maxPayload = 1 }: WebSocketOptions): void {
  if (!(idleTimeout >= 0 && idleTimeout < Infinity)) {
    throw new RangeError(`Cannot upgrade: idleTimeout is ${idleTimeout}; give seconds, or 0 for none`);
  }
  if (!(maxPayload > 0 && Number.isSafeInteger(maxPayload))) {
    throw new RangeError(`Cannot upgrade: maxPayload is ${maxPayload}; give a number of bytes`);
  }
}

/** What a handler has begun by asking for a WebSocket; it is done when the handler returns the response. */
export class WebSocketSwitch {
  readonly socket: ServedWebSocket = new ServedWebSocket();
  readonly response: Response = switchingResponse();

  /**
   * @throws {UpgradeError} when the client has not asked for a WebSocket
   * @throws {TypeError} when it is too late for one
   * @throws {RangeError} when an option makes no sense
   */
  constructor(readonly exchange: Exchange, readonly options: WebSocketOptions) {
    const fields = exchange.fields();
    checkUpgrade(exchange, fields);
    checkHandshake(exchange, fields);
    checkOptions(options);
  }

  /** Answers with 101, and opens the socket. */
  async complete(): Promise<void> {
    const { protocol, idleTimeout = IDLE_TIMEOUT, maxPayload = MAX_PAYLOAD } = this.options;
    const { exchange } = this;
    // Loaded with the first WebSocket: most handlers have none.
    const { WebSocketServer } = await import("ws");
    if (exchange.connection.closed) throw new ConnectionLost("Cannot upgrade: the client is gone");
    const server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload,
      handleProtocols: (offered: ReadonlySet<string>) =>
        protocol !== undefined && offered.has(protocol) ? protocol : false,
    });
    server.on("headers", (lines: string[]) => {
      for (const [name, value] of this.response.headers) lines.push(`${name}: ${value}`);
    });
    // It lasts, and so does what is known here for its sake: not all of the request.
    const { socket: own } = this;
    const { socket, head, request } = upgrade(
      exchange,
      (connection) => takeStream(connection, () => own.leave()),
    );
    let peer: Peer | undefined;
    server.handleUpgrade(request, socket, head, (opened: Peer) => peer = opened);
    if (peer === undefined) {
      socket.destroy();
      throw new ConnectionLost("Cannot upgrade: the client is gone");
    }
    this.socket.open(peer, socket, idleTimeout, exchange.connection.home.loop.clock);
    if (exchange.connection.home.leaving) void this.socket.leave();
  }

  /** There will be no WebSocket. @param reason why, for its event "error" */
  abandon(reason: string): void {
    this.socket.abandon(`Cannot open the WebSocket: ${reason}`);
  }
}
