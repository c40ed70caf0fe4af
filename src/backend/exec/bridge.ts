/**
 * A program that cannot have the client's socket itself: it gets one end of a pair of Unix sockets, and the bytes are passed
 * on. Either the connection has come with bytes that were read already, which belong in front of what the socket holds, and
 * nobody can put them back there; or the kernel does TLS on it, and ends are records of their own.
 */

import {
  close,
  type Descriptor,
  EAGAIN,
  EPOLLET,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  ErrnoError,
  libc,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  setNonblocking,
  settle,
  SHUT_WR,
  shutdown,
  SOCK_STREAM,
  SplicePipe,
  unixSocketPair,
} from "../../../ffi/mod.ts";
import { Timed } from "../../loop/deadlines.ts";
import type { Source } from "../../loop/poller.ts";
import type { Connection } from "../connection/connection.ts";
import type { Program } from "./program.ts";
import type { Programs } from "./programs.ts";
import { aboutSite } from "../log/about_site.ts";

const { send } = libc;

/** Room of a pipe, in bytes: what the kernel gives unless asked. */
const SIZE = 65_536;
/** Bytes that may pass in a row, before everybody else has a turn. */
const FAIR = 1 << 20;

const WATCHED = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

/** Bytes on their way from one socket to another, in the kernel. */
class Direction {
  /** Bytes that have passed in all. */
  passed = 0;
  /** Everything has passed, and the end after it; or nobody is there to take it. */
  done = false;

  /** @param end tells the other side that nothing more comes */
  constructor(
    readonly from: Descriptor,
    readonly to: Descriptor,
    readonly pipe: SplicePipe,
    readonly end: () => void,
  ) {}

  /** Passes on what there is: bytes, or -1 when a side is broken. */
  pump(): number {
    let moved = 0;
    while (!this.done && moved < FAIR) {
      const given = this.pipe.held === 0 ? 0 : this.pipe.give(this.to, false);
      if (given < 0 && given !== -EAGAIN) return -1;
      this.passed += Math.max(0, given);
      const taken = this.pipe.held > 0 ? -EAGAIN : this.pipe.take(this.from, SIZE);
      if (taken === 0) {
        this.end();
        this.done = true;
      } else if (taken < 0 && taken !== -EAGAIN) return -1;
      if (given <= 0 && taken < 0) return moved;
      moved += Math.max(0, given, taken);
    }
    return moved;
  }
}

/** Passes bytes between a client and a program, both ways, until the program has ended and its output has left. */
export class Bridge extends Timed implements Source {
  readonly #toProgram: Direction;
  readonly #toClient: Direction;
  /** What had been read before, as far as the program has not taken it. */
  #early: Uint8Array<ArrayBuffer>;
  #program: Program | undefined;
  #programEnded = false;
  #closed = false;
  /** Told when it is at its end. */
  onClose: (() => void) | undefined;

  /**
   * Serves a connection in this way. It is closed when it cannot be.
   *
   * @param environment of the program
   * @param onFailed told when that could not be started, or has ended otherwise than well
   * @returns undefined where it cannot be
   */
  static serve(
    connection: Connection,
    programs: Programs,
    environment: readonly string[],
    onFailed: () => void,
  ): Bridge | undefined {
    const upward = SplicePipe.open(SIZE);
    const downward = upward === undefined ? undefined : SplicePipe.open(SIZE);
    let pair: [Descriptor, Descriptor] | undefined;
    try {
      if (downward !== undefined) pair = unixSocketPair(SOCK_STREAM);
    } catch (error) {
      if (!(error instanceof ErrnoError)) throw error;
    }
    if (pair === undefined) {
      upward?.close();
      downward?.close();
      onFailed();
      connection.close();
      return undefined;
    }
    const [ours, theirs] = pair;
    setNonblocking(theirs, false);
    const bridge = new Bridge(connection, ours, upward!, downward!);
    const about = aboutSite(connection);
    const program = programs.start({ stdin: theirs, stdout: theirs, environment, about }, (end) => {
      if (end.how !== undefined) onFailed();
      bridge.#end();
    });
    close(theirs);
    if (typeof program === "number") {
      onFailed();
      bridge.close();
      return undefined;
    }
    bridge.#program = program;
    bridge.ready();
    return bridge;
  }

  private constructor(
    readonly connection: Connection,
    readonly socket: Descriptor,
    upward: SplicePipe,
    downward: SplicePipe,
  ) {
    super();
    this.#early = connection.transfer.preread;
    this.#toProgram = new Direction(connection.fd, socket, upward, () => this.#endToProgram());
    this.#toClient = new Direction(socket, connection.fd, downward, () => connection.endSending());
    // The connection's own watch would tell its own waiters; here nobody waits.
    connection.unwatch();
    setNonblocking(connection.fd, true);
    setNonblocking(socket, true);
    connection.home.loop.poller.add(connection.fd, WATCHED, this);
    connection.home.loop.poller.add(socket, WATCHED, this);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Something can be passed on, in either direction. */
  ready(): void {
    if (this.#closed) return;
    const up = this.#pumpToProgram();
    const down = this.#toClient.pump();
    // A client that takes nothing more is gone; a program that reads nothing more may still say something.
    if (down < 0) return this.close();
    if (up < 0 && !this.#toProgram.done) {
      // Also where the kernel does TLS, and what comes is no data: an end of the client's, mostly.
      this.#toProgram.done = true;
      this.#endToProgram();
    }
    if (up >= FAIR || down >= FAIR) return void this.connection.home.loop.others(() => this.ready());
    if (this.#toClient.done && this.#toProgram.done) return this.close();
    if (!this.#programEnded) return;
    // Whoever else holds the program's end of the pair: nothing is waited for but the client taking what is there.
    if (this.#toClient.pipe.held === 0) this.close();
    else if (down > 0 || this.deadlines === undefined) {
      this.connection.home.times.stall.start(this);
    }
  }

  #endToProgram(): void {
    shutdown(this.socket, SHUT_WR);
  }

  #pumpToProgram(): number {
    if (this.#early.length === 0) return this.#toProgram.pump();
    const size = BigInt(this.#early.length);
    const sent = settle(send(this.socket, this.#early, size, MSG_DONTWAIT | MSG_NOSIGNAL));
    if (sent === -EAGAIN) return 0;
    if (sent < 0) return -1;
    this.#early = this.#early.subarray(sent);
    return this.#early.length === 0 ? this.#toProgram.pump() : sent;
  }

  #end(): void {
    this.#programEnded = true;
    this.ready();
    // Counted as long as its program runs, and as the connection lasts.
    if (this.#closed) this.connection.close();
  }

  /** The client did not take the rest in time. */
  override expire(): void {
    this.close();
  }

  /** Ends it, whatever is still under way. The program finds its end of the pair without another. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.stopDeadline();
    const { connection, socket } = this;
    const { poller } = connection.home.loop;
    poller.remove(socket);
    close(socket);
    this.#toProgram.pipe.close();
    this.#toClient.pipe.close();
    poller.remove(connection.fd);
    connection.received += this.#toProgram.passed;
    connection.sent += this.#toClient.passed;
    connection.endSending();
    connection.letGo();
    this.onClose?.();
    if (this.#programEnded || this.#program === undefined) connection.close();
  }
}
