/**
 * Lines, made of parts. A kept connection sends nearly the same head again and again: what follows from it is written once,
 * and a line is a few texts that there are already, with what is new in between.
 */

import type { LogRecord } from "./record.ts";

/** What one part of a line says. What comes from a client is escaped in it: it is ASCII. */
export type Render = (record: LogRecord) => string;

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
  readonly #fresh: readonly Render[];
  readonly #runs: readonly (readonly Render[])[];
  readonly #record: LogRecord;
  /** The texts of the runs, and what they follow from. */
  readonly #texts: string[] = [];
  #head = "";
  #client = "";
  #clientPort = 0;

  /** @param record of one connection: only its client and its head are looked at to see whether runs are still right */
  constructor({ fresh, runs }: LineParts, record: LogRecord) {
    this.#fresh = fresh;
    this.#runs = runs;
    this.#record = record;
  }

  /** The line of what the record says now, and its end. */
  text(): string {
    const record = this.#record;
    const texts = this.#texts;
    const { head, client, clientPort } = record;
    const known = head === this.#head && client === this.#client && clientPort === this.#clientPort;
    if (!known || texts.length === 0) this.#renew();
    const fresh = this.#fresh;
    let line = texts[0]!;
    for (let index = 0; index < fresh.length; index++) line += fresh[index]!(record) + texts[index + 1]!;
    return line;
  }

  #renew(): void {
    const record = this.#record;
    this.#head = record.head;
    this.#client = record.client;
    this.#clientPort = record.clientPort;
    for (const [index, run] of this.#runs.entries()) {
      this.#texts[index] = run.map((render) => render(record)).join("");
    }
  }
}
