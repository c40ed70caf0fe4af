/** Messages that break the protocol, and what follows from each. */

import {
  close,
  type Descriptor,
  listenTcp,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  unixSocketPair,
} from "../../../../ffi/mod.ts";
import {
  ACK,
  BYE_DESCRIPTORS,
  BYE_MALFORMED,
  BYE_UNKNOWN_ID,
  BYE_UNKNOWN_TYPE,
  BYE_VERSION,
  HANDOFF,
  LOAD,
  MAX_MESSAGE,
  NACK,
  NACK_FULL,
  NACK_REFUSED,
  RETURN,
  SIZE_TRANSFER,
} from "../../../../src/protocol/messages.ts";
import { encodeNack } from "../../../../src/protocol/replies.ts";
import { encodeTransfer } from "../../../../src/protocol/transfer.ts";
import { noSocket, udp } from "../../clients.ts";
import { ack, type RawChannel } from "../../raw_channel.ts";
import type { Held } from "../../scripted_backend.ts";
import { concat, lend, raw, RETURNED, returning } from "./hostile.ts";

export interface Fault {
  readonly what: string;
  readonly say: (channel: RawChannel, held: readonly Held[]) => number | void;
  /** What people are told. */
  readonly reason: string | RegExp;
  /** What the backend is told, unless nothing. */
  readonly bye?: number;
  /** How many of the three connections it has taken all the same. */
  readonly taken?: number;
}

const sayReturnOf = (make: () => Descriptor) => (channel: RawChannel) =>
  lend(make(), (fd) => channel.say(returning(), fd));

export const FAULTS: readonly Fault[] = [
  { what: "version 2", say: (to) => to.say(raw(2, 3, 0, 0)), reason: /^version 2 /, bye: BYE_VERSION },
  {
    what: "an HTTP response",
    say: (to) => to.say(new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n")),
    reason: /^version 72 /,
    bye: BYE_VERSION,
  },
  { what: "an empty message", say: (to) => to.say(raw()), reason: "the backend closed the channel" },
  {
    what: "an empty message with a descriptor",
    say: (to) => lend(noSocket(), (fd) => to.say(raw(), fd)),
    reason: "the backend closed the channel",
  },
  { what: "one byte", say: (to) => to.say(raw(1)), reason: "a message of 1 bytes", bye: BYE_MALFORMED },
  { what: "three bytes", say: (to) => to.say(raw(1, ACK, 0)), reason: /3 bytes/, bye: BYE_MALFORMED },
  {
    what: "a message that is one byte too long",
    say: (to) => to.say(concat(raw(1, LOAD, 0, 0), new Uint8Array(MAX_MESSAGE - 3))),
    reason: `a message of ${MAX_MESSAGE + 1} bytes`,
    bye: BYE_MALFORMED,
  },
  {
    what: "a message that is far too long",
    say: (to) => to.say(concat(raw(1, LOAD, 0, 0), new Uint8Array(MAX_MESSAGE + 20_000))),
    reason: `a message of ${MAX_MESSAGE + 1} bytes`,
    bye: BYE_MALFORMED,
  },
  {
    what: "an unknown type",
    say: (to) => to.say(raw(1, 99, 0, 0)),
    reason: /^type 99 /,
    bye: BYE_UNKNOWN_TYPE,
  },
  { what: "type 0", say: (to) => to.say(raw(1, 0, 0, 0)), reason: /^type 0 /, bye: BYE_UNKNOWN_TYPE },
  {
    what: "a HANDOFF, which goes the other way",
    say: (to) => to.say(encodeTransfer(HANDOFF, RETURNED)),
    reason: /^HANDOFF is not known/,
    bye: BYE_UNKNOWN_TYPE,
  },
  {
    what: "a HANDOFF with a descriptor",
    say: (to) => lend(noSocket(), (fd) => to.say(encodeTransfer(HANDOFF, RETURNED), fd)),
    reason: "HANDOFF with 1 descriptors",
    bye: BYE_DESCRIPTORS,
  },
  {
    what: "an ACK whose count is too high",
    say: (to, held) => to.say(concat(raw(1, ACK, 0, 2), ack([held[0]!.transfer.id]).subarray(4))),
    reason: /^ACK has another length/,
    bye: BYE_MALFORMED,
  },
  {
    what: "an ACK with a byte behind its ids",
    say: (to, held) => to.say(concat(ack([held[0]!.transfer.id]), raw(0))),
    reason: /^ACK has another length/,
    bye: BYE_MALFORMED,
  },
  { what: "a short ACK", say: (to) => to.say(raw(1, ACK, 0, 0, 0, 0)), reason: /^ACK /, bye: BYE_MALFORMED },
  { what: "a short NACK", say: (to) => to.say(raw(1, NACK, 0, 1, 0)), reason: /^NACK /, bye: BYE_MALFORMED },
  { what: "a short LOAD", say: (to) => to.say(raw(1, LOAD, 0, 0, 0)), reason: /^LOAD /, bye: BYE_MALFORMED },
  {
    what: "ACKs for ids that were never sent; those beside them count",
    say: (to, held) => to.say(ack([1, held[0]!.transfer.id, 0xffff_ffff, held[1]!.transfer.id, 0])),
    reason: "ACK for 3 hand-offs that are not under way",
    bye: BYE_UNKNOWN_ID,
    taken: 2,
  },
  {
    what: "an ACK that names a hand-off twice",
    say: (to, held) => to.say(ack([held[0]!.transfer.id, held[0]!.transfer.id])),
    reason: "ACK for 1 hand-offs that are not under way",
    bye: BYE_UNKNOWN_ID,
    taken: 1,
  },
  {
    what: "the same ACK twice",
    say: (to, held) => {
      to.say(ack([held[0]!.transfer.id]));
      to.say(ack([held[0]!.transfer.id]));
    },
    reason: "ACK for 1 hand-offs that are not under way",
    bye: BYE_UNKNOWN_ID,
    taken: 1,
  },
  {
    what: "an ACK for the slot of a hand-off under another use of it",
    say: (to, held) => to.say(ack([held[0]!.transfer.id + 1024])),
    reason: "ACK for 1 hand-offs that are not under way",
    bye: BYE_UNKNOWN_ID,
  },
  {
    what: "an ACK behind the one that ends the channel: it was sent in time, and counts",
    say: (to, held) => {
      to.say(ack([1]));
      to.say(ack([held[0]!.transfer.id]));
    },
    reason: "ACK for 1 hand-offs that are not under way",
    bye: BYE_UNKNOWN_ID,
    taken: 1,
  },
  {
    what: "a NACK for an id that was never sent",
    say: (to) => to.say(encodeNack({ id: 5, reason: NACK_REFUSED, text: "" })),
    reason: "NACK for 5, which is not under way",
    bye: BYE_UNKNOWN_ID,
  },
  {
    what: "a NACK for what it has acknowledged",
    say: (to, held) => {
      to.say(ack([held[0]!.transfer.id]));
      to.say(encodeNack({ id: held[0]!.transfer.id, reason: NACK_FULL, text: "" }));
    },
    reason: /^NACK for \d+, which is not under way/,
    bye: BYE_UNKNOWN_ID,
    taken: 1,
  },
  {
    what: "an ACK with a descriptor: it does not count",
    say: (to, held) => lend(noSocket(), (fd) => to.say(ack([held[0]!.transfer.id]), fd)),
    reason: "ACK with 1 descriptors",
    bye: BYE_DESCRIPTORS,
  },
  {
    what: "a RETURN without a descriptor",
    say: (to) => to.say(returning()),
    reason: "RETURN with 0 descriptors",
    bye: BYE_DESCRIPTORS,
  },
  {
    what: "a RETURN with two descriptors",
    say: (to, held) => to.say(returning(), held[0]!.fd, held[1]!.fd),
    reason: "RETURN with 2 descriptors",
    bye: BYE_DESCRIPTORS,
  },
  {
    what: "a RETURN with 253 descriptors",
    say: (to, held) => to.say(returning(), ...new Array<Descriptor>(253).fill(held[0]!.fd)),
    reason: "RETURN with 253 descriptors",
    bye: BYE_DESCRIPTORS,
  },
  {
    what: "a RETURN of a pipe",
    say: sayReturnOf(noSocket),
    reason: "RETURN of not a socket",
    bye: BYE_DESCRIPTORS,
  },
  {
    what: "a RETURN of a listening socket",
    say: sayReturnOf(() => listenTcp("127.0.0.1", 0)),
    reason: "RETURN of a listening socket",
    bye: BYE_DESCRIPTORS,
  },
  {
    what: "a RETURN of a UDP socket",
    say: sayReturnOf(udp),
    reason: "RETURN of not a stream socket",
    bye: BYE_DESCRIPTORS,
  },
  ...[SOCK_STREAM, SOCK_SEQPACKET].map((type): Fault => ({
    what: `a RETURN of a Unix socket of type ${type}`,
    say: (to) => {
      const pair = unixSocketPair(type as typeof SOCK_STREAM);
      to.say(returning(), pair[0]);
      pair.forEach(close);
    },
    reason: "RETURN of a Unix socket",
    bye: BYE_DESCRIPTORS,
  })),
  {
    what: "a RETURN of its own channel",
    say: (to) => to.say(returning(), to.fd),
    reason: "RETURN of a Unix socket",
    bye: BYE_DESCRIPTORS,
  },
  {
    what: "a RETURN that is cut off",
    say: (to, held) => to.say(returning().slice(0, SIZE_TRANSFER - 1), held[0]!.fd),
    reason: "the transfer is too short",
    bye: BYE_MALFORMED,
  },
  {
    what: "a RETURN with an unknown field that must not be skipped",
    say: (to, held) => to.say(concat(returning(), raw(0x90, 0, 0, 0)), held[0]!.fd),
    reason: /^field 144 is not known/,
    bye: BYE_MALFORMED,
  },
  {
    what: "a RETURN with an address of no known family",
    say: (to, held) =>
      to.say(
        encodeTransfer(RETURN, { ...RETURNED, client: raw(5, ...new Array(19).fill(0)) }),
        held[0]!.fd,
      ),
    reason: /^address family 5 /,
    bye: BYE_MALFORMED,
  },
];
