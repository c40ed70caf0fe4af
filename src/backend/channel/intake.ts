/** Hand-offs that come in over one channel, up to the moment when they are this backend's. */

import { close, type Descriptor, MSG_CTRUNC, notAClientSocket, notAStreamEnd } from "../../../ffi/mod.ts";
import {
  BYE_DESCRIPTORS,
  BYE_MALFORMED,
  NACK_DESCRIPTOR,
  NACK_DRAINING,
  NACK_FULL,
  NACK_REFUSED,
  NACK_UNSUPPORTED,
} from "../../protocol/messages.ts";
import { AckWriter, encodeNack } from "../../protocol/replies.ts";
import { isPair } from "../../protocol/tls_field.ts";
import { decodeTransfer, type Transfer, transferId } from "../../protocol/transfer.ts";
import type { Fault } from "../../wire/fault.ts";
import type { MessageReader } from "../../wire/message_reader.ts";
import { type Missing, whyMissing } from "../../wire/missing_descriptor.ts";
import type { Outbox } from "../../wire/outbox.ts";

/** A connection that has come and is not yet acknowledged. */
interface Accepted {
  readonly fd: Descriptor;
  readonly transfer: Transfer;
}

/** What a process says about taking connections in. */
export interface IntakeOwner {
  /** Where hand-offs are read into. */
  readonly reader: MessageReader;
  /** Connections that the process holds. */
  readonly active: number;
  /** Whether it can take no more, when so many that are about to be served count too. */
  fullWith(accepted: number): boolean;
  /** A hand-off came without its descriptor. */
  descriptorMissing(why: Missing): void;
}

/** Takes hand-offs in. Owns each descriptor from its arrival until the ACK has left, untouched. */
export class Intake {
  /** Nothing new: every hand-off is refused. */
  draining = false;
  readonly #ack = new AckWriter();
  /** Received and valid; the ACK is not written yet. */
  #accepted: Accepted[] = [];
  /** Named by an ACK that waits in the outbox. */
  readonly #unacknowledged = new Set<Accepted>();

  /** @param serve takes each connection once it is this backend's */
  constructor(
    readonly owner: IntakeOwner,
    readonly outbox: Outbox,
    readonly serve: (fd: Descriptor, transfer: Transfer) => void,
  ) {}

  /**
   * Takes the HANDOFF that is in the reader's buffer.
   *
   * @returns what is wrong with it, where that ends the channel; otherwise it is accepted or refused
   */
  handoff(length: number): Fault | undefined {
    const { bytes, receiver, flags } = this.owner.reader;
    if (receiver.count !== 1 || flags & MSG_CTRUNC) return this.#wrongDescriptors(length);
    const transfer = decodeTransfer(bytes, length);
    if (typeof transfer === "string") {
      const id = transferId(bytes, length);
      return id === undefined
        ? { bye: BYE_MALFORMED, reason: transfer }
        : this.#refuse(id, NACK_UNSUPPORTED, transfer);
    }
    const { id } = transfer;
    if (this.draining) return this.#refuse(id, NACK_DRAINING, "draining");
    if (this.owner.fullWith(this.#accepted.length)) return this.#refuse(id, NACK_FULL, "full");
    const fd = receiver.take();
    const problem = isPair(transfer.tls) ? notAStreamEnd(fd) : notAClientSocket(fd);
    if (problem !== undefined) {
      close(fd);
      return this.#refuse(id, NACK_DESCRIPTOR, `the descriptor is ${problem}`);
    }
    this.#accepted.push({ fd, transfer });
    this.#ack.add(id);
    if (this.#ack.full) this.acknowledge();
    return undefined;
  }

  #refuse(id: number, reason: number, text: string): undefined {
    this.outbox.say(encodeNack({ id, reason, text }));
  }

  /** None where one should be: the kernel delivers the bytes alone when this process cannot, or may not, have it. */
  #wrongDescriptors(length: number): Fault | undefined {
    const { bytes, receiver, flags } = this.owner.reader;
    const id = transferId(bytes, length);
    if (id !== undefined && receiver.count === 0 && flags & MSG_CTRUNC) {
      const why = whyMissing(this.outbox.fd);
      this.owner.descriptorMissing(why);
      // Out of numbers it is for the moment only. What is forbidden stays so, and another backend may be allowed.
      return why === "exhausted"
        ? this.#refuse(id, NACK_FULL, "out of descriptors")
        : this.#refuse(id, NACK_REFUSED, "a security module keeps the descriptor from this backend");
    }
    return { bye: BYE_DESCRIPTORS, reason: `HANDOFF with ${receiver.count} descriptors` };
  }

  /**
   * Sends the ACK of what has been received, then serves it. Not before: the ACK decides whose a connection is, and a
   * front that has given this channel up hands the same connection to somebody else.
   */
  acknowledge(): void {
    if (this.#ack.count === 0) return;
    const accepted = this.#accepted;
    this.#accepted = [];
    this.#ack.finish(this.owner.active + accepted.length);
    const saying = this.outbox.say(this.#ack.bytes, this.#ack.length, () => {
      for (const one of accepted) this.#unacknowledged.delete(one);
      this.#serve(accepted);
    });
    this.#ack.clear();
    if (saying === "sent") this.#serve(accepted);
    else if (saying === "failed") { for (const { fd } of accepted) close(fd); }
    else for (const one of accepted) this.#unacknowledged.add(one);
  }

  #serve(accepted: readonly Accepted[]): void {
    for (const { fd, transfer } of accepted) this.serve(fd, transfer);
  }

  /** The channel has ended: what is not acknowledged is closed untouched, since the front still has it. */
  discard(): void {
    for (const { fd } of this.#accepted) close(fd);
    for (const { fd } of this.#unacknowledged) close(fd);
    this.#accepted = [];
    this.#unacknowledged.clear();
  }
}
