/**
 * Bytes from one socket to another without bringing them into this process: splice(2), pipe(7).
 *
 * @module
 */
import { libc } from "./libc.ts";
import { close, type Descriptor, pipe } from "./descriptor.ts";
import { ErrnoError, settle } from "./errno.ts";

const { fcntl, splice } = libc;

const F_SETPIPE_SZ = 1031;
const SPLICE_F_MOVE = 1;
const SPLICE_F_NONBLOCK = 2;
const SPLICE_F_MORE = 4;

/**
 * A pipe through which the kernel passes bytes from one descriptor to another. Owns both of its ends.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { close, libc, settle, SOCK_STREAM, SplicePipe, unixSocketPair } from "@fdpass/fdpass/libc";
 *
 * const [source, from] = unixSocketPair(SOCK_STREAM);
 * const [to, target] = unixSocketPair(SOCK_STREAM);
 * settle(libc.send(source, new TextEncoder().encode("through"), 7n, 0));
 *
 * const pipe = SplicePipe.open(65_536)!;
 * assert.equal(pipe.take(from, 65_536), 7);
 * assert.equal(pipe.give(to, false), 7);
 * pipe.close();
 * for (const fd of [source, from, to, target]) close(fd);
 * ```
 */
export class SplicePipe {
  /** Bytes that lie in it. */
  held = 0;
  readonly #output: Descriptor;
  readonly #input: Descriptor;

  private constructor(ends: readonly [Descriptor, Descriptor]) {
    [this.#output, this.#input] = ends;
  }

  /**
   * @param size bytes that it should have room for. The kernel grants a user so much room in all, and less beyond that
   * @returns undefined when there are no descriptors left
   */
  static open(size: number): SplicePipe | undefined {
    try {
      const ends = pipe();
      settle(fcntl(ends[1], F_SETPIPE_SZ, size));
      return new SplicePipe(ends);
    } catch (error) {
      if (error instanceof ErrnoError) return undefined;
      throw error;
    }
  }

  /**
   * Takes bytes from a descriptor that does not block.
   *
   * @param count how many at most, below 2³¹
   * @returns their number, 0 at the end, or `-errno`: -EAGAIN when there are none now, or no room
   */
  take(from: Descriptor, count: number): number {
    const flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;
    const moved = settle(splice(from, null, this.#input, null, BigInt(count), flags));
    if (moved > 0) this.held += moved;
    return moved;
  }

  /** Gives what lies in it to a descriptor that does not block; bytes, or `-errno`. @param more whether more follows at once */
  give(to: Descriptor, more: boolean): number {
    const flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK | (more ? SPLICE_F_MORE : 0);
    const moved = settle(splice(this.#output, null, to, null, BigInt(this.held), flags));
    if (moved > 0) this.held -= moved;
    return moved;
  }

  /** Closes both ends; what lies in it is lost. */
  close(): void {
    close(this.#output);
    close(this.#input);
  }
}
