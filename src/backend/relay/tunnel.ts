/** Two connections made into one, after both ends have agreed to change the protocol (RFC 9110, 7.8). */

import { EAGAIN, keepAlive } from "../../../ffi/mod.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import { ConnectionLost } from "../connection.ts";
import type { Exchange } from "../http/exchange.ts";
import { room, roomSize } from "./relay_buffer.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";

/** Seconds of silence after which the kernel asks the client whether it is still there. */
const KEEP_ALIVE = 60;

/** How long a tunnel may be silent. */
export interface TunnelDeadlines {
  /** While both sides are open: an idle WebSocket is in order, so this is a time that does not end. */
  readonly open: Deadlines;
  /** When one side has ended, for the other one. */
  readonly half: Deadlines;
}

/**
 * Passes bytes both ways until both sides have ended, or one is broken. Ends that a side announces are passed on, too,
 * so either may go on sending after the other has finished.
 */
export class Tunnel {
  #ended = 0;
  #failed = false;

  constructor(
    readonly exchange: Exchange,
    readonly upstream: UpstreamConnection,
    readonly times: TunnelDeadlines,
  ) {}

  /** @throws {ConnectionLost | UpstreamError} when a side is broken. Both connections stay the caller's */
  async run(): Promise<void> {
    const { connection } = this.exchange;
    keepAlive(connection.fd, KEEP_ALIVE);
    this.upstream.excuse();
    const directions = [this.#watch(this.#toUpstream()), this.#watch(this.#toClient())];
    const failed = (await Promise.allSettled(directions)).find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  /** What breaks one direction ends the other. */
  async #watch(direction: Promise<void>): Promise<void> {
    try {
      await direction;
      this.#ended++;
      // Whoever waits on the other way has waited without an end until now.
      this.upstream.demand(this.times.half);
      const { connection } = this.exchange;
      if (!connection.closed) this.times.half.start(connection, performance.now());
    } catch (error) {
      this.#failed = true;
      this.upstream.close();
      this.exchange.connection.interrupt();
      throw error;
    }
  }

  async #toUpstream(): Promise<void> {
    const { exchange: { connection, input }, upstream, times } = this;
    // What the client has sent behind its request is the first of the new protocol.
    const early = input.rest();
    input.start = input.end;
    await upstream.sendAll(early, times.half);
    for (;;) {
      const length = connection.receive(room, roomSize);
      if (length === -EAGAIN) await this.#clientReadable();
      else if (length < 0) throw new ConnectionLost("Cannot receive: the client is gone");
      else if (length === 0) break;
      else {
        const sent = upstream.send(room.subarray(0, length), false);
        if (sent < length) await upstream.sendAll(room.slice(Math.max(0, sent), length), times.half);
      }
    }
    upstream.endSending();
  }

  /**
   * Both directions share the connection's one deadline, so the end of a wait for room, which is a short one, may wake
   * the reader as well: it goes on, unless the connection is broken.
   */
  async #clientReadable(): Promise<void> {
    const { connection } = this.exchange;
    for (;;) {
      try {
        return await connection.readable(this.#ended === 0 ? this.times.open : this.times.half);
      } catch (error) {
        if (this.#failed || connection.closed || this.#ended > 0) throw error;
        await undefined; // the writer, if it was the one that waited too long, says so now
        if (this.#failed) throw error;
      }
    }
  }

  async #toClient(): Promise<void> {
    const { exchange: { connection }, upstream } = this;
    for (;;) {
      if (upstream.length > 0) {
        upstream.share();
        const { start, end } = upstream;
        upstream.start = end;
        const sent = connection.send(room.subarray(start, end), false);
        if (sent < end - start) await connection.sendAll(room.slice(start + Math.max(0, sent), end));
      }
      if (!upstream.take()) await upstream.readable(this.times.half);
      else if (upstream.ended) break;
    }
    connection.endSending();
  }
}
