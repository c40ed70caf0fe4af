/** Reads what backends say. One reader, with one buffer, for all channels of a data plane. */

import {
  close,
  type Descriptor,
  EAGAIN,
  ECONNRESET,
  libc,
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  MSG_TRUNC,
  RightsReceiver,
  settle,
} from "../../../../ffi/mod.ts";
import { decodeHello, type Hello } from "../../../protocol/hello.ts";
import {
  ACK,
  BYE,
  BYE_DESCRIPTORS,
  BYE_MALFORMED,
  BYE_UNKNOWN_ID,
  BYE_UNKNOWN_TYPE,
  BYE_VERSION,
  DRAIN,
  HELLO,
  LOAD,
  MAX_MESSAGE,
  NACK,
  NACK_DRAINING,
  NACK_FULL,
  OFFSET_TYPE,
  RETURN,
  SIZE_HEADER,
  SIZE_LOAD,
  typeName,
  VERSION,
} from "../../../protocol/messages.ts";
import {
  ackId,
  AckWriter,
  activeOf,
  byeReason,
  decodeBye,
  decodeNack,
  encodeNack,
  nackReason,
  readAck,
} from "../../../protocol/replies.ts";
import { decodeTransfer, type Transfer, transferId } from "../../../protocol/transfer.ts";
import type { Connection } from "../../connection/connection.ts";
import type { ChannelState, Owner } from "../handoff_channel.ts";

const { recvmsg, send } = libc;

/** A channel, as far as what is read on it concerns it. */
export interface Conversation {
  /** Its socket; lent. */
  readonly fd: Descriptor;
  readonly state: ChannelState;
  /** The name of the backend. */
  readonly backend: string;
  /** Hand-offs that are unacknowledged. */
  readonly inFlight: number;
  /** Connections that the backend process holds, as it said last. */
  active: number;
  /** The backend has introduced itself: the channel takes hand-offs. */
  greeted(hello: Hello): void;
  /**
   * Takes a connection off the channel: it has been acknowledged or refused.
   *
   * @returns undefined when no hand-off under way has that id
   */
  take(id: number): Connection | undefined;
  /** The backend does not want a connection, which was taken off the channel. @param reason for people */
  refuse(connection: Connection, reason: string): void;
  /** The backend has refused a hand-off as full. */
  full(): void;
  /** The backend has taken hand-offs, and has said how many connections it holds now. */
  took(): void;
  /** The backend takes no more. */
  drain(): void;
  /** Ends the channel if it drains, is one of a backend that is not needed, and has nothing under way. */
  endIfIdle(): void;
  /** Ends the channel. @param reason for people @param bye BYE_*, where the backend should be told */
  end(reason: string, bye?: number): void;
}

/** A connection that a backend gives back. */
interface Returned {
  readonly fd: Descriptor;
  readonly transfer: Transfer;
}

/** Messages read from one channel before others get their turn; the poller tells again of what is left. */
const BATCH = 64;

/** Reads messages and does what they say. A message that breaks the protocol ends its channel, never the front. */
export class ChannelReader {
  // One byte more than a message may have, so that a longer one is seen as such.
  readonly #bytes = new Uint8Array(MAX_MESSAGE + 1);
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #receiver = new RightsReceiver(this.#bytes);
  readonly #ack = new AckWriter();
  /** Connections that have come back in this batch: their backend's, until the one ACK for all of them is sent. */
  #returns: Returned[] = [];

  /** @param owner who hears what becomes of the connections */
  constructor(readonly owner: Owner) {}

  /** Reads what has come. The channel may be closed afterwards. */
  read(channel: Conversation): void {
    this.#readBatch(channel);
    if (this.#returns.length > 0) this.#takeReturns(channel);
  }

  #readBatch(channel: Conversation): void {
    for (let count = 0; count < BATCH && channel.state !== "closed"; count++) {
      const length = this.#receive(channel);
      if (length === -EAGAIN) return;
      // Reported once, ahead of what the backend had sent before it closed: that is still to be read.
      if (length === -ECONNRESET) continue;
      if (length <= 0) {
        channel.end("the backend closed the channel");
        return;
      }
      const { inFlight } = channel;
      this.#take(channel, length);
      // Whatever the message did not account for goes. Nothing is left over after a well-formed one.
      this.#receiver.discard();
      // Nothing more is expected: asking would find nothing, mostly. The poller tells of what comes all the same.
      if (inFlight > 0 && channel.inFlight === 0) return;
    }
  }

  /**
   * Reads what a closed channel still holds, for its ACKs: they were sent before our shutdown, so those connections
   * are the backend's. Nothing else counts any more; a RETURN that nobody acknowledges stays the backend's.
   */
  readLast(channel: Conversation): void {
    for (;;) {
      const length = this.#receive(channel);
      if (length === -ECONNRESET) continue;
      if (length <= 0) return;
      if (length >= SIZE_HEADER && this.#bytes[0] === VERSION && this.#bytes[OFFSET_TYPE] === ACK) {
        this.#acknowledged(channel, length);
      }
      this.#receiver.discard();
    }
  }

  /** One message into the buffer, its descriptors into the receiver; its length, 0 at the end, or `-errno`. */
  #receive(channel: Conversation): number {
    this.#receiver.prepare();
    const length = settle(recvmsg(channel.fd, this.#receiver.header.bytes, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
    if (length >= 0) this.#receiver.collect();
    // An empty message ends a channel like the end itself does; it can carry descriptors all the same.
    if (length === 0) this.#receiver.discard();
    return length;
  }

  #take(channel: Conversation, length: number): void {
    const bytes = this.#bytes;
    const { flags } = this.#receiver.header;
    const type = bytes[OFFSET_TYPE]!;
    if (bytes[0] !== VERSION) return channel.end(`version ${bytes[0]} is not spoken here`, BYE_VERSION);
    if (length < SIZE_HEADER || length > MAX_MESSAGE || flags & MSG_TRUNC) {
      return channel.end(`a message of ${length} bytes`, BYE_MALFORMED);
    }
    if (this.#receiver.count !== (type === RETURN ? 1 : 0) || flags & MSG_CTRUNC) {
      return this.#wrongDescriptors(channel, type, length, flags);
    }
    if (channel.state === "greeting" && type !== HELLO && type !== BYE) {
      return channel.end(`${typeName(type)} before HELLO`, BYE_MALFORMED);
    }
    switch (type) {
      case HELLO:
        return this.#hello(channel, length);
      case ACK: {
        const unknown = this.#acknowledged(channel, length);
        if (unknown === undefined) {
          return channel.end("ACK has another length than its count says", BYE_MALFORMED);
        }
        if (unknown > 0) {
          return channel.end(`ACK for ${unknown} hand-offs that are not under way`, BYE_UNKNOWN_ID);
        }
        return;
      }
      case NACK:
        return this.#refused(channel, length);
      case RETURN:
        return this.#returned(channel, length);
      case DRAIN:
        return channel.drain();
      case LOAD:
        if (length < SIZE_LOAD) return channel.end("LOAD is too short", BYE_MALFORMED);
        channel.active = activeOf(this.#view);
        return;
      case BYE: {
        const bye = decodeBye(bytes, length);
        return channel.end(`the backend ends it: ${bye.text || byeReason(bye.reason)}`);
      }
      default:
        return channel.end(`${typeName(type)} is not known`, BYE_UNKNOWN_TYPE);
    }
  }

  #hello(channel: Conversation, length: number): void {
    const hello = decodeHello(this.#bytes, length);
    if (typeof hello === "string") return channel.end(hello, BYE_MALFORMED);
    if (channel.state !== "greeting") return channel.end("a second HELLO", BYE_MALFORMED);
    channel.greeted(hello);
  }

  /**
   * Closes our copies of what an ACK names. Ids that are not under way do not make the others less acknowledged.
   *
   * @returns how many ids are not under way; undefined when the message is malformed
   */
  #acknowledged(channel: Conversation, length: number): number | undefined {
    const count = readAck(this.#bytes, length);
    if (typeof count === "string") return undefined;
    channel.active = activeOf(this.#view);
    let unknown = 0;
    for (let index = 0; index < count; index++) {
      const connection = channel.take(ackId(this.#view, index));
      if (connection === undefined) unknown++;
      else this.owner.acknowledged(connection);
    }
    if (count > 0) channel.took();
    channel.endIfIdle();
    return unknown;
  }

  /**
   * A RETURN whose descriptor was cut off is no fault: there is no number free for it here (the kernel then delivers the
   * bytes alone). The backend still has the connection.
   */
  #wrongDescriptors(channel: Conversation, type: number, length: number, flags: number): void {
    const id = transferId(this.#bytes, length);
    const exhausted = this.#receiver.count === 0 && (flags & MSG_CTRUNC) !== 0;
    if (type !== RETURN || !exhausted || id === undefined) {
      return channel.end(`${typeName(type)} with ${this.#receiver.count} descriptors`, BYE_DESCRIPTORS);
    }
    const nack = encodeNack({ id, reason: NACK_FULL, text: "out of descriptors" });
    settle(send(channel.fd, nack, BigInt(nack.byteLength), MSG_DONTWAIT | MSG_NOSIGNAL));
  }

  #refused(channel: Conversation, length: number): void {
    const nack = decodeNack(this.#bytes, length);
    if (typeof nack === "string") return channel.end(nack, BYE_MALFORMED);
    const connection = channel.take(nack.id);
    if (connection === undefined) {
      return channel.end(`NACK for ${nack.id}, which is not under way`, BYE_UNKNOWN_ID);
    }
    if (nack.reason === NACK_DRAINING) channel.drain();
    else if (nack.reason === NACK_FULL) channel.full();
    else channel.refuse(connection, nack.text || nackReason(nack.reason));
    this.owner.reclaimed(connection);
    channel.endIfIdle();
  }

  /** A connection that comes back. It is taken at the end of the batch, together with others. */
  #returned(channel: Conversation, length: number): void {
    const transfer = decodeTransfer(this.#bytes, length);
    if (typeof transfer === "string") return channel.end(transfer, BYE_MALFORMED);
    const fd = this.#receiver.take();
    const objection = this.owner.objection(fd, transfer, channel.backend);
    if (objection !== undefined) {
      close(fd);
      return channel.end(objection.reason, objection.bye);
    }
    this.#returns.push({ fd, transfer });
  }

  /**
   * Takes connections back. The same commit point, mirrored: they are the front's once our ACK is sent; if that cannot be
   * sent, or the channel has ended meanwhile, our copies are closed untouched and the backend still has its own.
   */
  #takeReturns(channel: Conversation): void {
    const returns = this.#returns;
    this.#returns = [];
    const failed = channel.state === "closed" || !this.#acknowledge(channel, returns);
    for (const { fd, transfer } of returns) {
      if (failed) close(fd);
      else this.owner.returned(fd, transfer);
    }
    if (failed) channel.end("a RETURN could not be acknowledged");
  }

  #acknowledge(channel: Conversation, returns: readonly Returned[]): boolean {
    this.#ack.clear();
    for (const { transfer } of returns) this.#ack.add(transfer.id);
    this.#ack.finish(0);
    const size = BigInt(this.#ack.length);
    return settle(send(channel.fd, this.#ack.bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL)) >= 0;
  }
}
