/** Who the client of a connection is: who has connected, or whom those say who stand in front. */

import type { Limits } from "../config/config.ts";
import { PEER_HTTPS, PEER_SAID_HTTPS } from "../protocol/messages.ts";
import { isPair } from "../protocol/tls_field.ts";
import type { Transfer } from "../protocol/transfer.ts";
import type { AddressRates } from "../trust/address_rates.ts";
import { writeSockaddr } from "./connection/address.ts";
import type { Connection } from "./connection/connection.ts";
import type { Core } from "./core/core.ts";
import type { Endings } from "./endings.ts";
import type { Look } from "./look/look.ts";
import { ProxyReader } from "./peer/proxy_reader.ts";
import { takeSaidClient } from "./peer/said_client.ts";
import type { InFront } from "./route/listener_routes.ts";

const TOO_MANY = "its client has as many connections as one may have (maxConnectionsPerClient)";

const TOO_FAST = "its client connects more often than one may (maxConnectionRatePerClient)";
const TOO_MANY_REQUESTS = "its client asks more often than one may (maxRequestRatePerClient)";

/** What is known of a connection after a look: who its client is; not yet; or it has ended. */
export type Introduction = "known" | "more" | "ended";

/** Finds out, and counts connections by their clients as soon as these are known. */
export class Introductions {
  readonly #core: Core;
  readonly #endings: Endings;
  readonly #reader = new ProxyReader();
  /** Only where clients are limited: otherwise nobody is counted. */
  #connections: AddressRates | undefined;
  #requests: AddressRates | undefined;

  constructor(core: Core, endings: Endings) {
    this.#core = core;
    this.#endings = endings;
  }

  /** Takes the limits of a new configuration. */
  apply({ connectionRate, connectionBurst, requestRate, requestBurst }: Limits): void {
    const { rates } = this.#core;
    this.#connections = rates.table("connections", { rate: connectionRate, burst: connectionBurst });
    this.#requests = rates.table("requests", { rate: requestRate, burst: requestBurst });
  }

  /** As all Workers count time. */
  get #now(): number {
    return this.#core.loop.now + this.#core.rates.offset;
  }

  /** A connection was accepted. @returns whether it goes on */
  begin(connection: Connection, front: InFront | undefined): boolean {
    const { announced } = front ?? {};
    if (announced !== undefined && !announced.trusts(connection.addresses, connection.at)) {
      connection.unannounced = true;
      return true;
    }
    return this.#known(connection, front);
  }

  /** Looks for what somebody in front says of a connection that begins with it. */
  announce(connection: Connection, front: InFront | undefined): Introduction {
    switch (this.#reader.at(connection, front?.proxies, front?.https)) {
      case "more":
        return "more";
      case "gone":
        this.#endings.drop(connection);
        return "ended";
      case "bad":
        this.#endings.closeUnanswered(connection, this.#reader.why);
        return "ended";
      case "taken":
        connection.unannounced = false;
        connection.introduced = true;
        return this.#known(connection, front) ? "known" : "ended";
    }
  }

  #known(connection: Connection, front: InFront | undefined): boolean {
    connection.trustList = front?.list ?? 0;
    const trusted = front?.proxies?.trusts(connection.addresses, connection.at) === true;
    if (trusted && front!.https && front!.announced === undefined) {
      connection.peerFlags |= PEER_HTTPS | PEER_SAID_HTTPS;
    }
    if (connection.hasPeer) connection.keepPeer();
    // Its connections are those of many clients.
    if (trusted) return true;
    const { addresses, at } = connection;
    if (this.#connections?.allows(addresses, at, this.#now) === false) {
      this.#endings.closeUnanswered(connection, TOO_FAST);
      return false;
    }
    if (this.#core.perClient.enter(connection)) return true;
    this.#endings.closeUnanswered(connection, TOO_MANY);
    return false;
  }

  /** A backend has given a connection back. */
  again(
    connection: Connection,
    { peer, tls }: Pick<Transfer, "peer" | "tls">,
    front: InFront | undefined,
  ): void {
    connection.trustList = front?.list ?? 0;
    connection.introduced = front?.announced !== undefined;
    // A backend that does not repeat who has connected has said the client of an earlier request. The socket knows better,
    // unless it is no socket of the client's, or of one that somebody else has announced.
    if (peer === undefined && connection.trustList > 0 && front?.announced === undefined && !isPair(tls)) {
      const { address } = this.#core;
      if (address.readPeer(connection.fd) >= 0) {
        writeSockaddr(connection.addresses, connection.at, address.bytes);
      }
    }
    if (connection.hasPeer) connection.keepPeer();
    if (!front?.proxies?.trusts(connection.addresses, connection.at)) this.#core.perClient.enter(connection);
  }

  /**
   * The head of a request is whole: its client is who those in front say, as far as they are trusted.
   *
   * @returns whether it may ask; otherwise it was refused
   */
  asked(connection: Connection, look: Look, front: InFront): boolean {
    connection.trustList = front.list;
    if (front.proxies !== undefined) takeSaidClient(connection, look, front.proxies);
    if (this.#requests === undefined || connection.rated === connection.requests) return true;
    // Once for each, however often it is looked at: after waiting, or a hand-off that came to nothing.
    connection.rated = connection.requests;
    if (this.#requests.allows(connection.addresses, connection.at, this.#now)) return true;
    this.#endings.refuse(connection, 429, TOO_MANY_REQUESTS, connection.isHead);
    return false;
  }
}
