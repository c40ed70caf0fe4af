/** A file, pipe or terminal that lines are written to, by several processes at a time. */

import { close, describeErrno, EAGAIN, EDQUOT, ENOENT, ENOSPC } from "../../ffi/mod.ts";
import { type Deadlines, Timed } from "../loop/deadlines.ts";
import { FIFO_OF_PROGRAM, openOutput, type Output, outputName, PIPE_BUF } from "./open_output.ts";

/** Milliseconds that a line waits for others at most. */
export const BATCH_TIME = 100;
/** Batches that wait where nothing can be written; beyond that lines are dropped. */
const MOST_WAITING = 64;
/** Milliseconds without a failure after which one is over. */
const CALM = 1_000;
/** One that comes again within so many milliseconds takes twice as long to be over: who tells of it says little. */
const LONGEST_CALM = 60_000;
/** Milliseconds between two attempts to open what could not be opened. */
const RETRY = 1_000;

const LINE_FEED = 0x0a;

/** What people should know of a log. Each is told once, until it is over. */
export type OutputEvent =
  | { readonly type: "output-failed"; readonly path: string; readonly reason: string }
  /** Lines are written again, or the end has come. */
  | { readonly type: "output-works"; readonly path: string; readonly dropped: number }
  | { readonly type: "output-stays"; readonly path: string; readonly reason: string };

/** What has been gathered for one write. */
interface Batch {
  bytes: Uint8Array<ArrayBuffer>;
  readonly length: number;
  readonly lines: number;
}

/** A line that is written where it is wanted. */
export interface Line {
  /**
   * Writes the line, which is ASCII, and its line feed into memory.
   *
   * @param at where it begins
   * @param batch another number whenever what has been written there counts no more
   * @returns where it ends; -1 where it is longer than there is room
   */
  put(bytes: Uint8Array, at: number, batch: number): number;
}

const encoder = new TextEncoder();

/**
 * Gathers lines and writes each batch with one write(2), so that lines of several processes do not mix: O_APPEND writes to
 * a file happen one after another, and so do those of up to PIPE_BUF bytes to a pipe (pipe(7)). Never waits: what cannot
 * be written is kept for a while, then dropped and counted.
 */
export class LineFile extends Timed {
  /** What people call it. */
  readonly #name: string;
  #output: Output | undefined;
  /** Where lines are gathered: as many bytes as do not mix with others. */
  #room: Uint8Array<ArrayBuffer> = new Uint8Array(PIPE_BUF);
  #length = 0;
  #lines = 0;
  /** Counts them. */
  #batch = 0;
  #waiting: Batch[] = [];
  /** The end of a batch of which the beginning has been written: it goes first, so that no line is cut. */
  #rest: Uint8Array<ArrayBuffer> | undefined;
  #dropped = 0;
  /** People know that lines are not written. */
  #failing = false;
  #failedAt = 0;
  /** When the last one was over. */
  #worksSince = -Infinity;
  #calm = CALM;
  #opensAgain = 0;

  /**
   * @param path absolute, or `-` for standard output
   * @param deadlines of {@linkcode BATCH_TIME}
   * @param clock milliseconds, as the deadlines count them
   */
  constructor(
    readonly path: string,
    readonly batches: Deadlines,
    readonly clock: () => number,
    readonly report: (event: OutputEvent) => void,
  ) {
    super();
    this.#name = outputName(path);
    this.#open();
  }

  /** The longest line that does not mix with others, in bytes. */
  get longest(): number {
    return this.#room.length;
  }

  /** Takes a line. @returns false, and nothing has happened, for one that is longer than those that do not mix */
  put(line: Line): boolean {
    let end = line.put(this.#room, this.#length, this.#batch);
    if (end < 0) {
      this.#gather();
      end = line.put(this.#room, this.#length, this.#batch);
      if (end < 0) return false;
    }
    this.#took(end);
    return true;
  }

  /** Takes a line of any length, which is ASCII and ends with a line feed. */
  write(line: string): void {
    if (this.#length + line.length > this.longest) this.#gather();
    if (line.length > this.longest) {
      this.#queue({ bytes: encoder.encode(line), length: line.length, lines: 1 });
      return this.#startBatch();
    }
    encoder.encodeInto(line, this.#room.subarray(this.#length));
    this.#took(this.#length + line.length);
  }

  #took(end: number): void {
    this.#length = end;
    this.#lines++;
    if (this.deadlines === undefined) this.#startBatch();
  }

  /** Sees to it that what there is leaves in time. */
  #startBatch(): void {
    this.batches.start(this, this.clock());
  }

  override expire(): void {
    this.flush();
  }

  /** Puts what has been gathered in the line of batches, and writes as many as can be written. */
  #gather(): void {
    if (this.#lines === 0) return;
    const batch: Batch = { bytes: this.#room, length: this.#length, lines: this.#lines };
    this.#length = 0;
    this.#lines = 0;
    this.#batch++;
    this.#queue(batch);
    // What has to wait does that elsewhere.
    if (this.#waiting.at(-1) === batch) batch.bytes = batch.bytes.slice(0, batch.length);
  }

  #queue(batch: Batch): void {
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push(batch);
    else this.#dropped += batch.lines;
    if (!this.#failing) this.#writeAll();
  }

  /** Writes what there is, as far as it can be written. */
  flush(): void {
    this.#gather();
    this.#writeAll();
    if (this.#waiting.length > 0 || this.#rest !== undefined) this.#startBatch();
  }

  #writeAll(): void {
    if (this.#output === undefined && !this.#openAgain()) return;
    if (this.#rest !== undefined && !this.#writeRest(this.#rest)) return;
    for (let batch = this.#waiting[0]; batch !== undefined; batch = this.#waiting[0]) {
      const { bytes, length } = batch;
      const written = this.#output!.write(bytes, length);
      if (written < 0) return this.#failed(-written);
      this.#waiting.shift();
      if (written === length) continue;
      const kept = this.#wholeLines(bytes, written);
      const rest = bytes.slice(kept, length);
      if (kept === written) {
        if (!this.#writeRest(rest)) return;
        continue;
      }
      this.#rest = rest;
      return this.#failed(ENOSPC);
    }
    if (this.#failing && this.clock() - this.#failedAt >= this.#calm) this.#works();
  }

  /** @returns whether all of it has been written */
  #writeRest(rest: Uint8Array<ArrayBuffer>): boolean {
    const written = this.#output!.write(rest, rest.length);
    const kept = written > 0 && written < rest.length
      ? this.#wholeLines(rest, written)
      : Math.max(0, written);
    this.#rest = kept === rest.length ? undefined : rest.subarray(kept);
    if (this.#rest === undefined) return true;
    if (written < 0) this.#failed(-written);
    else if (kept < written) this.#failed(ENOSPC);
    return false;
  }

  /**
   * The disk was full in the middle of a line. That is taken back: whether there will ever be room for its end, nobody
   * knows, and others may write before.
   *
   * @returns how many of the bytes stay written
   */
  #wholeLines(bytes: Uint8Array<ArrayBuffer>, written: number): number {
    const whole = bytes.lastIndexOf(LINE_FEED, written - 1) + 1;
    return whole < written && this.#output!.takeBack(written - whole) ? whole : written;
  }

  #failed(errno: number): void {
    // A pipe's reader may be slow, and room may be made on a disk. Everything else is over, as far as this is known here.
    const passes = errno === EAGAIN || errno === ENOSPC || errno === EDQUOT;
    if (!passes) this.#dropAll();
    this.#tell(errno === EAGAIN ? "whoever reads it does not keep up" : describeErrno(errno));
    if (passes) return;
    this.#close();
    this.#opensAgain = this.clock() + RETRY;
  }

  /** Tells people that lines are not written, if they do not know. */
  #tell(reason: string): void {
    const now = this.#failedAt = this.clock();
    if (this.#failing) return;
    this.#failing = true;
    this.#calm = now - this.#worksSince < LONGEST_CALM ? Math.min(2 * this.#calm, LONGEST_CALM) : CALM;
    this.report({ type: "output-failed", path: this.#name, reason });
  }

  #dropAll(): void {
    for (const { lines } of this.#waiting) this.#dropped += lines;
    for (const byte of this.#rest ?? []) if (byte === LINE_FEED) this.#dropped++;
    this.#waiting = [];
    this.#rest = undefined;
  }

  #works(): void {
    this.#failing = false;
    this.#worksSince = this.clock();
    this.report({ type: "output-works", path: this.#name, dropped: this.#dropped });
    this.#dropped = 0;
  }

  #open(): void {
    const output = openOutput(this.path);
    if (typeof output !== "number") {
      this.#use(output);
      return;
    }
    this.#opensAgain = this.clock() + RETRY;
    this.#tell(describeErrno(-output));
  }

  #openAgain(): boolean {
    if (this.clock() >= this.#opensAgain) this.#open();
    if (this.#output === undefined) this.#dropAll();
    return this.#output !== undefined;
  }

  /** Opens the path anew: what was there may have been moved away. What cannot be opened leaves everything as it was. */
  reopen(): void {
    this.flush();
    const output = openOutput(this.path);
    // A program that is not wanted any more reads what comes until the last one who writes has gone: this one, perhaps.
    if (output === -ENOENT && this.path.startsWith(FIFO_OF_PROGRAM)) return;
    if (typeof output === "number") {
      this.report({ type: "output-stays", path: this.#name, reason: describeErrno(-output) });
      return;
    }
    this.#close();
    this.#use(output);
  }

  /** Lines go there from now on. None has been gathered. */
  #use(output: Output): void {
    this.#output = output;
    if (output.atomic !== this.longest) this.#room = new Uint8Array(output.atomic);
  }

  #close(): void {
    if (this.#output !== undefined) close(this.#output.fd);
    this.#output = undefined;
  }

  /** Writes what there is, and closes. */
  close(): void {
    this.flush();
    this.stopDeadline();
    this.#dropAll();
    if (this.#dropped > 0) this.#works();
    this.#close();
  }
}
