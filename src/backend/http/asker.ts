/** Who asks, of one request: on a kept connection from somebody in front each may be another client's. */

import { SIZE_ADDRESS } from "../../protocol/messages.ts";
import type { FieldValue, TrustedProxies } from "../../trust/trust.ts";
import { readAddress, type TcpAddress } from "../connection/address.ts";
import type { Connection } from "../connection/connection.ts";

/** What is known of who asks. */
export interface Asker {
  readonly client: TcpAddress;
  /** The same as hand-offs carry it. */
  readonly address: Uint8Array;
  /** The scheme of URLs by which it asks. */
  readonly scheme: "http" | "https";
  /** Whose words count about it on this connection; undefined where nobody is trusted. */
  readonly proxies: TrustedProxies | undefined;
  /** Whether who has connected is one of those. */
  readonly trusted: boolean;
}

/**
 * Finds out who asks, as the front does for the first request of a connection (src/front/peer/said_client.ts).
 *
 * @param first whether it is the one that the front has looked at
 */
export function askerOf(connection: Connection, first: boolean, field: FieldValue): Asker {
  const { transfer: { peer, generation, tls, client: handed } } = connection;
  if (peer === undefined) {
    const { client, scheme } = connection;
    return { client, address: handed, scheme, proxies: undefined, trusted: false };
  }
  const { terms, trusted: lists } = connection.channel;
  // Lists are those of the generation that the front decided by; under another one only its first request is served.
  const proxies = terms?.number === generation ? lists[peer.list - 1] : undefined;
  const { trusted } = peer;
  const isSecure = tls !== undefined;
  if (first || !trusted || proxies === undefined) {
    const https = isSecure || (first ? peer.saidHttps : peer.https);
    const client = first ? connection.client : readAddress(peer.address);
    const address = first ? handed : peer.address;
    return { client, address, scheme: https ? "https" : "http", proxies, trusted };
  }
  const said = proxies.said(peer.address.subarray(0, SIZE_ADDRESS), field);
  const https = isSecure || (said.https ?? peer.https);
  return {
    client: readAddress(said.client),
    address: said.client,
    scheme: https ? "https" : "http",
    proxies,
    trusted,
  };
}
