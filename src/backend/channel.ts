/** A backend's end of a channel: the front's hand-offs come in here, and connections go back. */

import {
  close,
  type Descriptor,
  EAGAIN,
  ECONNRESET,
  EPOLLERR,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  libc,
  MSG_CMSG_CLOEXEC,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  MSG_TRUNC,
  settle,
  SHUT_RDWR,
  shutdown,
} from "../../ffi/mod.ts";
import { Timed } from "../loop/deadlines.ts";
import type { Source } from "../loop/poller.ts";
import { decodeHello, encodeHello, type Hello } from "../protocol/hello.ts";
import {
  ACK,
  BYE,
  BYE_DESCRIPTORS,
  BYE_MALFORMED,
  BYE_NOT_ALLOWED,
  BYE_STOPPING,
  BYE_TIMEOUT,
  BYE_UNKNOWN_ID,
  BYE_UNKNOWN_TYPE,
  BYE_VERSION,
  GENERATION,
  HANDOFF,
  HELLO,
  MAX_MESSAGE,
  NACK,
  OFFSET_TYPE,
  SIZE_HEADER,
  typeName,
  VERSION,
} from "../protocol/messages.ts";
import {
  ackId,
  byeReason,
  decodeBye,
  decodeGeneration,
  decodeNack,
  encodeBye,
  encodeDrain,
  encodeLoad,
  type Generation,
  readAck,
} from "../protocol/replies.ts";
import type { Backend } from "./backend.ts";
import { Connection } from "./connection.ts";
import { Intake } from "./intake.ts";
import { Outbox } from "./outbox.ts";
import { type Leaving, Returns } from "./returns.ts";

const { recvmsg, send } = libc;

/** Messages read in a row before others get their turn; they are acknowledged together. */
const BATCH = 64;

/**
 * A channel owns its socket. What comes in over it is its intake's until it is acknowledged, and what goes back is its
 * returns' until the front has acknowledged that.
 */
export class Channel extends Timed implements Source {
  /** What the front said about itself; undefined before that. */
  front: Hello | undefined;
  /** What the front said last about its routes and about kept connections; undefined before that. */
  terms: Generation | undefined;
  #closed = false;
  readonly #outbox: Outbox;
  readonly #intake: Intake;
  readonly #returns: Returns;

  /** @param fd a connected socket, owned by the channel from now on */
  constructor(readonly backend: Backend, readonly fd: Descriptor) {
    super();
    const { poller } = backend.loop;
    poller.add(fd, EPOLLIN, this);
    this.#outbox = new Outbox(poller, fd);
    this.#intake = new Intake(backend, this.#outbox, (received, transfer) => {
      backend.serve(new Connection(backend, received, this, transfer));
    });
    this.#returns = new Returns({ poller, fd, outbox: this.#outbox, retry: backend.retryDeadlines });
    backend.greetingDeadlines.start(this, backend.loop.now);
  }

  get closed(): boolean {
    return this.#closed;
  }

  ready(events: number): void {
    // A front that has shut the channel down and reads nothing leaves no room, and is told of all the same.
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) this.#flush();
    if (!this.#closed && this.#outbox.empty) this.#read();
  }

  /** The front has connected and says nothing. */
  override expire(): void {
    this.end("no HELLO", BYE_TIMEOUT);
  }

  // --- reading ----------------------------------------------------------------------------------------------------

  #read(): void {
    for (let count = 0; count < BATCH && !this.#closed; count++) {
      const length = this.#receive();
      if (length === -EAGAIN) break;
      // Reported once, ahead of what the front had sent before it closed: that is still to be read.
      if (length === -ECONNRESET) continue;
      if (length <= 0) {
        this.#intake.acknowledge();
        this.end(this.front === undefined ? undefined : "the front closed the channel");
        return;
      }
      this.#take(length);
      this.backend.buffers.receiver.discard();
    }
    if (!this.#closed) this.#intake.acknowledge();
  }

  /** One message into the buffer, its descriptors into the receiver; its length, 0 at the end, or `-errno`. */
  #receive(): number {
    const { receiver } = this.backend.buffers;
    receiver.prepare();
    const length = settle(recvmsg(this.fd, receiver.header.bytes, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
    if (length >= 0) receiver.collect();
    // An empty message ends a channel like the end itself does; it can carry descriptors all the same.
    if (length === 0) receiver.discard();
    return length;
  }

  #take(length: number): void {
    const { bytes, receiver } = this.backend.buffers;
    const { flags } = receiver.header;
    const type = bytes[OFFSET_TYPE]!;
    if (bytes[0] !== VERSION) return this.end(`version ${bytes[0]} is not spoken here`, BYE_VERSION);
    if (length < SIZE_HEADER || length > MAX_MESSAGE || flags & MSG_TRUNC) {
      return this.end(`a message of ${length} bytes`, BYE_MALFORMED);
    }
    if (this.front === undefined && type !== HELLO && type !== BYE) {
      return this.end(`${typeName(type)} before HELLO`, BYE_MALFORMED);
    }
    if (type === HANDOFF) return this.#handoff(length, flags);
    if (receiver.count > 0) {
      return this.end(`${typeName(type)} with ${receiver.count} descriptors`, BYE_DESCRIPTORS);
    }
    switch (type) {
      case HELLO:
        return this.#hello(length);
      case ACK:
        return this.#returnsTaken(length);
      case NACK:
        return this.#returnRefused(length);
      case GENERATION:
        return this.#newGeneration(length);
      case BYE: {
        const bye = decodeBye(bytes, length);
        return this.end(`the front ends it: ${bye.text || byeReason(bye.reason)}`);
      }
      default:
        return this.end(`${typeName(type)} is not known`, BYE_UNKNOWN_TYPE);
    }
  }

  #hello(length: number): void {
    const hello = decodeHello(this.backend.buffers.bytes, length);
    if (typeof hello === "string") return this.end(hello, BYE_MALFORMED);
    if (this.front !== undefined) return this.end("a second HELLO", BYE_MALFORMED);
    this.front = hello;
    this.#returns.window = hello.window;
    this.stopDeadline();
    const { workers, window, process, name } = this.backend;
    this.#say(encodeHello({ workers, window, process, name }));
    if (this.#intake.draining) this.#say(encodeDrain());
    this.backend.channelOpened(this);
  }

  #newGeneration(length: number): void {
    const terms = decodeGeneration(this.backend.buffers.bytes, length);
    if (typeof terms === "string") return this.end(terms, BYE_MALFORMED);
    this.terms = terms;
  }

  #handoff(length: number, flags: number): void {
    const fault = this.#intake.handoff(length, flags);
    if (fault !== undefined) this.end(fault.reason, fault.bye);
  }

  // --- saying -----------------------------------------------------------------------------------------------------

  /** A failure here means that the front is gone: reading will find that out, in order. */
  #say(message: Uint8Array<ArrayBuffer>): void {
    if (!this.#closed) this.#outbox.say(message);
  }

  #flush(): void {
    if (!this.#outbox.flush()) this.end("the front closed the channel");
    else if (!this.#closed) this.#returns.send();
  }

  /** Tells the front how many connections this process holds, so that it can choose well. */
  sayLoad(active: number): void {
    if (this.front !== undefined && this.#outbox.empty) this.#say(encodeLoad(active));
  }

  /** Asks for nothing new. What the front has sent already is refused, and goes elsewhere. */
  drain(): void {
    if (this.#intake.draining) return;
    this.#intake.draining = true;
    if (this.front !== undefined) this.#say(encodeDrain());
  }

  // --- giving back ------------------------------------------------------------------------------------------------

  /**
   * Gives a connection back to the front, as soon as there is room for it. Until the front has acknowledged it, it is
   * still this backend's; if the channel ends first, it comes back to {@linkcode Backend.returnFailed}.
   *
   * @returns false when the channel cannot take it, or not with so much preread
   */
  giveBack(leaving: Leaving): boolean {
    return !this.#closed && this.front !== undefined && this.#returns.add(leaving);
  }

  #returnsTaken(length: number): void {
    const unknown = this.#closeReturned(length);
    if (unknown === undefined) return this.end("ACK has another length than its count says", BYE_MALFORMED);
    if (unknown > 0) {
      return this.end(`ACK for ${unknown} connections that are not under way`, BYE_UNKNOWN_ID);
    }
    this.#returns.send();
  }

  /**
   * Closes our copies of what an ACK names: the front's from here on.
   *
   * @returns how many ids are not under way; undefined when the message is malformed
   */
  #closeReturned(length: number): number | undefined {
    const { bytes, view } = this.backend.buffers;
    const count = readAck(bytes, length);
    if (typeof count === "string") return undefined;
    let unknown = 0;
    for (let index = 0; index < count; index++) {
      const connection = this.#returns.take(ackId(view, index));
      if (connection === undefined) unknown++;
      else connection.close();
    }
    return unknown;
  }

  #returnRefused(length: number): void {
    const nack = decodeNack(this.backend.buffers.bytes, length);
    if (typeof nack === "string") return this.end(nack, BYE_MALFORMED);
    const connection = this.#returns.take(nack.id);
    if (connection === undefined) {
      return this.end(`NACK for ${nack.id}, which is not under way`, BYE_UNKNOWN_ID);
    }
    this.backend.returnFailed(connection);
    if (!this.#closed) this.#returns.send();
  }

  // --- the end ----------------------------------------------------------------------------------------------------

  /**
   * Ends the channel. What was received and not acknowledged is closed untouched: the front still has it. What was being
   * given back and is not acknowledged by now is this backend's again; the ACKs that the front managed to send are read
   * first (docs/protocol.md, "The commit point").
   *
   * @param reason for people; undefined when it is not worth telling
   * @param bye BYE_*, where the front should be told
   */
  end(reason: string | undefined, bye?: number): void {
    if (this.#closed) return;
    this.#closed = true;
    this.stopDeadline();
    if (bye !== undefined) {
      const message = encodeBye({ reason: bye, text: `${byeReason(bye)}: ${reason}` });
      settle(send(this.fd, message, BigInt(message.byteLength), MSG_DONTWAIT | MSG_NOSIGNAL));
    }
    shutdown(this.fd, SHUT_RDWR);
    this.#readLast();
    this.backend.loop.poller.remove(this.fd);
    close(this.fd);
    this.#intake.discard();
    this.#outbox.discard();
    this.backend.channelEnded(this, bye === BYE_STOPPING ? undefined : reason, bye !== undefined);
    for (const connection of this.#returns.takeAll()) this.backend.returnFailed(connection);
  }

  /** Reads what a closed channel still holds, for its ACKs: they were sent before our shutdown. */
  #readLast(): void {
    const { bytes, receiver } = this.backend.buffers;
    receiver.discard();
    for (;;) {
      const length = this.#receive();
      if (length === -ECONNRESET) continue;
      if (length <= 0) return;
      receiver.discard();
      if (bytes[0] === VERSION && bytes[OFFSET_TYPE] === ACK) this.#closeReturned(length);
    }
  }
}

/** Refuses a front that may not hand over to this backend; the channel is closed. */
export function refuseFront(fd: Descriptor, uid: number): void {
  const message = encodeBye({
    reason: BYE_NOT_ALLOWED,
    text: `user ${uid} may not hand over to this backend`,
  });
  settle(send(fd, message, BigInt(message.byteLength), MSG_DONTWAIT | MSG_NOSIGNAL));
  close(fd);
}
