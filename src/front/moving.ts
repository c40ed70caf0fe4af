/**
 * Connections that go from one data plane to another: to a Worker of the front that takes over, or back when that comes to
 * nothing. They go as plain data, with the number of their descriptor, which belongs to whoever has the record.
 */

import { adopt, EPOLLIN } from "../../ffi/mod.ts";
import type { Connection } from "./connection/connection.ts";
import { PEER_HTTPS, SIZE_ADDRESS, SIZE_FIELD } from "../protocol/messages.ts";
import type { Peer } from "../protocol/peer_field.ts";
import type { Acceptors } from "./accept/acceptors.ts";
import type { Introductions } from "./introductions.ts";
import type { ReturnedTls } from "./route/returned_tls.ts";
import type { Routing } from "./route/routing.ts";
import type { Examination } from "./wait/reclaimed.ts";
import type { ConnectionPool } from "./connection/connection_pool.ts";
import type { Core } from "./core/core.ts";
import type { Dispatch } from "./dispatch.ts";
import type { Endings } from "./endings.ts";
import type { Inquiries } from "./inquiry/inquiries.ts";
import type { MovedConnection } from "./plan.ts";
import type { Parking } from "./wait/parking.ts";

/** Where a connection may be that goes. */
export interface Places {
  readonly pool: ConnectionPool;
  readonly endings: Endings;
  readonly dispatch: Dispatch;
  readonly inquiries: Inquiries;
  readonly parking: Parking;
  readonly acceptors: Acceptors;
  readonly routing: Routing;
  readonly returnedTls: ReturnedTls;
  readonly introductions: Introductions;
}

const NEVER = -1;

/** Has connections go, and takes in those that come. */
export class Moving {
  /** Everything goes that is the front's, or becomes so: nothing is looked at any more. */
  away = false;
  /** Of a front that stops: connections on which nobody asks anything go, too. */
  keepsIdle = false;

  constructor(readonly core: Core, readonly places: Places, readonly examination: Examination) {}

  /** Begins to let everything go. @returns what the front owns now, but for what channels answer for */
  begin(): MovedConnection[] {
    this.away = true;
    const moved: MovedConnection[] = [];
    for (const connection of this.places.pool.all) {
      const { state } = connection;
      if (state !== "free" && state !== "handed" && state !== "reclaimed") {
        moved.push(this.#release(connection));
      }
    }
    return moved;
  }

  /** One has become the front's, and goes as well. */
  follow(connection: Connection): void {
    this.core.report({ type: "moved", connections: [this.#release(connection)] });
    this.places.endings.checkEmpty();
  }

  /** Nobody asks anything on a connection of a front that stops, or its client has ended it. */
  spare(connection: Connection): void {
    if (this.keepsIdle && !connection.ended) return this.follow(connection);
    if (connection.state === "parked") this.places.parking.leave(connection);
    this.places.endings.drop(connection);
  }

  #release(connection: Connection): MovedConnection {
    const { loop: { now }, deadlines: { head } } = this.core;
    const left = Math.max(0, connection.due - now);
    const { state, requests, preread, tls, unread, begun, waitsSince, unannounced, hasPeer, peerAt, error } =
      connection;
    connection.findLocal();
    const client = hasPeer ? connection.addresses.subarray(peerAt, peerAt + SIZE_ADDRESS) : connection.client;
    const record = {
      client: client.slice(),
      local: connection.local.slice(),
      requests,
      preread,
      tls,
      unread,
      unannounced,
      peer: !hasPeer ? 0 : connection.peerFlags & PEER_HTTPS ? 2 : 1,
      begun,
      ...error === undefined ? {} : { error },
      head: state === "reading" && connection.deadlines === head ? left : NEVER,
      idle: state === "parked" ? left : NEVER,
      lingers: state === "refusing" ? left : NEVER,
      waited: waitsSince === 0 ? NEVER : now - waitsSince,
    };
    this.#leave(connection);
    return { ...record, fd: this.places.endings.release(connection) };
  }

  #leave(connection: Connection): void {
    const { parking, dispatch, inquiries } = this.places;
    if (connection.state === "parked") parking.leave(connection);
    else if (connection.state === "waiting") dispatch.leave(connection);
    else if (connection.state === "asking") inquiries.leave(connection);
  }

  /** One of which nobody knows more than its socket says. */
  #arrived(connection: Connection, { client }: MovedConnection): void {
    const { routing, introductions } = this.places;
    connection.addresses.set(client, connection.at);
    const routes = routing.of(connection.listener);
    connection.unread = routes?.unread !== undefined;
    if (introductions.begin(connection, routes?.front)) this.examination.examine(connection);
  }

  /** Takes a connection in. @param moved its descriptor is the front's from now on */
  takeIn(moved: MovedConnection): void {
    const { core: { loop: { now }, deadlines, limits }, places } = this;
    const { pool, acceptors, routing, returnedTls, introductions } = places;
    const fd = adopt(moved.fd);
    const connection = pool.take(fd, acceptors.of(moved.local), routing.errors);
    if (moved.fresh) return this.#arrived(connection, moved);
    const said = {
      ...moved.peer > 0 ? { peer: peerOf(moved) } : {},
      ...moved.tls.length > 0 ? { tls: moved.tls.subarray(SIZE_FIELD) } : {},
      ...moved.error === undefined ? {} : { error: moved.error },
      detail: 0,
    };
    const { client, local, preread, requests } = moved;
    connection.goOn({ client, local, preread, requests, ...said });
    returnedTls.remember(connection, said);
    connection.unread = moved.unread;
    connection.unannounced = moved.unannounced;
    connection.begun = moved.begun;
    if (!moved.unannounced) {
      introductions.again(connection, said, routing.of(connection.listener)?.front);
    }
    if (moved.lingers >= 0) {
      connection.to("refusing");
      deadlines.linger.startUntil(connection, now + moved.lingers);
      return connection.watchAnew(EPOLLIN);
    }
    if (moved.waited >= 0) {
      connection.waitsSince = now - moved.waited;
      connection.waitsUntil = connection.waitsSince + limits.queueTimeout;
    }
    this.examination.examine(connection);
    // What is left of its time goes on, unless something has happened with which another begins.
    if (connection.fd !== fd) return;
    if (moved.head >= 0 && connection.deadlines === deadlines.head) {
      deadlines.head.startUntil(connection, now + moved.head);
    } else if (moved.idle >= 0 && connection.state === "parked") {
      deadlines.keepAlive.startUntil(connection, now + moved.idle);
    }
  }
}

/** Who has connected, as far as the next look at the request does not say more. */
function peerOf({ client, peer }: MovedConnection): Peer {
  return { address: client, https: peer > 1, saidHttps: peer > 1, list: 0, trusted: false };
}
