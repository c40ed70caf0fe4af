/** HELLO: the first message in each direction. */

import {
  FIELD_COUNTERS,
  FIELD_ENDS,
  FIELD_FAMILY,
  FIELD_INSTANCE,
  FIELD_NAME,
  HELLO,
  HELLO_MAGIC,
  HELLO_PROCESS,
  HELLO_WINDOW,
  HELLO_WORKERS,
  MAGIC,
  MAX_NAME,
  SIZE_FIELD,
  SIZE_HELLO,
  SIZE_INSTANCE,
  VERSION,
} from "./messages.ts";
import { encodeTextFields, fieldText, readFields, writeFieldHead } from "./fields.ts";

/** What one side says about itself. */
export interface Hello {
  /** From a backend: how many processes answer at this path, so that the front opens a channel for each. From a front: 0. */
  readonly workers: number;
  /** Transfers that the sender of this HELLO takes before it has acknowledged them; at least 1. */
  readonly window: number;
  /** The sender's process number, for people: in containers many processes have the same one. */
  readonly process: number;
  /** What the sender calls itself, for people. */
  readonly name: string;
  /**
   * Bytes by chance that tell the sender from all others, in hexadecimal digits: of a front each Worker has its own, of a
   * backend each process. Absent where the sender does not say it.
   */
  readonly instance?: string;
  /** From a front: the layout of a page of counters that it takes. Absent where it takes none. */
  readonly counters?: number;
  /**
   * Of a front: bytes of the same kind that it has in common with its other Workers, and with the fronts that succeed it.
   * What came from one of them may go back to any other one.
   */
  readonly family?: string;
  /** Of a backend: it says behind LOAD which hand-offs' connections it has no more. */
  readonly ends?: boolean;
}

/** Writes bytes as the digits of {@linkcode Hello.instance}. @param bytes as many as SIZE_INSTANCE, made by chance */
export function instanceOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The same the other way round. */
export function instanceBytes(digits: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    { length: SIZE_INSTANCE },
    (_, at) => Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16),
  );
}

/** Encodes a HELLO. */
export function encodeHello(hello: Hello): Uint8Array<ArrayBuffer> {
  const fields = encodeTextFields([[FIELD_NAME, hello.name]], MAX_NAME);
  const numbers = [[FIELD_INSTANCE, hello.instance], [FIELD_FAMILY, hello.family]] as const;
  const given = numbers.filter(([, digits]) => digits !== undefined);
  const { counters, ends } = hello;
  const bytes = [[FIELD_COUNTERS, counters], [FIELD_ENDS, ends ? 1 : undefined]] as const;
  const short = bytes.filter(([, byte]) => byte !== undefined);
  const length = given.length * (SIZE_FIELD + SIZE_INSTANCE) + short.length * (SIZE_FIELD + 1);
  const out = new Uint8Array(SIZE_HELLO + fields.length + length);
  const view = new DataView(out.buffer);
  out[0] = VERSION;
  out[1] = HELLO;
  out.set(MAGIC, HELLO_MAGIC);
  view.setUint16(HELLO_WORKERS, hello.workers);
  view.setUint16(HELLO_WINDOW, hello.window);
  view.setUint32(HELLO_PROCESS, hello.process);
  out.set(fields, SIZE_HELLO);
  let at = SIZE_HELLO + fields.length;
  for (const [field, byte] of short) {
    at = writeFieldHead(out, at, field, 1);
    out[at++] = byte!;
  }
  for (const [field, digits] of given) {
    at = writeFieldHead(out, at, field, SIZE_INSTANCE);
    out.set(instanceBytes(digits!), at);
    at += SIZE_INSTANCE;
  }
  return out;
}

const KNOWN = new Set([FIELD_NAME, FIELD_COUNTERS, FIELD_INSTANCE, FIELD_FAMILY, FIELD_ENDS]);

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
  const hello = {
    workers: view.getUint16(HELLO_WORKERS),
    window,
    process: view.getUint32(HELLO_PROCESS),
    name,
  };
  const instance = fields.get(FIELD_INSTANCE);
  const family = fields.get(FIELD_FAMILY);
  for (const [what, value] of [["instance", instance], ["family", family]] as const) {
    if (value !== undefined && value.length !== SIZE_INSTANCE) return `the ${what} has ${value.length} bytes`;
  }
  const counters = fields.get(FIELD_COUNTERS);
  if (counters?.length === 0) return "the layout of counters has no bytes";
  return {
    ...hello,
    ...instance === undefined ? {} : { instance: instanceOf(instance) },
    ...family === undefined ? {} : { family: instanceOf(family) },
    ...counters === undefined ? {} : { counters: counters[0]! },
    ...fields.get(FIELD_ENDS)?.[0] === 1 ? { ends: true } : {},
  };
}
