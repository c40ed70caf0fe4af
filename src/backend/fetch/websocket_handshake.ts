/** From a request to a WebSocket: the opening handshake (RFC 6455, 4.2). */

import { listOf, valuesOf } from "../../http/hop_by_hop.ts";
import { ConnectionLost } from "../connection/connection.ts";
import type { Exchange, Field } from "../http/exchange.ts";
import type { WebSocketOptions } from "./handler.ts";
import { latin1Bytes } from "../http/head_text.ts";
import { checkUpgrade, switchingResponse } from "./leaving_http.ts";
import { ServedWebSocket } from "./served_websocket.ts";
import { UpgradeError } from "./upgrade_error.ts";
import { WebSocketConnection } from "./websocket_connection.ts";

/** Seconds, as with `Deno.upgradeWebSocket`. */
const IDLE_TIMEOUT = 30;
/** Bytes, as there. */
const MAX_PAYLOAD = 64 * 1024 * 1024;

/** Sixteen bytes in Base64 (RFC 6455, 4.1). */
const KEY = /^[+/0-9A-Za-z]{22}==$/;
/** What is put behind the key to make the answer to it (RFC 6455, 1.3). */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
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
    const { idleTimeout = IDLE_TIMEOUT, maxPayload = MAX_PAYLOAD } = this.options;
    const { exchange, socket } = this;
    // Loaded with the first WebSocket: most handlers have none.
    const { createHash } = await import("node:crypto");
    const fields = exchange.fields();
    if (exchange.connection.closed) throw new ConnectionLost("Cannot upgrade: the client is gone");
    checkUpgrade(exchange, fields);
    const [protocol, lines] = this.#answer(
      fields,
      (key) => createHash("sha1").update(key + GUID).digest("base64"),
    );
    const { connection } = exchange;
    const head = exchange.leave();
    const answer = latin1Bytes(lines);
    if (connection.send(answer, false) !== answer.length) {
      connection.close();
      throw new ConnectionLost("Cannot upgrade: the client takes no answer");
    }
    // It lasts, and so does what is known here for its sake: not all of the request.
    connection.farewell = () => socket.leave();
    const terms = { maxPayload, idleTimeout, protocol };
    socket.open((owner) => new WebSocketConnection(connection, owner, terms), head);
    if (connection.home.leaving) void socket.leave();
  }

  /** The subprotocol that is spoken, and the head of the response. @param accept of a key */
  #answer(fields: readonly Field[], accept: (key: string) => string): [protocol: string, head: string] {
    const offered = valuesOf(fields, "sec-websocket-protocol").join(",").split(",").map((name) =>
      name.trim()
    );
    const { protocol: wanted } = this.options;
    const protocol = wanted !== undefined && offered.includes(wanted) ? wanted : "";
    let lines = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${accept(valuesOf(fields, "sec-websocket-key").join(", "))}\r\n`;
    if (protocol !== "") lines += `Sec-WebSocket-Protocol: ${protocol}\r\n`;
    for (const [name, value] of this.response.headers) lines += `${name}: ${value}\r\n`;
    return [protocol, `${lines}\r\n`];
  }

  /** There will be no WebSocket. @param reason why, for its event "error" */
  abandon(reason: string): void {
    this.socket.abandon(`Cannot open the WebSocket: ${reason}`);
  }
}
