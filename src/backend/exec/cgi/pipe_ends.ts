/** The ends of a program's pipes that this process holds: waiting until there is something, or room. */

import {
  close,
  type Descriptor,
  EAGAIN,
  EINTR,
  EPOLLET,
  EPOLLIN,
  EPOLLOUT,
  libc,
  setNonblocking,
  settle,
} from "../../../../ffi/mod.ts";
import type { Steps, Wait } from "../../../loop/course.ts";
import { type Deadlines, Timed } from "../../../loop/deadlines.ts";
import type { Loop } from "../../../loop/loop.ts";
import type { Source } from "../../../loop/poller.ts";

const { read, write } = libc;

const SCRATCH = 65_536;
const scratch = new Uint8Array(SCRATCH);
const scratchSize = BigInt(SCRATCH);

abstract class PipeEnd extends Timed implements Source {
  #closed = false;
  #wake: ((came: boolean) => void) | undefined;

  /** @param fd owned by this object */
  constructor(readonly loop: Loop, readonly fd: Descriptor, events: number) {
    super();
    setNonblocking(fd, true);
    loop.poller.add(fd, events | EPOLLET, this);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Waits for an event. Nothing can have come since the call that found nothing, as events are told by the loop. */
  protected readonly event: Wait = (resume) => {
    this.#wake = resume;
    return false;
  };

  ready(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.(true);
  }

  override expire(): void {
    this.close();
  }

  /** Closes it. Whoever waits finds out. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.stopDeadline();
    this.loop.poller.remove(this.fd);
    close(this.fd);
    this.ready();
  }
}

/** What a program writes to its standard output. */
export class OutputPipe extends PipeEnd {
  /** There is no more. */
  ended = false;
  #patience: Deadlines | undefined;

  constructor(loop: Loop, fd: Descriptor) {
    super(loop, fd, EPOLLIN);
  }

  /** What there is at this moment, in memory of its own; undefined when there is nothing. Sets {@linkcode ended}. */
  take(): Uint8Array<ArrayBuffer> | undefined {
    if (this.ended) return undefined;
    const length = this.closed ? 0 : settle(read(this.fd, scratch, scratchSize));
    if (length > 0) {
      this.#patience?.start(this);
      return scratch.slice(0, length);
    }
    if (length !== -EAGAIN && length !== -EINTR) this.ended = true;
    return undefined;
  }

  /** The next piece; undefined at the end. */
  *read(): Steps<Uint8Array<ArrayBuffer> | undefined> {
    for (;;) {
      const piece = this.take();
      if (piece !== undefined) return piece;
      if (this.ended) return undefined;
      yield this.event;
    }
  }

  /** The program has ended. Whoever else holds the pipe has this time for each further piece, then it is closed. */
  hurry(patience: Deadlines): void {
    if (this.closed || this.ended) return;
    this.#patience = patience;
    patience.start(this);
  }
}

/** What a program reads from its standard input. */
export class InputPipe extends PipeEnd {
  constructor(loop: Loop, fd: Descriptor) {
    super(loop, fd, EPOLLOUT);
  }

  /**
   * Gives it all of a piece, as fast as it reads; false when it reads no more.
   *
   * @param piece in memory that others may use during a wait
   */
  *write(piece: Uint8Array<ArrayBuffer>): Steps<boolean> {
    let rest = this.#give(piece);
    if (rest !== undefined && rest.byteLength > 0) rest = rest.slice();
    while (rest !== undefined && rest.byteLength > 0) {
      yield this.event;
      rest = this.#give(rest);
    }
    return rest !== undefined;
  }

  /** Gives it as much as it takes at this moment; what is left, undefined when it reads no more. */
  #give(piece: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
    let rest = piece;
    while (rest.byteLength > 0) {
      if (this.closed) return undefined;
      const written = settle(write(this.fd, rest, BigInt(rest.byteLength)));
      if (written === -EAGAIN) break;
      if (written < 0 && written !== -EINTR) return undefined;
      rest = rest.subarray(Math.max(0, written));
    }
    return rest;
  }
}
