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
  ETOOMANYREFS,
  libc,
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  MSG_TRUNC,
  notAClientSocket,
  RightsReceiver,
  RightsSender,
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
  HANDOFF,
  HELLO,
  MAX_MESSAGE,
  MAX_PREREAD,
  NACK,
  NACK_DESCRIPTOR,
  NACK_DRAINING,
  NACK_FULL,
  NACK_UNSUPPORTED,
  OFFSET_TYPE,
  RETURN,
  SIZE_HEADER,
  typeName,
  VERSION,
} from "../protocol/messages.ts";
import {
  ackId,
  AckWriter,
  byeReason,
  decodeBye,
  decodeNack,
  encodeBye,
  encodeDrain,
  encodeLoad,
  encodeNack,
  readAck,
} from "../protocol/replies.ts";
import { decodeTransfer, encodeTransfer, type Transfer, transferId } from "../protocol/transfer.ts";
import type { Backend } from "./backend.ts";
import { Connection } from "./connection.ts";

const { recvmsg, send, sendmsg } = libc;

/** Messages read in a row before others get their turn; they are acknowledged together. */
const BATCH = 64;

/** What every channel of a backend reads into: one buffer, used within one call only. */
export class ChannelBuffers {
  // One byte more than a message may have, so that a longer one is seen as such.
  readonly bytes: Uint8Array<ArrayBuffer> = new Uint8Array(MAX_MESSAGE + 1);
  readonly view: DataView<ArrayBuffer> = new DataView(this.bytes.buffer);
  readonly receiver: RightsReceiver = new RightsReceiver(this.bytes);
}

/** A connection that has come and is not yet acknowledged. */
interface Accepted {
  readonly fd: Descriptor;
  readonly transfer: Transfer;
}

/** A connection that is to be given back, and what is said of it. */
interface Leaving {
  readonly connection: Connection;
  readonly requests: number;
  readonly reason: number;
  readonly preread: Uint8Array<ArrayBuffer>;
}

/**
 * A channel owns its socket; a descriptor that it received and has not yet acknowledged; and, until the front
 * acknowledges them, the connections that it gives back.
 */
export class Channel extends Timed implements Source {
  /** What the front said about itself; undefined before that. */
  front: Hello | undefined;
  #closed = false;
  #draining = false;
  readonly #ack = new AckWriter();
  /** Received and valid, not yet acknowledged: owned here, untouched, until the ACK has left. */
  #accepted: Accepted[] = [];
  /** Messages that the socket did not take; nothing new is read before they are gone. */
  #unsent: Uint8Array<ArrayBuffer>[] = [];
  readonly #returning = new Map<number, Connection>();
  /** To be given back when there is room for it: in the front's window, and in the socket. Owned here, unwatched. */
  #toReturn: Leaving[] = [];
  #nextId = 1;

  /** @param fd a connected socket, owned by the channel from now on */
  constructor(readonly backend: Backend, readonly fd: Descriptor) {
    super();
    backend.loop.poller.add(fd, EPOLLIN, this);
    backend.greetingDeadlines.start(this, backend.loop.now);
  }

  get closed(): boolean {
    return this.#closed;
  }

  ready(events: number): void {
    // A front that has shut the channel down and reads nothing leaves no room, and is told of all the same.
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) this.#flush();
    if (!this.#closed && this.#unsent.length === 0) this.#read();
  }

  /** The front has connected and says nothing; or it is time to try again what the kernel did not take. */
  override expire(): void {
    if (this.front === undefined) this.end("no HELLO", BYE_TIMEOUT);
    else this.#giveBackMore();
  }

  // --- reading ----------------------------------------------------------------------------------------------------

  #read(): void {
    for (let count = 0; count < BATCH && !this.#closed; count++) {
      const length = this.#receive();
      if (length === -EAGAIN) break;
      // Reported once, ahead of what the front had sent before it closed: that is still to be read.
      if (length === -ECONNRESET) continue;
      if (length <= 0) {
        this.#acknowledge();
        this.end(this.front === undefined ? undefined : "the front closed the channel");
        return;
      }
      this.#take(length);
      this.backend.buffers.receiver.discard();
    }
    if (!this.#closed) this.#acknowledge();
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
    this.stopDeadline();
    const { workers, window, process, name } = this.backend;
    this.#say(encodeHello({ workers, window, process, name }));
    if (this.#draining) this.#say(encodeDrain());
    this.backend.channelOpened(this);
  }

  #handoff(length: number, flags: number): void {
    const { bytes, receiver } = this.backend.buffers;
    if (receiver.count !== 1 || flags & MSG_CTRUNC) return this.#wrongDescriptors(length, flags);
    const transfer = decodeTransfer(bytes, length);
    if (typeof transfer === "string") {
      const id = transferId(bytes, length);
      if (id === undefined) return this.end(transfer, BYE_MALFORMED);
      return this.#say(encodeNack({ id, reason: NACK_UNSUPPORTED, text: transfer }));
    }
    const { id } = transfer;
    if (this.#draining) return this.#say(encodeNack({ id, reason: NACK_DRAINING, text: "draining" }));
    if (this.backend.fullWith(this.#accepted.length)) {
      return this.#say(encodeNack({ id, reason: NACK_FULL, text: "full" }));
    }
    const fd = receiver.take();
    const problem = notAClientSocket(fd);
    if (problem !== undefined) {
      close(fd);
      return this.#say(encodeNack({ id, reason: NACK_DESCRIPTOR, text: `the descriptor is ${problem}` }));
    }
    this.#accepted.push({ fd, transfer });
    this.#ack.add(id);
    if (this.#ack.full) this.#acknowledge();
  }

  /** None where one should be: the limit on descriptors was reached (the kernel then delivers the bytes alone). */
  #wrongDescriptors(length: number, flags: number): void {
    const { bytes, receiver } = this.backend.buffers;
    const id = transferId(bytes, length);
    if (id !== undefined && receiver.count === 0 && flags & MSG_CTRUNC) {
      this.backend.descriptorsExhausted();
      return this.#say(encodeNack({ id, reason: NACK_FULL, text: "out of descriptors" }));
    }
    this.end(`HANDOFF with ${receiver.count} descriptors`, BYE_DESCRIPTORS);
  }

  // --- the commit point -------------------------------------------------------------------------------------------

  /**
   * Sends the ACK of what has been received, then serves it. Not before: the ACK decides whose a connection is, and a
   * front that has given this channel up hands the same connection to somebody else.
   */
  #acknowledge(): void {
    if (this.#ack.count === 0) return;
    const accepted = this.#accepted;
    this.#accepted = [];
    this.#ack.finish(this.backend.active + accepted.length);
    // Behind unsent messages it has to wait its turn, like them.
    const sent = this.#unsent.length > 0 ? -EAGAIN : settle(
      send(this.fd, this.#ack.bytes, BigInt(this.#ack.length), MSG_DONTWAIT | MSG_NOSIGNAL),
    );
    const message = sent === -EAGAIN ? this.#ack.bytes.slice(0, this.#ack.length) : undefined;
    this.#ack.clear();
    if (message !== undefined) {
      // The connections stay unacknowledged and untouched until this message has left.
      this.#waitingAcks.push({ message, accepted });
      this.#queue(message);
    } else if (sent < 0) {
      for (const { fd } of accepted) close(fd);
    } else {
      this.#serve(accepted);
    }
  }
  /** ACKs in {@linkcode #unsent} and the connections that they acknowledge. */
  readonly #waitingAcks: { readonly message: Uint8Array; readonly accepted: readonly Accepted[] }[] = [];

  #serve(accepted: readonly Accepted[]): void {
    for (const { fd, transfer } of accepted) {
      this.backend.serve(new Connection(this.backend, fd, this, transfer));
    }
  }

  // --- saying -----------------------------------------------------------------------------------------------------

  #say(message: Uint8Array<ArrayBuffer>): void {
    if (this.#closed) return;
    const sent = this.#unsent.length > 0
      ? -EAGAIN
      : settle(send(this.fd, message, BigInt(message.byteLength), MSG_DONTWAIT | MSG_NOSIGNAL));
    if (sent === -EAGAIN) this.#queue(message);
    // Any other failure means that the front is gone: reading will find that out, in order.
  }

  #queue(message: Uint8Array<ArrayBuffer>): void {
    this.#unsent.push(message);
    // Reading stops until the front has room for what this end says: a front that never reads gets no further.
    this.backend.loop.poller.modify(this.fd, EPOLLOUT);
  }

  #flush(): void {
    while (this.#unsent.length > 0) {
      const message = this.#unsent[0]!;
      const sent = settle(send(this.fd, message, BigInt(message.byteLength), MSG_DONTWAIT | MSG_NOSIGNAL));
      if (sent === -EAGAIN) return;
      if (sent < 0) return this.end("the front closed the channel");
      this.#unsent.shift();
      if (this.#waitingAcks[0]?.message === message) this.#serve(this.#waitingAcks.shift()!.accepted);
      if (this.#closed) return;
    }
    this.backend.loop.poller.modify(this.fd, EPOLLIN);
    this.#giveBackMore();
  }

  /** Tells the front how many connections this process holds, so that it can choose well. */
  sayLoad(active: number): void {
    if (this.front !== undefined && this.#unsent.length === 0) this.#say(encodeLoad(active));
  }

  /** Asks for nothing new. What the front has sent already is refused, and goes elsewhere. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    if (this.front !== undefined) this.#say(encodeDrain());
  }

  // --- giving back ------------------------------------------------------------------------------------------------

  /**
   * Gives a connection back to the front, as soon as there is room for it. Until the front has acknowledged it, it is
   * still this backend's; if the channel ends first, it comes back to {@linkcode Backend.returnFailed}.
   *
   * @param requests answered on it so far
   * @param reason RETURN_*
   * @param preread read from it, and not part of an answered request
   * @returns false when the channel cannot take it, or not with so much preread
   */
  giveBack(
    connection: Connection,
    requests: number,
    reason: number,
    preread: Uint8Array<ArrayBuffer>,
  ): boolean {
    if (this.#closed || this.front === undefined || preread.length > MAX_PREREAD) return false;
    // Before sending: a registration lives as long as the open socket, not as long as our descriptor.
    connection.release();
    connection.leaving = true;
    this.#toReturn.push({ connection, requests, reason, preread });
    this.#giveBackMore();
    return true;
  }

  /** Sends what is to be given back, as far as there is room. */
  #giveBackMore(): void {
    while (this.#toReturn.length > 0 && this.#unsent.length === 0) {
      // The front's answers make room in its window.
      if (this.#returning.size >= this.front!.window) return;
      const sent = this.#sendReturn(this.#toReturn[0]!);
      if (sent === -EAGAIN) return this.backend.loop.poller.modify(this.fd, EPOLLIN | EPOLLOUT);
      if (sent === -ETOOMANYREFS) return this.backend.retryDeadlines.start(this, performance.now());
      // Any other failure means that the front is gone: reading will find that out, in order.
      if (sent < 0) return;
      this.#toReturn.shift();
    }
  }

  /** Sends a RETURN; bytes sent, or `-errno`. */
  #sendReturn({ connection, requests, reason, preread }: Leaving): number {
    const id = this.#nextId;
    const message = encodeTransfer(RETURN, { ...connection.transfer, id, requests, detail: reason, preread });
    const sender = new RightsSender([message]);
    sender.descriptor = connection.fd;
    const sent = settle(sendmsg(this.fd, sender.header.bytes, MSG_DONTWAIT | MSG_NOSIGNAL));
    if (sent < 0) return sent;
    this.#nextId = (id + 1) >>> 0;
    this.#returning.set(id, connection);
    return sent;
  }

  #returnsTaken(length: number): void {
    const unknown = this.#closeReturned(length);
    if (unknown === undefined) return this.end("ACK has another length than its count says", BYE_MALFORMED);
    if (unknown > 0) {
      return this.end(`ACK for ${unknown} connections that are not under way`, BYE_UNKNOWN_ID);
    }
    this.#giveBackMore();
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
      const id = ackId(view, index);
      const connection = this.#returning.get(id);
      if (connection === undefined) unknown++;
      else {
        this.#returning.delete(id);
        connection.close();
      }
    }
    return unknown;
  }

  #returnRefused(length: number): void {
    const nack = decodeNack(this.backend.buffers.bytes, length);
    if (typeof nack === "string") return this.end(nack, BYE_MALFORMED);
    const connection = this.#returning.get(nack.id);
    if (connection === undefined) {
      return this.end(`NACK for ${nack.id}, which is not under way`, BYE_UNKNOWN_ID);
    }
    this.#returning.delete(nack.id);
    this.backend.returnFailed(connection);
    if (!this.#closed) this.#giveBackMore();
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
    for (const { fd } of this.#accepted) close(fd);
    for (const { accepted } of this.#waitingAcks) for (const { fd } of accepted) close(fd);
    this.#accepted = [];
    this.#waitingAcks.length = 0;
    this.backend.channelEnded(this, bye === BYE_STOPPING ? undefined : reason, bye !== undefined);
    const returning = [...this.#returning.values(), ...this.#toReturn.map(({ connection }) => connection)];
    this.#returning.clear();
    this.#toReturn = [];
    for (const connection of returning) this.backend.returnFailed(connection);
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
