/** Reads what backends say. One reader, with one buffer, for all channels of a data plane. */

import { close, ClosingBatch, type Descriptor, MSG_CTRUNC } from "../../../../ffi/mod.ts";
import { decodeHello, type Hello } from "../../../protocol/hello.ts";
import {
  ACK,
  BYE,
  BYE_DESCRIPTORS,
  BYE_MALFORMED,
  BYE_UNKNOWN_ID,
  BYE_UNKNOWN_TYPE,
  COUNTERS,
  DRAIN,
  HELLO,
  LOAD,
  NACK,
  NACK_DRAINING,
  NACK_FULL,
  NACK_REFUSED,
  RETURN,
  SIZE_HEADER,
  SIZE_LOAD,
  typeName,
} from "../../../protocol/messages.ts";
import {
  ackId,
  AckWriter,
  activeOf,
  byeReason,
  decodeBye,
  decodeNack,
  encodeNack,
  endedCount,
  endedId,
  nackReason,
  readAck,
} from "../../../protocol/replies.ts";
import { decodeTransfer, type Transfer, transferId } from "../../../protocol/transfer.ts";
import { type Hearer, MessageReader } from "../../../wire/message_reader.ts";
import { whyMissing } from "../../../wire/missing_descriptor.ts";
import { sendMessage } from "../../../wire/send_message.ts";
import type { Connection } from "../../connection/connection.ts";
import type { Ledger } from "../../core/ledger.ts";
import type { ChannelState, Owner } from "../handoff_channel.ts";
import type { Held } from "./held.ts";

/** A channel, as far as what is read on it concerns it. */
export interface Conversation extends Hearer {
  readonly state: ChannelState;
  /** The name of the backend. */
  readonly backend: string;
  /** Hand-offs that are unacknowledged. */
  readonly inFlight: number;
  /** Connections that the backend process holds, as it said last. */
  active: number;
  /** Whose connections the backend has. */
  readonly held: Held;
  /** The backend has introduced itself: the channel takes hand-offs. */
  greeted(hello: Hello): void;
  /**
   * Takes a connection off the channel: it has been acknowledged or refused.
   *
   * @returns undefined when no hand-off under way has that id
   */
  take(id: number): Connection | undefined;
  /** A connection, which was taken off the channel, is the backend's. @returns our copy, which the caller closes */
  acknowledged(connection: Connection): Descriptor;
  /** It was refused, and is the front's again. */
  refused(connection: Connection): void;
  /** So many connections have come back. */
  returned(count: number): void;
  /** The backend does not want a connection, which was taken off the channel. @param reason for people */
  refuse(connection: Connection, reason: string): void;
  /** The backend has refused a hand-off as full. */
  full(): void;
  /** The backend has taken hand-offs, and has said how many connections it holds now. */
  took(): void;
  /** The backend process has given its page of counters. @param fd the channel's from now on */
  counters(fd: Descriptor): void;
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

/** Reads messages and does what they say. A message that breaks the protocol ends its channel, never the front. */
export class ChannelReader {
  /** Where messages are read into: for whoever ends a channel, too. */
  readonly messages: MessageReader = new MessageReader();
  readonly #ack = new AckWriter();
  /** Of connections that are backends' now: closed at the end of the ACK that says so. */
  readonly #copies = new ClosingBatch();
  /** Connections that have come back in this batch: their backend's, until the one ACK for all of them is sent. */
  #returns: Returned[] = [];

  /** @param owner who hears what becomes of the connections @param ledger is told what is being read */
  constructor(readonly owner: Owner, readonly ledger: Ledger) {}

  /** Reads what has come. The channel may be closed afterwards. */
  read(channel: Conversation): void {
    this.ledger.reads(channel.fd);
    const ended = this.messages.read(channel);
    this.ledger.reads(0);
    if (ended) channel.end("the backend closed the channel");
    if (this.#returns.length > 0) this.#takeReturns(channel);
  }

  /**
   * Takes the message that is in the buffer.
   *
   * @returns whether more may be there
   */
  take(channel: Conversation, length: number): boolean {
    const { inFlight } = channel;
    this.#take(channel, length);
    // Nothing more is expected then: asking would find nothing, mostly. The poller tells of what comes all the same.
    return inFlight === 0 || channel.inFlight > 0;
  }

  #take(channel: Conversation, length: number): void {
    const { bytes, view, receiver, flags, type } = this.messages;
    const fault = this.messages.faultOf(length);
    if (fault !== undefined) return channel.end(fault.reason, fault.bye);
    if (receiver.count !== (type === RETURN || type === COUNTERS ? 1 : 0) || flags & MSG_CTRUNC) {
      return this.#wrongDescriptors(channel, type, length);
    }
    if (channel.state === "greeting" && type !== HELLO && type !== BYE) {
      return channel.end(`${typeName(type)} before HELLO`, BYE_MALFORMED);
    }
    switch (type) {
      case HELLO:
        return this.#hello(channel, length);
      case ACK: {
        const unknown = this.acknowledged(channel, length);
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
      case COUNTERS:
        if (length > SIZE_HEADER) return channel.end("COUNTERS has bytes behind its header", BYE_MALFORMED);
        return channel.counters(receiver.take());
      case DRAIN:
        return channel.drain();
      case LOAD:
        if (length < SIZE_LOAD) return channel.end("LOAD is too short", BYE_MALFORMED);
        channel.active = activeOf(view);
        if (channel.held.told) {
          for (let index = 0; index < endedCount(length); index++) channel.held.end(endedId(view, index));
        }
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
    const hello = decodeHello(this.messages.bytes, length);
    if (typeof hello === "string") return channel.end(hello, BYE_MALFORMED);
    if (channel.state !== "greeting") return channel.end("a second HELLO", BYE_MALFORMED);
    channel.greeted(hello);
  }

  /**
   * Closes our copies of what an ACK names. Ids that are not under way do not make the others less acknowledged.
   *
   * @returns how many ids are not under way; undefined when the message is malformed
   */
  acknowledged(channel: Conversation, length: number): number | undefined {
    const count = readAck(this.messages.bytes, length);
    if (typeof count === "string") return undefined;
    channel.active = activeOf(this.messages.view);
    let unknown = 0;
    for (let index = 0; index < count; index++) {
      const connection = channel.take(ackId(this.messages.view, index));
      if (connection === undefined) unknown++;
      else this.#copies.add(channel.acknowledged(connection));
    }
    this.#copies.close();
    if (count > 0) channel.took();
    channel.endIfIdle();
    return unknown;
  }

  /**
   * A RETURN whose descriptor was cut off is no fault: there is no number free for it here, or a security module does not
   * let it in (the kernel then delivers the bytes alone). The backend still has the connection.
   */
  #wrongDescriptors(channel: Conversation, type: number, length: number): void {
    const id = transferId(this.messages.bytes, length);
    const missing = this.messages.receiver.count === 0 && (this.messages.flags & MSG_CTRUNC) !== 0;
    // Nobody is served less without.
    if (type === COUNTERS && missing) return;
    if (type !== RETURN || !missing || id === undefined) {
      return channel.end(
        `${typeName(type)} with ${this.messages.receiver.count} descriptors`,
        BYE_DESCRIPTORS,
      );
    }
    const exhausted = whyMissing(channel.fd) === "exhausted";
    const reason = exhausted ? NACK_FULL : NACK_REFUSED;
    const text = exhausted ? "out of descriptors" : "a security module keeps the descriptor from this front";
    sendMessage(channel.fd, encodeNack({ id, reason, text }));
  }

  #refused(channel: Conversation, length: number): void {
    const nack = decodeNack(this.messages.bytes, length);
    if (typeof nack === "string") return channel.end(nack, BYE_MALFORMED);
    const connection = channel.take(nack.id);
    if (connection === undefined) {
      return channel.end(`NACK for ${nack.id}, which is not under way`, BYE_UNKNOWN_ID);
    }
    if (nack.reason === NACK_DRAINING) channel.drain();
    else if (nack.reason === NACK_FULL) channel.full();
    else channel.refuse(connection, nack.text || nackReason(nack.reason));
    channel.refused(connection);
    channel.endIfIdle();
  }

  /** A connection that comes back. It is taken at the end of the batch, together with others. */
  #returned(channel: Conversation, length: number): void {
    const transfer = decodeTransfer(this.messages.bytes, length);
    if (typeof transfer === "string") return channel.end(transfer, BYE_MALFORMED);
    const fd = this.messages.receiver.take();
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
      else {
        // Before it is counted as the front's again.
        if (transfer.handoff !== undefined) channel.held.end(transfer.handoff);
        this.owner.returned(fd, transfer);
      }
    }
    if (!failed) channel.returned(returns.length);
    if (failed) channel.end("a RETURN could not be acknowledged");
  }

  #acknowledge(channel: Conversation, returns: readonly Returned[]): boolean {
    this.#ack.clear();
    for (const { transfer } of returns) this.#ack.add(transfer.id);
    this.#ack.finish(0);
    return sendMessage(channel.fd, this.#ack.bytes, this.#ack.length) >= 0;
  }
}
