/** When there can be a response. */

import { type Connection, ConnectionLost } from "../connection/connection.ts";

/** @throws {Error} when there is a response already, or nobody to get one, or it would mean something else */
export function checkMayRespond(
  { responded, connection, method }: {
    readonly responded: boolean;
    readonly connection: Connection;
    readonly method: string;
  },
  status: number,
): void {
  if (responded) throw new Error("Cannot respond twice to one request");
  if (connection.closed) throw new ConnectionLost("Cannot respond: the connection is closed");
  // RFC 9110, 15.2: after an interim response the client waits for another one.
  if (status < 200) throw new TypeError(`Cannot respond with the interim status ${status}`);
  // RFC 9110, 9.3.6: what follows would be read as the first bytes of a tunnel.
  if (method === "CONNECT" && status < 300) throw new TypeError("Cannot respond to CONNECT with success");
}
