/** GENERATION: what a front goes by from now on. */

import { encodeTextFields, fieldText, readFields, writeFieldHead } from "./fields.ts";
import { instanceBytes, instanceOf } from "./hello.ts";
import {
  FIELD_RATES,
  FIELD_REQUEST_RATE,
  FIELD_TRUSTED,
  GENERATION,
  GENERATION_IDLE_TIME,
  GENERATION_NUMBER,
  GENERATION_REQUESTS,
  MAX_TRUSTED,
  SIZE_FIELD,
  SIZE_GENERATION,
  SIZE_INSTANCE,
  VERSION,
} from "./messages.ts";
import type { RatesName } from "./rates_table.ts";

/** What a front decides by from now on, and what it says of connections that backends keep. */
export interface Generation {
  /** Transfers of another number were decided by other routes: their scopes are void. */
  readonly number: number;
  /** Milliseconds that a kept connection may be idle. */
  readonly idleTime: number;
  /** Requests that a connection may have in all; 0 for any number. */
  readonly requests: number;
  /** Who is trusted to say who asks: the JSON of a list of lists, to which transfers refer. Absent where nobody is. */
  readonly trusted?: string;
  /** Requests that a client may ask a second, and at once; any number unless given. */
  readonly requestRate?: { readonly rate: number; readonly burst: number };
  /** Where the front counts them, for backends that can do so there. */
  readonly rates?: RatesName;
}

const GENERATION_FIELDS = new Set([FIELD_TRUSTED, FIELD_REQUEST_RATE, FIELD_RATES]);
/** Thousandths of a request a second u32, requests u32. */
const SIZE_REQUEST_RATE = 8;
/** Descriptor u32, seed u32, name of SIZE_INSTANCE bytes. */
const SIZE_RATES = 8 + SIZE_INSTANCE;

/** Encodes a GENERATION. @throws {RangeError} when what is said of trust is longer than a field */
export function encodeGeneration(generation: Generation): Uint8Array<ArrayBuffer> {
  const { number, idleTime, requests, trusted, requestRate, rates } = generation;
  const fields = encodeTextFields(trusted === undefined ? [] : [[FIELD_TRUSTED, trusted]], MAX_TRUSTED);
  const fieldsEnd = SIZE_GENERATION + fields.length;
  const ratesAt = fieldsEnd + (requestRate === undefined ? 0 : SIZE_FIELD + SIZE_REQUEST_RATE);
  const out = new Uint8Array(ratesAt + (rates === undefined ? 0 : SIZE_FIELD + SIZE_RATES));
  out.set(fields, SIZE_GENERATION);
  out[0] = VERSION;
  out[1] = GENERATION;
  const view = new DataView(out.buffer);
  view.setUint32(GENERATION_NUMBER, number);
  view.setUint32(GENERATION_IDLE_TIME, idleTime);
  view.setUint32(GENERATION_REQUESTS, requests);
  if (requestRate !== undefined) {
    const at = writeFieldHead(out, fieldsEnd, FIELD_REQUEST_RATE, SIZE_REQUEST_RATE);
    view.setUint32(at, Math.max(1, Math.round(1_000 * requestRate.rate)));
    view.setUint32(at + 4, requestRate.burst);
  }
  if (rates !== undefined) {
    const at = writeFieldHead(out, ratesAt, FIELD_RATES, SIZE_RATES);
    view.setUint32(at, rates.descriptor);
    view.setUint32(at + 4, rates.seed);
    out.set(instanceBytes(rates.name), at + 8);
  }
  return out;
}

/** Decodes a GENERATION; or says what is wrong. */
export function decodeGeneration(bytes: Uint8Array<ArrayBuffer>, length: number): Generation | string {
  if (length < SIZE_GENERATION) return "GENERATION is too short";
  const fields = readFields(bytes, SIZE_GENERATION, length, GENERATION_FIELDS);
  if (typeof fields === "string") return fields;
  const trusted = fields.get(FIELD_TRUSTED);
  const text = trusted && fieldText(trusted);
  if (trusted !== undefined && text === undefined) return "a text field is not UTF-8";
  const rate = fields.get(FIELD_REQUEST_RATE);
  if (rate !== undefined && rate.length < SIZE_REQUEST_RATE) {
    return `a field request rate of ${rate.length} bytes`;
  }
  const rates = fields.get(FIELD_RATES);
  if (rates !== undefined && rates.length < SIZE_RATES) return `a field rates of ${rates.length} bytes`;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  return {
    number: view.getUint32(GENERATION_NUMBER),
    idleTime: view.getUint32(GENERATION_IDLE_TIME),
    requests: view.getUint32(GENERATION_REQUESTS),
    ...text === undefined ? {} : { trusted: text },
    ...rate === undefined ? {} : { requestRate: readRate(rate) },
    ...rates === undefined ? {} : { rates: readRates(rates) },
  };
}

function readRate(value: Uint8Array): { readonly rate: number; readonly burst: number } {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  // None at all would be no limit: whoever says so means as few as can be said.
  return { rate: Math.max(1, view.getUint32(0)) / 1_000, burst: view.getUint32(4) };
}

function readRates(value: Uint8Array): RatesName {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return {
    descriptor: view.getUint32(0),
    seed: view.getUint32(4),
    name: instanceOf(value.subarray(8, SIZE_RATES)),
  };
}
