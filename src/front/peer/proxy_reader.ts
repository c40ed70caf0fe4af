/** What somebody in front says of a connection before its first byte: the PROXY protocol. */

import { EAGAIN, libc, MSG_DONTWAIT, MSG_PEEK, settle } from "../../../ffi/mod.ts";
import { PEER_HTTPS, PEER_SAID_HTTPS, SIZE_ADDRESS } from "../../protocol/messages.ts";
import { MAX_PROXY_HEADER, ProxyHeader } from "../../trust/proxy_header.ts";
import type { TrustedProxies } from "../../trust/trust.ts";
import type { Connection } from "../connection/connection.ts";

const { recv } = libc;

/** What has come of it: the header is not whole; it is taken; there will be none; the client has gone. */
export type Announcement = "more" | "taken" | "bad" | "gone";

/**
 * Reads headers. It looks first, as at everything else: only of a header that is whole are bytes taken, and exactly its own.
 * So whoever gets the connection reads the first request from its first byte.
 */
export class ProxyReader {
  readonly #bytes = new Uint8Array(MAX_PROXY_HEADER);
  readonly #header = new ProxyHeader();

  /** Why there will be none, for people. */
  get why(): string {
    return this.#header.why;
  }

  /**
   * Looks at a connection. Where the header is whole, the client is who it says.
   *
   * @param proxies whose words count; undefined where everybody's do who can connect
   * @param https whether those do TLS for all of their clients
   */
  at(connection: Connection, proxies: TrustedProxies | undefined, https = false): Announcement {
    const { fd } = connection;
    const length = settle(recv(fd, this.#bytes, BigInt(MAX_PROXY_HEADER), MSG_PEEK | MSG_DONTWAIT));
    if (length < 0) return length === -EAGAIN ? "more" : "gone";
    if (length === 0) connection.ended = true;
    connection.seen = length;
    const header = this.#header;
    switch (header.read(this.#bytes, length)) {
      case "more":
        return "more";
      case "bad":
        return "bad";
      case "whole":
        connection.note(true);
        if (settle(recv(fd, this.#bytes, BigInt(header.size), MSG_DONTWAIT)) !== header.size) return "gone";
        connection.seen = 0;
        if (proxies === undefined || proxies.trusts(connection.addresses, connection.at)) {
          this.#believe(connection, https);
        }
        return "taken";
    }
  }

  #believe(connection: Connection, always: boolean): void {
    const { announced, client, https } = this.#header;
    if (https || always) connection.peerFlags |= PEER_HTTPS | PEER_SAID_HTTPS;
    if (announced) connection.addresses.set(client.subarray(0, SIZE_ADDRESS), connection.at);
  }
}
