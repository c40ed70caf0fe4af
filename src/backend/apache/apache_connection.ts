/** A client connection that Apache has handed over: its request has been read, the head of a response is sent. */

import { type Descriptor, type InternetAddress, localAddress } from "../../../ffi/mod.ts";
import { KEEP_ALIVE_CLOSE, SCOPE_CONNECTION, SIZE_ADDRESS } from "../../protocol/messages.ts";
import type { Transfer } from "../../protocol/transfer.ts";
import type { TcpAddress } from "../connection/address.ts";
import { Connection, type ConnectionHome } from "../connection/connection.ts";

const NOTHING = new Uint8Array(0);
const UNKNOWN = new Uint8Array(SIZE_ADDRESS);

/** What Apache says of a connection: nothing. It is this backend's to its end. */
const UNSAID: Transfer = {
  id: 0,
  client: UNKNOWN,
  local: UNKNOWN,
  generation: 0,
  requests: 0,
  detail: SCOPE_CONNECTION,
  keepAlive: KEEP_ALIVE_CLOSE,
  site: "",
  route: "",
  path: "",
  except: NOTHING,
  map: "",
  preread: NOTHING,
};

/** Its addresses are asked of the socket. */
export class ApacheConnection extends Connection {
  readonly #client: TcpAddress;
  #local: TcpAddress | undefined;

  /**
   * @param fd owned by this object from now on
   * @param process the number of the process that handed it over
   */
  constructor(home: ConnectionHome, fd: Descriptor, client: InternetAddress, readonly process: number) {
    super(home, fd, undefined, UNSAID);
    this.#client = tcpAddress(client);
  }

  override get client(): TcpAddress {
    return this.#client;
  }

  override get local(): TcpAddress {
    return this.#local ??= tcpAddress(this.closed ? undefined : localAddress(this.fd));
  }
}

function tcpAddress(address: InternetAddress | undefined): TcpAddress {
  return { transport: "tcp", hostname: address?.host ?? "", port: address?.port ?? 0 };
}
