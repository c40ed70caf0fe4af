/** Bytes that the kernel passes on by itself: they go from one socket to another through a pipe. */

import { EAGAIN, EINVAL, EIO, setNonblocking, SplicePipe } from "../../../ffi/mod.ts";
import type { Steps } from "../../loop/course.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import { type Connection, ConnectionLost } from "../connection/connection.ts";
import { ClientEnd, type End, UpstreamEnd } from "./ends.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";
import { UpstreamError } from "./upstream_error.ts";

/** Bytes of content from which it pays: below, making the pipe costs more than copying. */
export const WORTH_SPLICING = 262_144;

/** Room of a pipe, in bytes. */
const SIZE = 1 << 18;
/** Empty pipes that are kept. */
const KEPT = 8;
/** Bytes that may pass without a pause, before everybody else has a turn. */
const FAIR = 1 << 21;

const pipes: SplicePipe[] = [];

/** Closes the pipes that are kept. For the end of a test. */
export function closePipes(): void {
  for (const pipe of pipes.splice(0)) pipe.close();
}

/**
 * Why bytes stop to flow: all have passed, no more have come, the sink takes no more, the source has ended, what comes next
 * is no data and has to be received, others are to have their turn, or the kernel cannot do it at all.
 */
export type Stop = "done" | "empty" | "full" | "ended" | "record" | "turn" | "impossible";

/** One direction. It has a pipe only while bytes pass, or lie in it. The sockets must not block: splice(2) goes by their mode. */
export class Flow {
  /** Bytes that have passed in all. */
  passed = 0;
  #pipe: SplicePipe | undefined;

  /** @param most bytes that are to pass; Infinity for what the connection has */
  constructor(readonly source: End, readonly sink: End, readonly most: number) {}

  /**
   * Passes on what is there, without a wait.
   *
   * @throws what it means that an end breaks
   */
  pour(): Stop {
    const pipe = this.#pipe ??= pipes.pop() ?? SplicePipe.open(SIZE);
    if (pipe === undefined) return "impossible";
    const stop = this.#pour(pipe);
    if (pipe.held === 0) this.release();
    return stop;
  }

  #pour(pipe: SplicePipe): Stop {
    const { source, sink } = this;
    for (const turn = this.passed + FAIR; this.passed < turn;) {
      while (pipe.held > 0) {
        if (sink.closed) throw sink.error("gone");
        const given = pipe.give(sink.fd, false);
        if (given === -EAGAIN) return "full";
        if (given <= 0) throw sink.error("gone");
        sink.passed(0, given);
        this.passed += given;
      }
      if (this.passed === this.most) return "done";
      if (source.closed) throw source.error("gone");
      const taken = pipe.take(source.fd, Math.min(this.most - this.passed, SIZE));
      if (taken === 0) return "ended";
      if (taken > 0) source.passed(taken, 0);
      else if (taken === -EAGAIN) return "empty";
      else if (source.hasRecords && (taken === -EINVAL || taken === -EIO)) return "record";
      else if (taken === -EINVAL && this.passed === 0) return "impossible";
      else throw source.error("gone");
    }
    return "turn";
  }

  /** Gives the pipe back. What lies in it is lost. */
  release(): void {
    const pipe = this.#pipe;
    if (pipe === undefined) return;
    this.#pipe = undefined;
    if (pipe.held === 0 && pipes.length < KEPT) pipes.push(pipe);
    else pipe.close();
  }
}

/**
 * Passes so many bytes of a response on, of which nothing has been received yet.
 *
 * @returns bytes that were passed on; fewer than asked for where the kernel cannot do it
 * @throws {UpstreamError} when the upstream ends before that
 * @throws {ConnectionLost} when the client is gone
 */
export function* splice(
  upstream: UpstreamConnection,
  client: Connection,
  count: number,
  deadlines: Deadlines,
): Steps<number> {
  if (client.closed) throw new ConnectionLost("Cannot send: the connection is closed");
  const { loop, times: { stall } } = client.home;
  // The mode belongs to the socket and is put back before that goes elsewhere.
  setNonblocking(client.fd, true);
  const flow = new Flow(new UpstreamEnd(upstream, deadlines), new ClientEnd(client), count);
  try {
    for (;;) {
      const stop = flow.pour();
      if (stop === "done" || stop === "impossible") return flow.passed;
      if (stop === "ended") throw new UpstreamError("its response ends before its content does");
      if (stop === "empty") yield* upstream.untilReadable(deadlines);
      else if (stop === "full") {
        const came = yield (resume) => client.awaitRoom(stall, stall.milliseconds, resume);
        if (!came || client.closed) throw flow.sink.error("stuck");
      } else yield loop.others;
    }
  } finally {
    flow.release();
    if (!client.closed) setNonblocking(client.fd, false);
  }
}
