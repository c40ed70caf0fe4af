/** Bytes that the kernel passes on by itself: they go from one socket to another through a pipe. */

import { type Descriptor, EAGAIN, EINVAL, EIO, setNonblocking, SplicePipe } from "../../../ffi/mod.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import type { Loop } from "../../loop/loop.ts";
import { type Connection, ConnectionLost } from "../connection/connection.ts";
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

/** A socket that does not block, at one end of a flow. splice(2) has no flag for sockets: it goes by their mode. */
export interface FlowEnd {
  readonly fd: Descriptor;
  readonly closed: boolean;
  /** Whether what comes may be no data, which splice(2) refuses (EINVAL, EIO): whoever receives it knows what it is. */
  readonly hasRecords?: boolean;
  /** Notes bytes that have come from here, or gone here. */
  passed?(taken: number, given: number): void;
  /** Waits for room. */
  writable(): Promise<void>;
  /** What it means when it cannot be read from, or written to. */
  broken(): Error;
}

/** The client's end. */
export function clientEnd(client: Connection): FlowEnd {
  return {
    fd: client.fd,
    get closed() {
      return client.closed;
    },
    hasRecords: client.kernelTls,
    passed: (taken, given) => {
      client.received += taken;
      client.sent += given;
    },
    writable: () => client.writable(),
    broken: () => new ConnectionLost("Cannot go on: the client is gone"),
  };
}

/** The upstream's end. @param deadlines for it to take a piece */
export function upstreamEnd(upstream: UpstreamConnection, deadlines: Deadlines): FlowEnd {
  return {
    fd: upstream.fd,
    get closed() {
      return upstream.closed;
    },
    writable: () => upstream.writable(deadlines),
    broken: () => new UpstreamError("it broke the connection off"),
  };
}

/** How a flow comes to rest: nothing more has come, the source has ended, all has passed, or the kernel cannot do it. */
export type FlowEnding = "paused" | "ended" | "done" | "impossible";

/** One direction. It holds a pipe only while bytes pass. */
export class Flow {
  /** Bytes that have passed in all. */
  passed = 0;

  /** @param loop gives others their turn */
  constructor(readonly source: FlowEnd, readonly sink: FlowEnd, readonly loop: Loop) {}

  /**
   * Passes on what comes, as long as it comes without a pause.
   *
   * @param most bytes; Infinity for what the connection has
   * @throws what the ends mean when they break, or what their waits throw
   */
  async run(most: number): Promise<FlowEnding> {
    const pipe = pipes.pop() ?? SplicePipe.open(SIZE);
    if (pipe === undefined) return "impossible";
    try {
      return await this.#run(pipe, most);
    } finally {
      if (pipe.held === 0 && pipes.length < KEPT) pipes.push(pipe);
      else pipe.close();
    }
  }

  async #run(pipe: SplicePipe, most: number): Promise<FlowEnding> {
    const { source, sink } = this;
    let sinceTurn = 0;
    for (let rest = most; rest > 0;) {
      if (source.closed) throw source.broken();
      const taken = pipe.take(source.fd, Math.min(rest, SIZE));
      if (taken === -EAGAIN || source.hasRecords && (taken === -EINVAL || taken === -EIO)) return "paused";
      if (taken === -EINVAL && this.passed === 0) return "impossible";
      if (taken < 0) throw source.broken();
      if (taken === 0) return "ended";
      while (pipe.held > 0) {
        if (sink.closed) throw sink.broken();
        const given = pipe.give(sink.fd, false);
        if (given === -EAGAIN) await sink.writable();
        else if (given <= 0) throw sink.broken();
      }
      rest -= taken;
      source.passed?.(taken, 0);
      sink.passed?.(0, taken);
      this.passed += taken;
      sinceTurn += taken;
      if (sinceTurn < FAIR) continue;
      sinceTurn = 0;
      await this.loop.othersTurn();
    }
    return "done";
  }
}

/**
 * Passes so many bytes of a response on, of which nothing has been received yet.
 *
 * @returns bytes that were passed on; fewer than asked for where the kernel cannot do it
 * @throws {UpstreamError} when the upstream ends before that
 * @throws {ConnectionLost} when the client is gone
 */
export async function splice(
  upstream: UpstreamConnection,
  client: Connection,
  count: number,
  deadlines: Deadlines,
): Promise<number> {
  if (client.closed) throw new ConnectionLost("Cannot send: the connection is closed");
  // The mode belongs to the socket and is put back before that goes elsewhere.
  setNonblocking(client.fd, true);
  const flow = new Flow(upstreamEnd(upstream, deadlines), clientEnd(client), client.home.loop);
  try {
    for (;;) {
      const ending = await flow.run(count - flow.passed);
      if (ending === "done" || ending === "impossible") return flow.passed;
      if (ending === "ended") throw new UpstreamError("its response ends before its content does");
      await upstream.readable(deadlines);
    }
  } finally {
    if (!client.closed) setNonblocking(client.fd, false);
  }
}
