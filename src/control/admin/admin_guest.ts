/** One connection to the admin address: a request and its answer, perhaps others after it, the end. */

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
  /** Whether another request may follow on the connection. */
  readonly stays: boolean;
}

/** Answers a request, or what could not be read as one, with a whole response: valid until the next one. */
export interface Responder {
  answer(request: AdminRequest): Uint8Array<ArrayBuffer>;
  refuse(status: number, why: string): Uint8Array<ArrayBuffer>;
}

/** Where connections come from. */
export interface AdminHome {
  readonly loop: Loop;
  /** What a request and its answer may take. */
  readonly patience: Deadlines;
  /** For how long a connection may be idle between two requests. */
  readonly idle: Deadlines;
  readonly respond: Responder;
  /** A guest has its answer, and stays: of all, it is the last one that has to go. */
  served(guest: AdminGuest): void;
  left(guest: AdminGuest): void;
}

/** Where requests are read that come in one piece, as almost all do: used within one call. */
const scratch = new Uint8Array(LIMITS.head + 1);

/** One who asks. Whoever does so often, as a collector of figures, costs less where its connection stays. */
export class AdminGuest extends Timed implements Source {
  /** Its own from the moment on when a head has come in part. As long as a head may be; what comes behind it is read away. */
  #bytes: Uint8Array<ArrayBuffer> = scratch;
  #length = 0;
  #unsent: Uint8Array<ArrayBuffer> | undefined;
  #phase: "asking" | "answered" | "leaving" | "idle" | "closed" = "asking";
  #stays = false;
  /** What it is watched for; 0 before it is. */
  #watched = 0;
  /** The head that was read last, where it came in one piece, and what it asks: collectors of figures ask the same for hours. */
  #lastHead: Uint8Array<ArrayBuffer> | undefined;
  #lastRequest: AdminRequest | undefined;

  /** @param fd non-blocking; owned by this object */
  constructor(readonly home: AdminHome, readonly fd: Descriptor) {
    super();
    home.patience.start(this, performance.now());
  }

  /** Its time is over, whatever it is doing. */
  override expire(): void {
    this.close();
  }

  /** To be called once at first: mostly the request is there as soon as the connection is. */
  ready(): void {
    if (this.#phase === "asking" || this.#phase === "idle") this.#read();
    else if (this.#phase === "answered") this.#send(this.#unsent!);
    else this.#readAway();
  }

  #watch(events: number): void {
    const { poller } = this.home.loop;
    if (this.#watched === 0) poller.add(this.fd, events, this);
    else if (this.#watched !== events) poller.modify(this.fd, events);
    this.#watched = events;
  }

  #read(): void {
    const room = this.#bytes.subarray(this.#length);
    const came = settle(recv(this.fd, room, BigInt(room.length), MSG_DONTWAIT));
    if (came === -EAGAIN) return this.#watch(EPOLLIN);
    if (came <= 0) return this.close();
    if (this.#phase === "idle") {
      this.#phase = "asking";
      this.home.patience.start(this, performance.now());
    }
    const before = this.#length;
    this.#length += came;
    if (this.#isLastHead()) return this.#answer(this.home.respond.answer(this.#lastRequest!));
    if (!isWorthReading(this.#bytes, 0, before, this.#length, LIMITS.head)) return this.#awaitRest();
    const head = new RequestHead(LIMITS);
    switch (head.parse(this.#bytes, 0, this.#length)) {
      case "more":
        return this.#awaitRest();
      case "reject":
        this.#stays = false;
        return this.#answer(this.home.respond.refuse(head.status, head.why));
      case "head": {
        const request = this.#request(head);
        this.#stays = request.stays;
        if (request.stays) {
          this.#lastHead = this.#bytes.slice(0, this.#length);
          this.#lastRequest = request;
        }
        return this.#answer(this.home.respond.answer(request));
      }
    }
  }

  /** Whether the very same head has come as last time: it need not be read again. */
  #isLastHead(): boolean {
    const head = this.#lastHead;
    if (head?.length !== this.#length) return false;
    for (let at = 0; at < head.length; at++) if (head[at] !== this.#bytes[at]) return false;
    return true;
  }

  #awaitRest(): void {
    if (this.#bytes === scratch) this.#bytes = scratch.slice();
    this.#watch(EPOLLIN);
  }

  #request(head: RequestHead): AdminRequest {
    const text = (from: number, to: number) => latin1.decode(this.#bytes.subarray(from, to));
    const fields = text(0, head.end);
    return {
      method: text(head.methodStart, head.methodEnd),
      path: text(head.pathStart, head.pathEnd),
      host: text(head.hostStart, head.hostEnd).toLowerCase().replace(/:\d*$/, ""),
      accept: /\r?\naccept:[ \t]*([^\r\n]*)/i.exec(fields)?.[1] ?? "",
      // What comes behind the head is no request yet, and content of this one is not read.
      stays: head.keepAlive && head.end === this.#length && head.contentLength <= 0 && !head.chunked,
    };
  }

  #answer(bytes: Uint8Array<ArrayBuffer>): void {
    this.#phase = "answered";
    this.#send(bytes);
    // What could not be sent is its own from now on: others are answered meanwhile.
    if (this.#phase === "answered") this.#unsent = this.#unsent?.slice();
  }

  #send(bytes: Uint8Array<ArrayBuffer>): void {
    for (let rest = bytes; rest.length > 0;) {
      const sent = settle(send(this.fd, rest, BigInt(rest.length), MSG_DONTWAIT | MSG_NOSIGNAL));
      if (sent === -EAGAIN) {
        this.#unsent = rest;
        return this.#watch(EPOLLOUT);
      }
      if (sent < 0) return this.close();
      rest = rest.subarray(sent);
    }
    if (this.#stays) return this.#stay();
    // Closing with unread bytes would reset the connection, and the reset would overtake the answer.
    this.#phase = "leaving";
    shutdown(this.fd, SHUT_WR);
    this.#watch(EPOLLIN);
  }

  #stay(): void {
    this.#phase = "idle";
    this.#bytes = scratch;
    this.#length = 0;
    this.#unsent = undefined;
    this.home.served(this);
    this.home.idle.start(this, performance.now());
    this.#watch(EPOLLIN);
  }

  #readAway(): void {
    const came = settle(recv(this.fd, scratch, BigInt(scratch.length), MSG_DONTWAIT));
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
