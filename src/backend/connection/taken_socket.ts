/** A connection as a socket of node:net, for libraries and protocols that know those. */

import { Socket } from "node:net";
import { close, type Descriptor, SHUT_WR, shutdown } from "../../../ffi/mod.ts";
import type { Connection } from "./connection.ts";
import { StandIn } from "./stand_in_socket.ts";

/**
 * The runtime's socket on a descriptor that was handed over. It owns the descriptor.
 *
 * Either side may end before the other, as on the sockets of node:http. An error is no exception where nobody listens for
 * it: a client that resets its connection must not end the process.
 */
class TakenSocket extends Socket {
  readonly #fd: Descriptor;

  constructor(fd: Descriptor) {
    super({ fd, allowHalfOpen: true });
    this.#fd = fd;
    this.setNoDelay(true);
    this.on("error", () => {});
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    // Another process may have a copy (see Connection.close), and closing ours would say nothing to the client then. The
    // descriptor is open for as long as the socket is not destroyed.
    shutdown(this.#fd, SHUT_WR);
    super._destroy(error, callback);
  }
}

/** Whether the runtime can make a socket of an open descriptor: Deno 2.7.13 and later can. */
const CAN_TAKE: boolean = (() => {
  const NOBODYS = 2 ** 31 - 1;
  try {
    new Socket({ fd: NOBODYS }).destroy();
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== "ERR_NOT_IMPLEMENTED";
  }
})();

/**
 * Takes a connection over.
 *
 * The connection counts as one of the backend's until the socket has closed. When the backend ends, the socket is
 * destroyed.
 *
 * @param farewell takes leave of the client, where what is spoken has a way to; settles when the connection has ended
 * @throws {ConnectionLost} when the connection is closed
 */
export function takeSocket(connection: Connection, farewell?: () => Promise<void>): Socket {
  connection.farewell = farewell;
  // Where the kernel does TLS, the runtime would take the client's close_notify for an error, and say none itself.
  if (!CAN_TAKE || connection.kernelTls) return new StandIn(connection) as unknown as Socket;
  const fd = connection.surrender(() => socket.destroy());
  let socket: Socket;
  try {
    socket = new TakenSocket(fd);
  } catch (error) {
    close(fd);
    connection.concluded();
    throw error;
  }
  socket.once("close", () => connection.concluded());
  return socket;
}
