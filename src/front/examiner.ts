/** Looks at what a client has sent, without taking it from the socket, and finds out where it belongs. */

import { EAGAIN, EPOLLET, EPOLLIN, EPOLLRDHUP, libc, MSG_DONTWAIT, MSG_PEEK, settle } from "../../ffi/mod.ts";
import type { Limits } from "../config/config.ts";
import type { AnswerStatus } from "../http/answers.ts";
import { endsHead, RequestHead } from "../http/request_head.ts";
import { BAD_PATH } from "../route/route_table.ts";
import type { Connection } from "./connection.ts";
import { counterIndex } from "./counters.ts";
import type { Front } from "./front.ts";

const { recv } = libc;

const SENT = counterIndex("sent");

// "HEAD"
const H = 0x48, E = 0x45, A = 0x41, D = 0x44;

/** One peek buffer and one parser, for one connection at a time: nothing in them outlasts a call. */
export class Examiner {
  #limits: Limits;
  #head: RequestHead;
  #peeked: Uint8Array<ArrayBuffer>;
  #size: bigint;

  constructor(readonly front: Front, limits: Limits) {
    this.#limits = limits;
    this.#head = new RequestHead(limits);
    // One byte more than a head may have, so that a longer one is seen as such.
    this.#peeked = new Uint8Array(limits.head + 1);
    this.#size = BigInt(this.#peeked.byteLength);
  }

  /** Looks, and acts on what is there: waits for more, refuses, drops, or hands over. */
  examine(connection: Connection): void {
    const length = this.#peek(connection);
    if (length < 0) {
      if (length === -EAGAIN) this.#awaitMore(connection);
      else this.front.lifecycle.drop(connection); // ECONNRESET and its like: the client is gone
      return;
    }
    const { seen } = connection;
    connection.seen = length;
    if (length === 0 || !this.#worthReading(seen, length)) return this.#awaitMore(connection);
    const head = this.#head;
    switch (head.parse(this.#peeked, 0, length)) {
      case "more":
        return this.#awaitMore(connection);
      case "reject":
        return this.front.lifecycle.refuse(connection, head.status as AnswerStatus, head.why, false);
      case "head":
        return this.#route(connection);
    }
  }

  /** An incomplete head is parsed again only when it can have become complete, or too long. */
  #worthReading(seen: number, length: number): boolean {
    const { requestLine, head } = this.#limits;
    return seen === 0 || endsHead(this.#peeked, 0, seen, length) || length > head ||
      (seen <= requestLine && length > requestLine);
  }

  /** The beginning of what the client has sent: what a backend had read before, then what the socket holds. */
  #peek(connection: Connection): number {
    const { preread } = connection;
    if (preread.length > 0) return this.#peekBehind(connection, preread);
    const length = settle(recv(connection.fd, this.#peeked, this.#size, MSG_PEEK | MSG_DONTWAIT));
    if (length === 0) connection.ended = true;
    return length;
  }

  #peekBehind(connection: Connection, preread: Uint8Array<ArrayBuffer>): number {
    const peeked = this.#peeked;
    const taken = Math.min(preread.length, peeked.length);
    peeked.set(preread.subarray(0, taken));
    // Mostly a whole head: then the socket has nothing to add.
    if (taken === peeked.length || endsHead(peeked, 0, 0, taken)) return taken;
    const rest = peeked.subarray(taken);
    const length = settle(recv(connection.fd, rest, BigInt(rest.length), MSG_PEEK | MSG_DONTWAIT));
    if (length === 0) connection.ended = true;
    if (length < 0) return length === -EAGAIN ? taken : length;
    return taken + length;
  }

  #awaitMore(connection: Connection): void {
    const { front } = this;
    if (connection.ended && connection.seen > 0) {
      return front.lifecycle.refuse(connection, 400, "the request ends in its head", false);
    }
    // Who asks nothing is owed nothing, neither after its end nor after ours.
    if (connection.seen === 0 && (connection.ended || front.stopping)) {
      return front.lifecycle.drop(connection);
    }
    // Edge-triggered: peeked bytes stay in the socket, and a level would fire without end.
    connection.watch(EPOLLIN | EPOLLRDHUP | EPOLLET);
    // Between two requests a client may take its time; from the first byte on it is held to the head's deadline.
    if (connection.requests > 0 && connection.seen === 0) return front.parking.enter(connection);
    connection.state = "reading";
    const { head } = front.deadlines;
    if (connection.deadlines !== head) head.start(connection, front.loop.now);
  }

  /** The head in the peek buffer is complete: finds the route, and a channel of one of its backends. */
  #route(connection: Connection): void {
    // Who is looked at again, after waiting or a hand-off that came to nothing, brings nothing new and is read all the same.
    connection.seen = 0;
    const head = this.#head;
    const { front } = this;
    connection.isHead = this.#isHead();
    if (connection.acceptor === undefined) {
      return front.lifecycle.refuse(
        connection,
        404,
        "no listener has its address any more",
        connection.isHead,
      );
    }
    const { table, routes, errors } = connection.acceptor;
    const index = table.find(this.#peeked, head.hostStart, head.hostEnd, head.pathStart, head.pathEnd);
    connection.errors = errors[table.site] ?? front.errors;
    const route = routes[index];
    if (route?.group === undefined) {
      const { lifecycle } = front;
      if (index === BAD_PATH) {
        return lifecycle.refuse(connection, 400, "the path is malformed", connection.isHead);
      }
      const why = route === undefined ? "no route covers the request" : "nobody serves this path";
      return lifecycle.refuse(connection, 404, why, connection.isHead);
    }
    connection.stopDeadline();
    // Before sending: a registration lives as long as the open socket, not as long as our descriptor.
    connection.unwatch();
    connection.findLocal();
    const { group } = route;
    const channel = group.pick(connection);
    if (channel === undefined) return front.waitingRoom.enter(connection, group);
    if (channel.handOff(connection, route, table.path)) {
      front.counters.add(SENT, 1);
      return;
    }
    // The channel is full, or broke and gave back what was on it: other requests have been in the peek buffer since.
    if (connection.state !== "free") this.examine(connection);
  }

  /**
   * Whether bytes of the request's content have been read from the socket, behind the head that was looked at last.
   * They can go along with a hand-off of ours only.
   */
  hasReadContent({ preread }: Connection): boolean {
    const { end, chunked, contentLength } = this.#head;
    return preread.length > end && (chunked || contentLength > 0);
  }

  /**
   * Takes the head that was looked at last out of the socket, and not a byte behind it: it is the connection's preread
   * from then on, so that the connection can still be looked at, and routed, as before.
   *
   * @returns false when the client is gone
   */
  takeHead(connection: Connection): boolean {
    const { end } = this.#head;
    const missing = end - connection.preread.length;
    if (missing <= 0) return true;
    // Over the same bytes, which were only looked at before.
    const room = this.#peeked.subarray(connection.preread.length, end);
    const length = settle(recv(connection.fd, room, BigInt(missing), MSG_DONTWAIT));
    if (length !== missing) return false;
    connection.preread = this.#peeked.slice(0, end);
    return true;
  }

  /** RFC 9110, 9.3.2: the answer to a HEAD request has no content. */
  #isHead(): boolean {
    const { methodStart: at, methodEnd } = this.#head;
    const bytes = this.#peeked;
    return methodEnd - at === 4 && bytes[at] === H && bytes[at + 1] === E && bytes[at + 2] === A &&
      bytes[at + 3] === D;
  }
}
