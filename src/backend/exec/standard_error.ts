/** What a program writes to its standard error, line by line, and not more than a log should take. */

import { close, type Descriptor, EAGAIN, EINTR, EPOLLIN, libc, settle } from "../../../ffi/mod.ts";
import type { Loop } from "../../loop/loop.ts";
import type { Source } from "../../loop/poller.ts";

const { read } = libc;

/** Bytes of a line; a longer one comes in pieces. */
const LONGEST = 4_096;
/** Milliseconds for which {@linkcode MOST} counts. */
const WINDOW = 10_000;
/** Bytes that are passed on in that time. */
const MOST = 65_536;
/** What a line costs at least, however short it is: it becomes an entry of the log. */
const LEAST = 128;
/** How often what is left in the pipe of a program that has ended is read: what it held, and no more than that. */
const LAST_READS = 16;

const NEWLINE = 10;
const SCRATCH = 65_536;
const scratch = new Uint8Array(SCRATCH);
const scratchSize = BigInt(SCRATCH);
const decoder = new TextDecoder();

/** Takes what is read. */
export interface ErrorListener {
  /** A line without its end. */
  said(line: string): void;
  /** So many bytes were read and not passed on, since they were too many. */
  unsaid(bytes: number): void;
}

/** The reading end of a program's standard error. Owns it. */
export class StandardError implements Source {
  #closed = false;
  #line = new Uint8Array(0);
  #windowEnds = 0;
  #left = MOST;
  #dropped = 0;

  /** @param fd does not block */
  constructor(readonly loop: Loop, readonly fd: Descriptor, readonly listener: ErrorListener) {
    loop.poller.add(fd, EPOLLIN, this);
  }

  ready(): void {
    if (!this.#take()) this.#close();
  }

  /** Reads once; false when there will be no more. */
  #take(): boolean {
    const length = settle(read(this.fd, scratch, scratchSize));
    if (length === -EAGAIN || length === -EINTR) return true;
    if (length <= 0) return false;
    if (this.loop.clock() >= this.#windowEnds) {
      this.#tellDropped();
      this.#windowEnds = this.loop.clock() + WINDOW;
      this.#left = MOST;
    }
    this.#split(length);
    return true;
  }

  #split(length: number): void {
    let start = 0;
    while (start < length) {
      // A flood is not even looked at.
      if (this.#left <= 0) {
        this.#dropped += this.#line.length + length - start;
        this.#line = new Uint8Array(0);
        return;
      }
      const end = scratch.subarray(0, length).indexOf(NEWLINE, start);
      const room = LONGEST - this.#line.length;
      const stop = Math.min(end < 0 ? length : end, start + room);
      this.#append(scratch.subarray(start, stop));
      start = stop === end ? end + 1 : stop;
      if (stop === end || this.#line.length === LONGEST) this.#say();
    }
  }

  #append(piece: Uint8Array): void {
    const joined = new Uint8Array(this.#line.length + piece.length);
    joined.set(this.#line);
    joined.set(piece, this.#line.length);
    this.#line = joined;
  }

  #say(): void {
    const line = this.#line;
    this.#line = new Uint8Array(0);
    if (line.length === 0) return;
    this.#left -= Math.max(LEAST, line.length);
    this.listener.said(decoder.decode(line));
  }

  #tellDropped(): void {
    if (this.#dropped === 0) return;
    this.listener.unsaid(this.#dropped);
    this.#dropped = 0;
  }

  /** The program has ended: reads what it has left, and lets go, whoever else may hold the other end. */
  finish(): void {
    for (let reads = 0; reads < LAST_READS && !this.#closed; reads++) {
      const length = settle(read(this.fd, scratch, scratchSize));
      if (length <= 0) break;
      this.#split(length);
    }
    this.#close();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#say();
    this.#tellDropped();
    this.loop.poller.remove(this.fd);
    close(this.fd);
  }
}
