/** A backend's end of a channel: the front's hand-offs come in here, and connections go back. */

import { type Descriptor, EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT } from "../../../ffi/mod.ts";
import { Timed } from "../../loop/deadlines.ts";
import type { Loop } from "../../loop/loop.ts";
import type { Source } from "../../loop/poller.ts";
import { COUNTERS_LAYOUT } from "../../protocol/counters_page.ts";
import { decodeHello, encodeHello, type Hello } from "../../protocol/hello.ts";
import {
  ACK,
  BYE,
  BYE_DESCRIPTORS,
  BYE_MALFORMED,
  BYE_STOPPING,
  BYE_TIMEOUT,
  BYE_UNKNOWN_ID,
  BYE_UNKNOWN_TYPE,
  GENERATION,
  HANDOFF,
  HELLO,
  NACK,
  typeName,
} from "../../protocol/messages.ts";
import { decodeGeneration, type Generation } from "../../protocol/generation.ts";
import {
  ackId,
  byeReason,
  decodeBye,
  decodeNack,
  encodeDrain,
  encodeLoad,
  readAck,
} from "../../protocol/replies.ts";
import type { Transfer } from "../../protocol/transfer.ts";
import { readTrust, type TrustedProxies } from "../../trust/trust.ts";
import { endChannel } from "../../wire/ending.ts";
import type { Hearer } from "../../wire/message_reader.ts";
import { Outbox } from "../../wire/outbox.ts";
import { sendCounters } from "../counters/send_counters.ts";
import type { Connection, Leaving } from "../connection/connection.ts";
import type { Times } from "../times.ts";
import { frontIdentity } from "./front_identity.ts";
import { ChannelOrigin } from "./channel_origin.ts";
import { Intake, type IntakeOwner } from "./intake.ts";
import { Returns } from "./returns.ts";

/** The process that channels lead to. */
export interface ChannelOwner extends IntakeOwner {
  readonly loop: Loop;
  readonly times: Times;
  /** What it counts, for fronts that take it. */
  readonly counters: { page(): { readonly fd: Descriptor } | undefined };
  /** What it says to fronts of itself. */
  readonly introduction: Hello;
  /** All channels that it has. */
  readonly channels: ReadonlySet<Channel>;
  /** A front has introduced itself. */
  channelOpened(front: Hello): void;
  /** A hand-off is acknowledged: the descriptor is the owner's from now on. */
  handedOver(fd: Descriptor, channel: Channel, transfer: Transfer): void;
  /** A connection could not be given back, and is served here again. */
  returnFailed(connection: Connection): void;
  /** A channel has ended. @param reason undefined when it is not worth telling */
  channelEnded(channel: Channel, reason: string | undefined, fault: boolean): void;
}

/**
 * A channel owns its socket. What comes in over it is its intake's until it is acknowledged, and what goes back is its
 * returns' until the front has acknowledged that.
 */
export class Channel extends Timed implements Source, Hearer {
  /** What the front said about itself; undefined before that. */
  front: Hello | undefined;
  /** Which front it is; empty before that. */
  identity = "";
  /** What the front said last about its routes and about kept connections; undefined before that. */
  terms: Generation | undefined;
  trusted: readonly TrustedProxies[] = [];
  /** What its connections know it by. */
  readonly origin: ChannelOrigin;
  #closed = false;
  /** The front has the page of counters. */
  #counted = false;
  readonly #outbox: Outbox;
  readonly #intake: Intake;
  readonly #returns: Returns;

  /** @param fd a connected socket, owned by the channel from now on */
  constructor(readonly owner: ChannelOwner, readonly fd: Descriptor) {
    super();
    const { loop: { poller, now }, times } = owner;
    poller.add(fd, EPOLLIN, this);
    this.origin = new ChannelOrigin(this, owner.channels);
    this.#outbox = new Outbox(poller, fd);
    this.#intake = new Intake(owner, this.#outbox, (received, transfer) => {
      owner.handedOver(received, this, transfer);
    });
    this.#returns = new Returns({
      poller,
      fd,
      outbox: this.#outbox,
      retry: times.retry,
      answer: times.answer,
      late: () => this.end("the front does not take connections back", BYE_TIMEOUT),
      failed: (connection) => owner.returnFailed(connection),
    });
    times.greeting.start(this, now);
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
    const ended = this.owner.reader.read(this);
    // One ACK for all that has come. What came before the end counts.
    if (!this.#closed) this.#intake.acknowledge();
    if (ended) this.end(this.front === undefined ? undefined : "the front closed the channel");
  }

  /** Takes the message that is in the reader's buffer. */
  heard(length: number): boolean {
    this.#take(length);
    return true;
  }

  #take(length: number): void {
    const { reader } = this.owner;
    const { bytes, receiver, type } = reader;
    const fault = reader.faultOf(length);
    if (fault !== undefined) return this.end(fault.reason, fault.bye);
    if (this.front === undefined && type !== HELLO && type !== BYE) {
      return this.end(`${typeName(type)} before HELLO`, BYE_MALFORMED);
    }
    if (type === HANDOFF) {
      const wrong = this.#intake.handoff(length);
      return wrong && this.end(wrong.reason, wrong.bye);
    }
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
    const hello = decodeHello(this.owner.reader.bytes, length);
    if (typeof hello === "string") return this.end(hello, BYE_MALFORMED);
    if (this.front !== undefined) return this.end("a second HELLO", BYE_MALFORMED);
    this.front = hello;
    this.identity = frontIdentity(hello, this.fd);
    this.#returns.window = hello.window;
    this.stopDeadline();
    this.#say(encodeHello(this.owner.introduction));
    this.#giveCounters();
    if (this.#intake.draining) this.#say(encodeDrain());
    this.owner.channelOpened(hello);
  }

  /** Gives the front the page of counters, once, if it takes one; where there is no room for it, a little later. */
  #giveCounters(): void {
    if (this.#counted || this.front?.counters !== COUNTERS_LAYOUT || !this.#outbox.empty) return;
    const page = this.owner.counters.page();
    this.#counted = page !== undefined && sendCounters(this.fd, page.fd);
  }

  #newGeneration(length: number): void {
    const terms = decodeGeneration(this.owner.reader.bytes, length);
    if (typeof terms === "string") return this.end(terms, BYE_MALFORMED);
    const trusted = readTrust(terms.trusted);
    if (trusted === undefined) return this.end("GENERATION says of trust what is no list", BYE_MALFORMED);
    this.terms = terms;
    this.trusted = trusted;
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

  /** Tells the front how many connections this process holds, and which have ended. @returns whether that was all */
  sayLoad(active: number): boolean {
    if (this.front === undefined || !this.#outbox.empty) return !this.origin.hasEnded;
    this.#say(encodeLoad(active, this.origin.takeEnded()));
    this.#giveCounters();
    return !this.origin.hasEnded;
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
   * still this backend's; if the channel ends first, it comes back to {@linkcode ChannelOwner.returnFailed}.
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
    const { bytes, view } = this.owner.reader;
    const count = readAck(bytes, length);
    if (typeof count === "string") return undefined;
    let unknown = 0;
    for (let index = 0; index < count; index++) {
      const leaving = this.#returns.take(ackId(view, index));
      if (leaving === undefined) unknown++;
      else leaving.connection.close();
    }
    return unknown;
  }

  #returnRefused(length: number): void {
    const nack = decodeNack(this.owner.reader.bytes, length);
    if (typeof nack === "string") return this.end(nack, BYE_MALFORMED);
    const leaving = this.#returns.take(nack.id);
    if (leaving === undefined) {
      return this.end(`NACK for ${nack.id}, which is not under way`, BYE_UNKNOWN_ID);
    }
    this.owner.returnFailed(leaving.connection);
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
    const { fd, owner: { loop: { poller }, reader } } = this;
    endChannel({
      fd,
      poller,
      reader,
      bye,
      reason,
      acknowledged: (length) => void this.#closeReturned(length),
    });
    this.#intake.discard();
    this.#outbox.discard();
    this.owner.channelEnded(this, bye === BYE_STOPPING ? undefined : reason, bye !== undefined);
    for (const leaving of this.#returns.takeAll()) this.#goElsewhere(leaving);
  }

  /** What was on its way back goes to the front that has taken over, if one has. */
  #goElsewhere(leaving: Leaving): void {
    const { connection } = leaving;
    if (!this.origin.closed) {
      connection.comeBack();
      if (this.origin.giveBack(leaving)) return;
    }
    this.owner.returnFailed(connection);
  }
}
