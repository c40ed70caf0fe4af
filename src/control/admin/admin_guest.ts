/** One connection to the admin address: a request, its answer, the end. */

import {
  close,
  type Descriptor,
  EAGAIN,
  EPOLLIN,
  EPOLLOUT,
  libc,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  settle,
  SHUT_WR,
  shutdown,
} from "../../../ffi/mod.ts";
import { isWorthReading } from "../../http/head_growth.ts";
import { RequestHead } from "../../http/request_head.ts";
import { type Deadlines, Timed } from "../../loop/deadlines.ts";
import type { Loop } from "../../loop/loop.ts";
import type { Source } from "../../loop/poller.ts";

const { recv, send } = libc;

/** Bytes that a head may have; browsers send cookies of other ports of the host along. */
const LIMITS = { requestLine: 4_096, head: 16_384 };

const latin1 = new TextDecoder("latin1");

/** What is asked. */
export interface AdminRequest {
  readonly method: string;
  /** Without the query, as it was sent. */
  readonly path: string;
  /** Without a port; empty where none was said. */
  readonly host: string;
  /** The field Accept; empty without one. */
  readonly accept: string;
}

/** Answers a request, or what could not be read as one, with a whole response. */
export interface Responder {
  answer(request: AdminRequest): Uint8Array<ArrayBuffer>;
  refuse(status: number, why: string): Uint8Array<ArrayBuffer>;
}

/** Where connections come from. */
export interface AdminHome {
  readonly loop: Loop;
  /** What a connection may take from its beginning to its end. */
  readonly patience: Deadlines;
  readonly respond: Responder;
  left(guest: AdminGuest): void;
}

/** One who asks. It may do so once: a connection that stays is one that has to be looked after. */
export class AdminGuest extends Timed implements Source {
  // As long as a head may be; what comes behind it is read away.
  readonly #bytes = new Uint8Array(LIMITS.head + 1);
  #length = 0;
  #unsent: Uint8Array<ArrayBuffer> | undefined;
  #phase: "asking" | "answered" | "leaving" | "closed" = "asking";

  /** @param fd non-blocking; owned by this object */
  constructor(readonly home: AdminHome, readonly fd: Descriptor) {
    super();
    home.loop.poller.add(fd, EPOLLIN, this);
    home.patience.start(this, performance.now());
  }

  /** Its time is over, whatever it is doing. */
  override expire(): void {
    this.close();
  }

  ready(): void {
    if (this.#phase === "asking") this.#read();
    else if (this.#phase === "answered") this.#send();
    else this.#readAway();
  }

  #read(): void {
    const room = this.#bytes.subarray(this.#length);
    const came = settle(recv(this.fd, room, BigInt(room.length), MSG_DONTWAIT));
    if (came === -EAGAIN) return;
    if (came <= 0) return this.close();
    const before = this.#length;
    this.#length += came;
    if (!isWorthReading(this.#bytes, 0, before, this.#length, LIMITS.head)) return;
    const head = new RequestHead(LIMITS);
    switch (head.parse(this.#bytes, 0, this.#length)) {
      case "more":
        return;
      case "reject":
        return this.#answer(this.home.respond.refuse(head.status, head.why));
      case "head":
        return this.#answer(this.home.respond.answer(this.#request(head)));
    }
  }

  #request(head: RequestHead): AdminRequest {
    const text = (from: number, to: number) => latin1.decode(this.#bytes.subarray(from, to));
    const fields = text(0, head.end);
    return {
      method: text(head.methodStart, head.methodEnd),
      path: text(head.pathStart, head.pathEnd),
      host: text(head.hostStart, head.hostEnd).toLowerCase().replace(/:\d*$/, ""),
      accept: /\r?\naccept:[ \t]*([^\r\n]*)/i.exec(fields)?.[1] ?? "",
    };
  }

  #answer(bytes: Uint8Array<ArrayBuffer>): void {
    this.#phase = "answered";
    this.#unsent = bytes;
    this.home.loop.poller.modify(this.fd, EPOLLOUT);
    this.#send();
  }

  #send(): void {
    for (let rest = this.#unsent!; rest.length > 0; this.#unsent = rest) {
      const sent = settle(send(this.fd, rest, BigInt(rest.length), MSG_DONTWAIT | MSG_NOSIGNAL));
      if (sent === -EAGAIN) return;
      if (sent < 0) return this.close();
      rest = rest.subarray(sent);
    }
    // Closing with unread bytes would reset the connection, and the reset would overtake the answer.
    this.#phase = "leaving";
    shutdown(this.fd, SHUT_WR);
    this.home.loop.poller.modify(this.fd, EPOLLIN);
  }

  #readAway(): void {
    const came = settle(recv(this.fd, this.#bytes, BigInt(this.#bytes.length), MSG_DONTWAIT));
    if (came <= 0 && came !== -EAGAIN) this.close();
  }

  close(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.stopDeadline();
    this.home.loop.poller.remove(this.fd);
    close(this.fd);
    this.home.left(this);
  }
}
