/**
 * The way of a connection through the front: accepted, looked at, routed, handed over; acknowledged, or back again. What
 * the parts find out comes here, and here it is decided what follows.
 */

import { type Descriptor, EPOLLET, EPOLLIN, EPOLLRDHUP } from "../../ffi/mod.ts";
import type { AnswerStatus } from "../http/answers.ts";
import type { Limits } from "../config/config.ts";
import type { Transfer } from "../protocol/transfer.ts";
import type { Arrivals } from "./accept/acceptor.ts";
import { Acceptors } from "./accept/acceptors.ts";
import { writeSockaddr } from "./connection/address.ts";
import type { Connection, ConnectionEvents, Listener } from "./connection/connection.ts";
import { ConnectionPool } from "./connection/connection_pool.ts";
import type { Core } from "./core/core.ts";
import { counterIndex } from "./core/counters.ts";
import { Dispatch } from "./dispatch.ts";
import { Moving } from "./moving.ts";
import { Endings } from "./endings.ts";
import type { Objection, Owner } from "./handoff/handoff_channel.ts";
import { Introductions } from "./introductions.ts";
import { Inquiries, NOT_FOUND_OUT } from "./inquiry/inquiries.ts";
import { Look } from "./look/look.ts";
import { askedName, ReturnedTls } from "./route/returned_tls.ts";
import { clientOf } from "./route/request_view.ts";
import type { Finding, Question } from "../rules/access.ts";
import { Routing } from "./route/routing.ts";
import { Exhaustion } from "./wait/exhaustion.ts";
import { MakingRoom } from "./wait/making_room.ts";
import { Parking } from "./wait/parking.ts";
import { type Examination, Reclaimed } from "./wait/reclaimed.ts";
import { Rounds } from "./wait/rounds.ts";

const SPEAKS_TLS = "the client speaks TLS, and clear text is spoken on its address";

const ACCEPTED = counterIndex("accepted");
const HANDED_OVER = counterIndex("handedOver");
const RECLAIMED = counterIndex("reclaimed");
const RETURNED = counterIndex("returned");

const UNANSWERED = "its backend gives the connection back again and again, with no answer in between";

/**
 * Decides what becomes of a connection, whatever has happened to it. The state itself is changed by the part that does what
 * was decided: the pool, `Endings`, `Dispatch`, the waiting room, parking.
 */
export class Flow implements Arrivals, ConnectionEvents, Examination, Owner {
  readonly pool: ConnectionPool;
  readonly acceptors: Acceptors;
  readonly routing: Routing = new Routing();
  readonly inquiries: Inquiries;
  readonly dispatch: Dispatch;
  readonly #core: Core;
  readonly endings: Endings;
  readonly moving: Moving;
  readonly #parking: Parking;
  readonly #makingRoom: MakingRoom;
  readonly #exhaustion: Exhaustion;
  readonly #reclaimed: Reclaimed;
  readonly #returnedTls: ReturnedTls;
  readonly #rounds = new Rounds();
  readonly #introductions: Introductions;
  #look: Look;

  /** @param key see TlsProof @param emptied called when a front that stops owns no connection any more */
  constructor(core: Core, key: Uint8Array<ArrayBuffer>, emptied: () => void) {
    this.#core = core;
    this.pool = new ConnectionPool(core, this);
    this.acceptors = new Acceptors(core, this);
    this.inquiries = new Inquiries(core);
    this.#parking = new Parking(core);
    const end = (connection: Connection) =>
      connection.state === "refusing" ? this.endings.end(connection) : this.endings.drop(connection);
    this.#makingRoom = new MakingRoom(core, this.#parking, { examination: this, end });
    this.#exhaustion = new Exhaustion(core, this.acceptors);
    this.endings = new Endings(core, this.pool, this.#exhaustion, emptied);
    this.#introductions = new Introductions(core, this.endings);
    this.dispatch = new Dispatch(core, this.endings, this);
    this.#reclaimed = new Reclaimed(core, this);
    this.#returnedTls = new ReturnedTls(key, (local) => this.routing.of(this.acceptors.of(local))?.unread);
    this.#look = new Look(core.limits);
    this.moving = new Moving(core, {
      ...{ pool: this.pool, endings: this.endings, dispatch: this.dispatch, inquiries: this.inquiries },
      ...{ acceptors: this.acceptors, routing: this.routing },
      parking: this.#parking,
      returnedTls: this.#returnedTls,
      introductions: this.#introductions,
    }, this);
  }

  /** Takes the limits of a new configuration. */
  apply(limits: Limits): void {
    this.#look = new Look(limits);
    this.pool.limitPerClient(limits.perClient);
    this.#introductions.apply(limits);
  }

  // --- where connections come from --------------------------------------------------------------------------------------

  arrived(fd: Descriptor, listener: Listener, peer: Uint8Array): void {
    this.#exhaustion.accepted();
    const connection = this.pool.take(fd, listener, this.routing.errors, true);
    writeSockaddr(connection.addresses, connection.at, peer);
    const routes = this.routing.of(listener);
    connection.unread = routes?.unread !== undefined;
    this.#core.counters.add(ACCEPTED, 1);
    if (this.#introductions.begin(connection, routes?.front)) this.examine(connection);
  }

  objection(fd: Descriptor, transfer: Transfer, backend: string): Objection | undefined {
    return this.#returnedTls.objection(fd, transfer, backend);
  }

  returned(fd: Descriptor, transfer: Transfer): void {
    const connection = this.pool.take(fd, this.acceptors.of(transfer.local), this.routing.errors);
    connection.goOn(transfer);
    this.#returnedTls.remember(connection, transfer);
    this.#core.counters.add(RETURNED, 1);
    this.#introductions.again(connection, transfer, this.routing.of(connection.listener)?.front);
    if (this.#rounds.tooMany(fd, transfer.requests, this.#core.loop.now)) {
      const isHead = this.#asksHead(connection);
      // Where nothing has come, nobody is owed an answer, and nothing goes round: it waits for its client.
      if (connection.seen > 0 || connection.unread) {
        return this.endings.refuse(connection, 508, UNANSWERED, isHead);
      }
    }
    this.examine(connection);
  }

  reclaimed(connection: Connection): void {
    this.#core.counters.add(RECLAIMED, 1);
    this.#reclaimed.enter(connection);
  }

  ready(connection: Connection, events: number): void {
    if (connection.state === "refusing") return this.endings.refusedReady(connection);
    if (events & EPOLLRDHUP) connection.ended = true;
    if (connection.state === "parked") this.#parking.leave(connection);
    this.examine(connection);
  }

  expired(connection: Connection): void {
    switch (connection.state) {
      case "reading":
        // Browsers open connections in advance; one that never asked anything is owed no answer.
        if (connection.seen === 0) this.endings.drop(connection);
        else {this.endings.refuse(
            connection,
            408,
            "the request head was not complete in time",
            this.#asksHead(connection),
          );}
        return;
      case "parked":
        this.#parking.leave(connection);
        return this.endings.leave(connection);
      case "waiting":
        return this.dispatch.waitedTooLong(connection);
      case "asking":
        this.inquiries.leave(connection);
        return this.endings.refuse(connection, 503, NOT_FOUND_OUT, connection.isHead);
      case "handed":
        return connection.channel!.end(
          `no acknowledgement within ${this.#core.limits.acknowledgeTimeout} ms`,
        );
      case "refusing":
        return this.endings.end(connection);
      case "reclaimed":
      case "free":
        return; // no deadline runs
    }
  }

  acknowledged(connection: Connection): Descriptor {
    this.#core.counters.add(HANDED_OVER, 1);
    return this.endings.handedOver(connection);
  }

  // --- look, and route -----------------------------------------------------------------------------------

  /** Whether what has come of a request is one for HEAD. */
  #asksHead(connection: Connection): boolean {
    this.#look.at(connection);
    return this.#look.isHead;
  }

  /** Looks at a connection, and acts on what is there: waits for more, refuses, drops, or hands over. */
  examine(connection: Connection): void {
    if (this.moving.away) return this.moving.follow(connection);
    this.#core.ledger.looks(connection.fd);
    const look = this.#look;
    if (connection.unannounced) {
      const { front } = this.routing.of(connection.listener) ?? {};
      const announcement = this.#introductions.announce(connection, front);
      if (announcement !== "known") return announcement === "more" ? this.#awaitMore(connection) : undefined;
    }
    if (connection.unread) return this.#passUnread(connection, look);
    switch (look.at(connection)) {
      case "more":
        return this.#awaitMore(connection);
      case "gone":
        return this.endings.drop(connection);
      case "reject":
        return this.endings.refuse(connection, look.head.status as AnswerStatus, look.head.why, look.isHead);
      case "http2":
        return this.endings.refuseHttp2(connection);
      case "head":
        return this.#route(connection, look);
      case "tls":
        return this.endings.closeUnanswered(connection, SPEAKS_TLS);
    }
  }

  /** Nothing on it is for us to read: it goes to its handshake, or, with the name that its client asks for, to its site. */
  #passUnread(connection: Connection, look: Look): void {
    const group = this.routing.of(connection.listener)?.unread?.find(askedName(connection), look);
    if (group === undefined) {
      return this.endings.closeUnanswered(connection, "nobody does TLS on its address any more");
    }
    this.dispatch.handOver(connection, group, look);
  }

  #awaitMore(connection: Connection): void {
    if (connection.ended && connection.seen > 0) {
      return this.endings.refuse(connection, 400, "the request ends in its head", this.#look.isHead);
    }
    // Who asks nothing is owed nothing, neither after its end nor after ours.
    if (connection.seen === 0 && (connection.ended || this.#core.stopping)) {
      return this.moving.spare(connection);
    }
    // Edge-triggered: peeked bytes stay in the socket, and a level would fire without end.
    connection.watch(EPOLLIN | EPOLLRDHUP | EPOLLET);
    // Between two requests a client may take its time; from the first byte on it is held to the head's deadline.
    if (connection.requests > 0 && connection.seen === 0) return this.#park(connection);
    const { deadlines: { head }, loop } = this.#core;
    if (connection.deadlines !== head) head.start(connection, loop.now);
    this.#makingRoom.note(connection);
  }

  /** Where more are parked than may be, those that are idle longest go. */
  #park(connection: Connection): void {
    this.#parking.enter(connection);
    this.#parking.trim((surplus) => this.endings.leave(surplus));
  }

  /** The head is complete: finds out whose the request is. */
  #route(connection: Connection, look: Look): void {
    // The next look, if there is one, is after waiting or after a hand-off that came to nothing. There is no new byte then;
    // forgetting what was seen has the head read again all the same.
    connection.seen = 0;
    connection.headIsWhole(look.isHead);
    const routes = this.routing.of(connection.listener);
    if (routes === undefined) {
      return this.endings.refuse(connection, 404, "no listener has its address any more", connection.isHead);
    }
    if (!this.#introductions.asked(connection, look, routes.front)) return;
    const group = routes.find(look, connection);
    connection.errors = routes.errors ?? this.routing.errors;
    connection.site = routes.site;
    if (group === undefined) {
      if (routes.question !== undefined) return this.#ask(connection, routes.question);
      if (this.endings.answer(connection, look, routes.astray)) this.#awaitMore(connection);
      return;
    }
    this.dispatch.handOver(connection, group, look);
  }

  /** Nobody can be asked about this thread's time: the connection waits until it is known who asks. */
  #ask(connection: Connection, question: Question): void {
    connection.stopDeadline();
    connection.unwatch();
    const objection = this.inquiries.enter(connection, question, clientOf(connection));
    if (objection !== undefined) this.endings.refuse(connection, 503, objection, connection.isHead);
  }

  /** Something has been found out: those who have waited for it are looked at afresh. */
  answered(key: string, finding: Finding): void {
    for (const connection of this.inquiries.answered(key, finding)) this.examine(connection);
  }

  // --- another configuration, and the end -------------------------------------------------------------------------------

  /** The listeners have changed: what came in at one that is gone goes on where its address is still listened at. */
  moveFromGoneListeners(): void {
    for (const connection of this.pool.all) {
      const { listener } = connection;
      if (listener === undefined || listener.place >= 0) continue;
      connection.findLocal();
      connection.listener = this.acceptors.of(connection.local);
    }
  }

  /** The routes have changed: looks at all who wait afresh. */
  reroute(): void {
    for (const connection of this.pool.all) {
      // Whoever is trusted now had not been asked before: the client was who has connected.
      if (connection.state !== "free" && !connection.hasPeer) connection.keepPeer();
      if (connection.state === "waiting") this.dispatch.examineAfterWaiting(connection);
    }
  }

  /** accept(2) finds no descriptor free: lets some go who can be spared, or accepts nothing for a moment, and says so once. */
  exhausted(): void {
    if (!this.#makingRoom.make()) this.#exhaustion.begin();
  }

  /** Accepts nothing more, and lets what is under way come to its end. */
  drain(keepsIdle: boolean): void {
    this.acceptors.stop();
    this.moving.keepsIdle = keepsIdle;
    this.#core.stopping = true;
    for (const connection of this.pool.all) {
      // Who asks nothing is owed nothing; who has begun to ask keeps the deadline that runs.
      const { state, seen } = connection;
      if (state === "parked" || state === "reading" && seen === 0) this.moving.spare(connection);
    }
    this.endings.checkEmpty();
  }
}
