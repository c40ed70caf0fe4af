/** A file, or a pipe to a program, that messages are written to. */

import { close, describeErrno, ENOENT } from "../../../ffi/mod.ts";
import { FIFO_OF_PROGRAM, openOutput, type Output, outputName } from "../../output/open_output.ts";

/** Takes why a file cannot be written; without a reason that it can be again. */
export type Complain = (path: string, reason?: string) => void;

/** Milliseconds between two attempts to open what could not be opened. */
const RETRY = 1_000;
/** Milliseconds without a failure after which one is over: a pipe that is read slowly fails with every other message. */
const CALM = 60_000;
const LINE_FEED = 0x0a;

/** A message is written at once, and never waited for: one that cannot be goes elsewhere. */
export class MessageFile {
  #output: Output | undefined;
  /** People know that it cannot be written. */
  #failing = false;
  #failedAt = 0;
  #opensAgain = 0;
  /** The last line lacks its end: the disk was full. */
  #isCut = false;

  constructor(readonly path: string, readonly complain: Complain) {
    this.reopen();
  }

  /** Opens the path anew. What cannot be opened leaves what is open in use. */
  reopen(): void {
    const output = openOutput(this.path);
    if (typeof output !== "number") {
      this.close();
      this.#output = output;
      this.#isCut = false;
      return;
    }
    this.#opensAgain = Date.now() + RETRY;
    // A program that is not wanted any more reads what comes until the last one who writes has gone: this one, perhaps.
    if (output === -ENOENT && this.path.startsWith(FIFO_OF_PROGRAM) && this.#output !== undefined) return;
    this.#failed(-output);
  }

  /** @returns whether it could be written */
  write(message: Uint8Array<ArrayBuffer>): boolean {
    if (this.#output === undefined && Date.now() >= this.#opensAgain) this.reopen();
    if (this.#output === undefined) return false;
    const bytes = fitting(this.#isCut ? onItsOwn(message) : message, this.#output.atomic);
    const written = this.#output.write(bytes, bytes.length);
    if (written < 0) {
      this.#failed(-written);
      return false;
    }
    this.#isCut = written < bytes.length;
    if (this.#failing && Date.now() - this.#failedAt >= CALM) {
      this.#failing = false;
      this.complain(outputName(this.path));
    }
    return !this.#isCut;
  }

  #failed(errno: number): void {
    this.#failedAt = Date.now();
    if (this.#failing) return;
    this.#failing = true;
    this.complain(outputName(this.path), describeErrno(errno));
  }

  close(): void {
    if (this.#output !== undefined) close(this.#output.fd);
    this.#output = undefined;
  }
}

/** A longer one would mix with those of other processes, and could be written in part. */
function fitting(message: Uint8Array<ArrayBuffer>, most: number): Uint8Array<ArrayBuffer> {
  if (message.length <= most) return message;
  const cut = message.slice(0, most);
  cut[most - 1] = LINE_FEED;
  return cut;
}

function onItsOwn(message: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(message.length + 1);
  bytes[0] = LINE_FEED;
  bytes.set(message, 1);
  return bytes;
}
