/** What can happen to a connection, and what follows: every change of {@linkcode ConnectionState} but for waiting. */

import { type Descriptor, EPOLLRDHUP, resetConnection } from "../../ffi/mod.ts";
import type { AnswerStatus } from "../http/answers.ts";
import { SIZE_ADDRESS } from "../protocol/messages.ts";
import type { Transfer } from "../protocol/transfer.ts";
import type { Acceptor } from "./acceptor.ts";
import { writeSockaddr } from "./address.ts";
import type { Connection } from "./connection.ts";
import { counterIndex } from "./counters.ts";
import type { Front } from "./front.ts";
import type { HandoffChannel } from "./handoff_channel.ts";

const ACCEPTED = counterIndex("accepted");
const HANDED_OVER = counterIndex("handedOver");
const RECLAIMED = counterIndex("reclaimed");
const RETURNED = counterIndex("returned");
const REFUSED = counterIndex("refused");
const DROPPED = counterIndex("dropped");

/** The transitions. connection.ts draws them. */
export class Lifecycle {
  constructor(readonly front: Front) {}

  /** A connection was accepted; its peer's address is in the front's address buffer. */
  accepted(fd: Descriptor, acceptor: Acceptor): void {
    const { front } = this;
    front.exhaustion.accepted();
    const connection = front.pool.take();
    connection.begin(fd, acceptor);
    writeSockaddr(connection.addresses, connection.at, front.addressBuffer.bytes);
    front.counters.add(ACCEPTED, 1);
    front.examiner.examine(connection);
  }

  /** A backend has given a connection back, and been told that we have it. */
  returned(fd: Descriptor, transfer: Transfer): void {
    const { front } = this;
    const connection = front.pool.take();
    connection.begin(fd, front.acceptorOf(transfer.local));
    connection.addresses.set(transfer.client, connection.at);
    connection.addresses.set(transfer.local, connection.at + SIZE_ADDRESS);
    connection.localKnown = true;
    connection.preread = transfer.preread;
    connection.requests = transfer.requests;
    front.counters.add(RETURNED, 1);
    front.examiner.examine(connection);
  }

  /** Something has come from the client, or the client has gone. */
  ready(connection: Connection, events: number): void {
    if (connection.state === "refusing") {
      if (this.front.refusals.readAway(connection.fd)) this.end(connection);
      return;
    }
    if (events & EPOLLRDHUP) connection.ended = true;
    if (connection.state === "parked") this.front.parking.leave(connection);
    this.front.examiner.examine(connection);
  }

  /** A connection's deadline has passed; which one, its state says. */
  expired(connection: Connection): void {
    switch (connection.state) {
      case "reading":
        // Browsers open connections in advance; one that never asked anything is owed no answer.
        if (connection.seen === 0) this.drop(connection);
        else this.refuse(connection, 408, "the request head was not complete in time", false);
        return;
      case "parked":
        return this.front.parking.expired(connection);
      case "waiting":
        return this.front.waitingRoom.expired(connection);
      case "handed":
        return connection.channel!.end(
          `no acknowledgement within ${this.front.limits.acknowledgeTimeout} ms`,
        );
      case "refusing":
        return this.end(connection);
      case "free":
        return;
    }
  }

  /** A backend has acknowledged the connection: it is the backend's, and our copy is closed. */
  handedOver(connection: Connection): void {
    this.front.counters.add(HANDED_OVER, 1);
    this.end(connection);
  }

  /** A hand-off was not acknowledged and never will be: the connection, untouched, is the front's again. */
  reclaim(connection: Connection): void {
    this.front.counters.add(RECLAIMED, 1);
    connection.state = "reading";
    connection.seen = 0;
    this.front.examiner.examine(connection);
  }

  /** A backend does not want this one connection. @param reason where people should know */
  unwanted(connection: Connection, channel: HandoffChannel, reason?: string): void {
    connection.refusedBy = [...connection.refusedBy, channel];
    if (reason === undefined) return;
    this.front.report({ type: "handoff-refused", backend: channel.link.backend.name, reason });
  }

  /** Answers with an error and ends the connection so that the client can read it. */
  refuse(connection: Connection, status: AnswerStatus, why: string, head: boolean): void {
    this.front.counters.add(REFUSED, 1);
    if (connection.begun) return this.#breakOff(connection, why);
    this.front.refusals.refuse(connection, status, why, head);
  }

  /**
   * Ends a connection on which a response has begun that nobody goes on with. A reset, since what has no length ends
   * where the connection does: the client must not take what it has for the whole (RFC 9112, 8).
   */
  #breakOff(connection: Connection, why: string): void {
    this.front.report({ type: "response-broken-off", why });
    resetConnection(connection.fd);
    this.end(connection);
  }

  /** Ends a connection without a word: its client is gone, or asks nothing (more). */
  drop(connection: Connection): void {
    if (connection.requests === 0) this.front.counters.add(DROPPED, 1);
    this.end(connection);
  }

  /** Ends our part in a connection. */
  end(connection: Connection): void {
    connection.end();
    this.front.pool.give(connection);
    if (this.front.exhaustion.paused) this.front.exhaustion.resume();
    if (this.front.stopping) this.front.endIfEmpty();
  }
}
