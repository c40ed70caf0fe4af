/** HELLO: the first message in each direction. */

import {
  FIELD_COUNTERS,
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
}

/** Writes bytes as the digits of {@linkcode Hello.instance}. @param bytes as many as SIZE_INSTANCE, made by chance */
export function instanceOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Encodes a HELLO. */
export function encodeHello(hello: Hello): Uint8Array<ArrayBuffer> {
  const fields = encodeTextFields([[FIELD_NAME, hello.name]], MAX_NAME);
  const { instance, counters } = hello;
  const length = (instance === undefined ? 0 : SIZE_FIELD + SIZE_INSTANCE) +
    (counters === undefined ? 0 : SIZE_FIELD + 1);
  let end = SIZE_HELLO + fields.length;
  const out = new Uint8Array(end + length);
  const view = new DataView(out.buffer);
  out[0] = VERSION;
  out[1] = HELLO;
  out.set(MAGIC, HELLO_MAGIC);
  view.setUint16(HELLO_WORKERS, hello.workers);
  view.setUint16(HELLO_WINDOW, hello.window);
  view.setUint32(HELLO_PROCESS, hello.process);
  out.set(fields, SIZE_HELLO);
  if (counters !== undefined) {
    out[writeFieldHead(out, end, FIELD_COUNTERS, 1)] = counters;
    end += SIZE_FIELD + 1;
  }
  if (instance === undefined) return out;
  const value = writeFieldHead(out, end, FIELD_INSTANCE, SIZE_INSTANCE);
  for (let index = 0; index < SIZE_INSTANCE; index++) {
    out[value + index] = Number.parseInt(instance.slice(2 * index, 2 * index + 2), 16);
  }
  return out;
}

const KNOWN = new Set([FIELD_NAME, FIELD_COUNTERS, FIELD_INSTANCE]);

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
  if (instance !== undefined && instance.length !== SIZE_INSTANCE) {
    return `the instance has ${instance.length} bytes`;
  }
  const counters = fields.get(FIELD_COUNTERS);
  if (counters?.length === 0) return "the layout of counters has no bytes";
  return {
    ...hello,
    ...instance === undefined ? {} : { instance: instanceOf(instance) },
    ...counters === undefined ? {} : { counters: counters[0]! },
  };
}
