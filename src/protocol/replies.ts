/** The messages without a descriptor: ACK, NACK, DRAIN, LOAD, BYE. */

import {
  ACK,
  ACK_ACTIVE,
  ACK_COUNT,
  ACK_IDS,
  BYE,
  BYE_DESCRIPTORS,
  BYE_MALFORMED,
  BYE_NOT_ALLOWED,
  BYE_REASON,
  BYE_STOPPING,
  BYE_SUCCEEDED,
  BYE_TIMEOUT,
  BYE_UNKNOWN_ID,
  BYE_UNKNOWN_TYPE,
  BYE_VERSION,
  BYE_WINDOW,
  DRAIN,
  LOAD,
  LOAD_ACTIVE,
  MAX_ACKS,
  NACK,
  NACK_DESCRIPTOR,
  NACK_DRAINING,
  NACK_FULL,
  NACK_ID,
  NACK_REASON,
  NACK_REFUSED,
  NACK_UNSUPPORTED,
  SIZE_HEADER,
  SIZE_LOAD,
  SIZE_NACK,
  VERSION,
} from "./messages.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder(); // not fatal: this text is for people

/** The longest text of a NACK or BYE, in bytes. */
const MAX_TEXT = 512;

/** Collects ids and writes them as one ACK. Reused: nothing is allocated per message. */
export class AckWriter {
  /** The message, of which the first {@linkcode length} bytes count. */
  readonly bytes: Uint8Array<ArrayBuffer> = new Uint8Array(ACK_IDS + 4 * MAX_ACKS);
  readonly #view = new DataView(this.bytes.buffer);
  #count = 0;

  constructor() {
    this.bytes[0] = VERSION;
    this.bytes[1] = ACK;
  }

  /** Ids collected. */
  get count(): number {
    return this.#count;
  }

  /** Whether another id must wait for the next message. */
  get full(): boolean {
    return this.#count === MAX_ACKS;
  }

  /** Bytes of the message. */
  get length(): number {
    return ACK_IDS + 4 * this.#count;
  }

  /** Adds an id. */
  add(id: number): void {
    this.#view.setUint32(ACK_IDS + 4 * this.#count++, id);
  }

  /** Writes the fixed part. @param active connections that the sender holds, those acknowledged here included */
  finish(active: number): void {
    this.#view.setUint16(ACK_COUNT, this.#count);
    this.#view.setUint32(ACK_ACTIVE, active);
  }

  /** Starts over. */
  clear(): void {
    this.#count = 0;
  }
}

/** How many ids an ACK names; or what is wrong. Read them with {@linkcode ackId}. */
export function readAck(bytes: Uint8Array, length: number): number | string {
  if (length < ACK_IDS) return "ACK is too short";
  const count = bytes[ACK_COUNT]! << 8 | bytes[ACK_COUNT + 1]!;
  return length === ACK_IDS + 4 * count ? count : "ACK has another length than its count says";
}

/** Id number `index` of an ACK. */
export function ackId(view: DataView, index: number): number {
  return view.getUint32(ACK_IDS + 4 * index);
}

/** Connections that the sender of an ACK or LOAD holds. Both have the number at the same place. */
export function activeOf(view: DataView): number {
  return view.getUint32(ACK_ACTIVE);
}

/**
 * Encodes a LOAD.
 *
 * @param active connections that the sender holds
 * @param ended ids of hand-offs on this channel whose connections it has no more: at most MAX_ACKS
 */
export function encodeLoad(active: number, ended: readonly number[] = []): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(SIZE_LOAD + 4 * ended.length);
  const view = new DataView(out.buffer);
  out[0] = VERSION;
  out[1] = LOAD;
  view.setUint32(LOAD_ACTIVE, active);
  ended.forEach((id, index) => view.setUint32(SIZE_LOAD + 4 * index, id));
  return out;
}

/** How many ids are behind a LOAD. */
export function endedCount(length: number): number {
  return length - SIZE_LOAD >> 2;
}

/** Id number `index` behind a LOAD. */
export function endedId(view: DataView, index: number): number {
  return view.getUint32(SIZE_LOAD + 4 * index);
}

/** A refusal of one transfer. */
export interface Nack {
  readonly id: number;
  /** NACK_*; an unknown one counts as {@linkcode NACK_REFUSED}. */
  readonly reason: number;
  readonly text: string;
}

function withText(fixed: number, type: number, text: string): Uint8Array<ArrayBuffer> {
  const value = encoder.encode(text).subarray(0, MAX_TEXT);
  const out = new Uint8Array(fixed + value.length);
  out[0] = VERSION;
  out[1] = type;
  out.set(value, fixed);
  return out;
}

/** Encodes a NACK. */
export function encodeNack(nack: Nack): Uint8Array<ArrayBuffer> {
  const out = withText(SIZE_NACK, NACK, nack.text);
  const view = new DataView(out.buffer);
  view.setUint16(NACK_REASON, nack.reason);
  view.setUint32(NACK_ID, nack.id);
  return out;
}

/** Decodes a NACK; or says what is wrong. */
export function decodeNack(bytes: Uint8Array<ArrayBuffer>, length: number): Nack | string {
  if (length < SIZE_NACK) return "NACK is too short";
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  return {
    id: view.getUint32(NACK_ID),
    reason: view.getUint16(NACK_REASON),
    text: decoder.decode(bytes.subarray(SIZE_NACK, length)),
  };
}

/** Encodes a DRAIN: no more hand-offs, please; what was sent before is still taken or refused. */
export function encodeDrain(): Uint8Array<ArrayBuffer> {
  return new Uint8Array([VERSION, DRAIN, 0, 0]);
}

/** Why a channel ends. */
export interface Bye {
  /** BYE_*. */
  readonly reason: number;
  readonly text: string;
}

/** Encodes a BYE. */
export function encodeBye(bye: Bye): Uint8Array<ArrayBuffer> {
  const out = withText(SIZE_HEADER, BYE, bye.text);
  new DataView(out.buffer).setUint16(BYE_REASON, bye.reason);
  return out;
}

/** Decodes a BYE, which at worst says nothing. */
export function decodeBye(bytes: Uint8Array<ArrayBuffer>, length: number): Bye {
  if (length < SIZE_HEADER) return { reason: 0, text: "" };
  return {
    reason: bytes[BYE_REASON]! << 8 | bytes[BYE_REASON + 1]!,
    text: decoder.decode(bytes.subarray(SIZE_HEADER, length)),
  };
}

const NACK_TEXTS: Record<number, string> = {
  [NACK_FULL]: "full",
  [NACK_DRAINING]: "draining",
  [NACK_DESCRIPTOR]: "bad descriptor",
  [NACK_UNSUPPORTED]: "unsupported",
  [NACK_REFUSED]: "refused",
};

/** A NACK's reason in a word. */
export function nackReason(reason: number): string {
  return NACK_TEXTS[reason] ?? "refused";
}

const BYE_TEXTS: Record<number, string> = {
  [BYE_VERSION]: "unknown version",
  [BYE_MALFORMED]: "malformed message",
  [BYE_UNKNOWN_TYPE]: "unknown message type",
  [BYE_DESCRIPTORS]: "wrong descriptors",
  [BYE_UNKNOWN_ID]: "unknown id",
  [BYE_NOT_ALLOWED]: "not allowed",
  [BYE_TIMEOUT]: "no answer in time",
  [BYE_WINDOW]: "more than the window allows",
  [BYE_STOPPING]: "stopping",
  [BYE_SUCCEEDED]: "succeeded",
};

/** A BYE's reason in words. */
export function byeReason(reason: number): string {
  return BYE_TEXTS[reason] ?? `reason ${reason}`;
}
