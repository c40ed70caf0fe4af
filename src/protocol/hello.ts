/** HELLO: the first message in each direction. */

import {
  FIELD_NAME,
  HELLO,
  HELLO_MAGIC,
  HELLO_PROCESS,
  HELLO_WINDOW,
  HELLO_WORKERS,
  MAGIC,
  MAX_NAME,
  SIZE_HELLO,
  VERSION,
} from "./messages.ts";
import { encodeTextFields, fieldText, readFields } from "./fields.ts";

/** What one side says about itself. */
export interface Hello {
  /** From a backend: how many processes answer at this path, so that the front opens a channel for each. From a front: 0. */
  readonly workers: number;
  /** Transfers that the sender of this HELLO takes before it has acknowledged them; at least 1. */
  readonly window: number;
  /** The sender's process number, for messages to people and to tell the processes behind one path apart. */
  readonly process: number;
  /** What the sender calls itself. */
  readonly name: string;
}

/** Encodes a HELLO. */
export function encodeHello(hello: Hello): Uint8Array<ArrayBuffer> {
  const fields = encodeTextFields([[FIELD_NAME, hello.name]], MAX_NAME);
  const out = new Uint8Array(SIZE_HELLO + fields.length);
  const view = new DataView(out.buffer);
  out[0] = VERSION;
  out[1] = HELLO;
  out.set(MAGIC, HELLO_MAGIC);
  view.setUint16(HELLO_WORKERS, hello.workers);
  view.setUint16(HELLO_WINDOW, hello.window);
  view.setUint32(HELLO_PROCESS, hello.process);
  out.set(fields, SIZE_HELLO);
  return out;
}

const KNOWN = new Set([FIELD_NAME]);

/** Decodes a HELLO whose version and type have been checked; or says what is wrong. */
export function decodeHello(bytes: Uint8Array<ArrayBuffer>, length: number): Hello | string {
  if (length < SIZE_HELLO) return "HELLO is too short";
  if (MAGIC.some((byte, index) => bytes[HELLO_MAGIC + index] !== byte)) return "HELLO does not say fdps";
  const fields = readFields(bytes, SIZE_HELLO, length, KNOWN);
  if (typeof fields === "string") return fields;
  const name = fieldText(fields.get(FIELD_NAME));
  if (name === undefined) return "the name is not UTF-8";
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const window = view.getUint16(HELLO_WINDOW);
  if (window === 0) return "HELLO allows no transfers";
  return { workers: view.getUint16(HELLO_WORKERS), window, process: view.getUint32(HELLO_PROCESS), name };
}
