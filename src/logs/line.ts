/**
 * Lines, made of parts and written as bytes where many of them leave together. A kept connection sends nearly the same head
 * again and again: what follows from it is written once, and lines are copied from there, with what is new in between.
 */

import type { LogRecord } from "./record.ts";

/** What one part of a line says: a text in ASCII, in which what comes from a client is escaped, or a whole number. */
export type Render = (record: LogRecord) => string | number;

/** A part of a format. */
export interface Part {
  readonly render: Render;
  /** It is the same for all requests of one connection that have the same client and head. */
  readonly steady: boolean;
}

/** A part that follows from the connection, the client and the head alone. */
export function steady(render: Render): Part {
  return { render, steady: true };
}

/** A part that is worked out for each line. */
export function fresh(render: Render): Part {
  return { render, steady: false };
}

/** The parts of a format in the order in which lines are written: runs of steady ones and of literals around the others. */
export class LineParts {
  /** What is worked out for each line. */
  readonly fresh: Render[] = [];
  /** What stands before each of {@linkcode fresh}, and behind the last one. */
  readonly runs: Render[][] = [[]];

  constructor(parts: readonly (string | Part)[]) {
    for (const part of parts) {
      if (typeof part === "string") this.runs.at(-1)!.push(() => part);
      else if (part.steady) this.runs.at(-1)!.push(part.render);
      else {
        this.fresh.push(part.render);
        this.runs.push([]);
      }
    }
  }
}

/** Writes the lines of one record, which is filled in for one request of a connection after another. */
export class RecordLine {
  readonly #parts: LineParts;
  readonly #record: LogRecord;
  /** What the last line followed from. */
  #head: string | undefined;
  #client = "";
  #clientPort = 0;
  /** The bytes of its runs; written when it has come a second time. */
  #steady: readonly Uint8Array[] = [];
  /** What else it was made of, and where it stands: in which batch, from where to where. */
  readonly #values: (string | number)[] = [];
  #batch = -1;
  #from = 0;
  #to = 0;

  /** @param record of one connection: only its client and its head are looked at to see whether runs are still right */
  constructor(parts: LineParts, record: LogRecord) {
    this.#parts = parts;
    this.#record = record;
  }

  /**
   * Writes the line of what the record says now, and its end, into memory.
   *
   * @param at where it begins
   * @param batch another number whenever what has been written there counts no more; none of them is negative
   * @returns where it ends; -1 where it is longer than there is room, and then what stands there means nothing
   */
  put(bytes: Uint8Array, at: number, batch: number): number {
    const { head, client, clientPort } = this.#record;
    let end: number;
    if (head === this.#head && client === this.#client && clientPort === this.#clientPort) {
      if (this.#steady.length === 0) this.#steady = this.#writeRuns();
      end = this.#putAgain(bytes, at, batch);
    } else {
      this.#head = head;
      this.#client = client;
      this.#clientPort = clientPort;
      if (this.#steady.length > 0) this.#steady = [];
      this.#batch = -1;
      end = this.#putNew(bytes, at);
    }
    // What is written behind the end of an array is written nowhere.
    return end <= bytes.length ? end : -1;
  }

  #putNew(bytes: Uint8Array, at: number): number {
    const record = this.#record;
    const { fresh, runs } = this.#parts;
    let to = at;
    for (let index = 0; index < runs.length; index++) {
      for (const render of runs[index]!) to = putValue(render(record), bytes, to);
      if (index < fresh.length) to = putValue(fresh[index]!(record), bytes, to);
    }
    return to;
  }

  #putAgain(bytes: Uint8Array, at: number, batch: number): number {
    const record = this.#record;
    const { fresh } = this.#parts;
    const values = this.#values;
    let isSame = batch === this.#batch;
    for (let index = 0; index < fresh.length; index++) {
      const value = fresh[index]!(record);
      if (value === values[index]) continue;
      values[index] = value;
      isSame = false;
    }
    // Who asks the same thing again within the second has the same line again.
    if (isSame) bytes.copyWithin(at, this.#from, this.#to);
    const end = isSame ? at + this.#to - this.#from : this.#putParts(bytes, at);
    this.#batch = end <= bytes.length ? batch : -1;
    this.#from = at;
    this.#to = end;
    return end;
  }

  #putParts(bytes: Uint8Array, at: number): number {
    const steady = this.#steady;
    const values = this.#values;
    let to = at;
    for (let index = 0; index < steady.length; index++) {
      to = putBytes(steady[index]!, bytes, to);
      if (index < values.length) to = putValue(values[index]!, bytes, to);
    }
    return to;
  }

  #writeRuns(): Uint8Array[] {
    const record = this.#record;
    const { runs } = this.#parts;
    const texts = runs.map((run) => run.map((render) => render(record)).join(""));
    const all = encoder.encode(texts.join(""));
    let end = 0;
    return texts.map(({ length }) => all.subarray(end, end += length));
  }

  /** The same line as text, for one that is too long for the memory where lines are gathered. */
  text(): string {
    const record = this.#record;
    const { fresh, runs } = this.#parts;
    return runs.flatMap((run, index) => [...run, ...fresh.slice(index, index + 1)])
      .map((render) => render(record)).join("");
  }
}

const encoder = new TextEncoder();
/** Bytes from which on a copy by the runtime costs less than one here, byte by byte. */
const MANY = 24;
/** The same of characters. */
const LONG = 48;
/** Numbers up to here are divided as integers of 32 bits. */
const SMALL = 0x7fff_ffff;

/** @returns where it ends */
function putValue(value: string | number, bytes: Uint8Array, at: number): number {
  if (typeof value === "string") return putText(value, bytes, at);
  return value <= SMALL ? putNumber(value, bytes, at) : putText(String(value), bytes, at);
}

function putBytes(run: Uint8Array, bytes: Uint8Array, at: number): number {
  const { length } = run;
  if (length < MANY || at + length > bytes.length) {
    for (let index = 0; index < length; index++) bytes[at + index] = run[index]!;
  } else {
    bytes.set(run, at);
  }
  return at + length;
}

function putText(text: string, bytes: Uint8Array, at: number): number {
  const { length } = text;
  if (length > LONG) {
    encoder.encodeInto(text, bytes.subarray(at));
    return at + length;
  }
  for (let index = 0; index < length; index++) bytes[at + index] = text.charCodeAt(index);
  return at + length;
}

/** @param value whole, from 0 to {@linkcode SMALL} */
function putNumber(value: number, bytes: Uint8Array, at: number): number {
  let end = at + 1;
  for (let power = 10; power <= value; power *= 10) end++;
  for (let index = end - 1, rest = value; index >= at; index--) {
    const tens = (rest / 10) | 0;
    bytes[index] = 0x30 + rest - tens * 10;
    rest = tens;
  }
  return end;
}
