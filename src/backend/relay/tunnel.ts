/** Two connections made into one: after a change of protocol (RFC 9110, 7.8), or from the first byte on. */

import { EAGAIN, keepAlive, setNonblocking } from "../../../ffi/mod.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import { type Connection, ConnectionLost } from "../connection/connection.ts";
import { room, roomSize } from "./relay_buffer.ts";
import { clientEnd, Flow, type FlowEnding, upstreamEnd } from "./spliced.ts";
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
 * so either may go on sending after the other has finished. Of neither side more is taken than the other takes, and
 * what comes in bulk goes from socket to socket in the kernel.
 */
export class Tunnel {
  #ended = 0;
  #failed = false;
  #bulk: boolean;

  /**
   * @param client goes nowhere else any more
   * @param early what the upstream gets first, in memory of its own
   */
  constructor(
    readonly client: Connection,
    readonly upstream: UpstreamConnection,
    readonly early: Uint8Array<ArrayBuffer>,
    readonly times: TunnelDeadlines,
  ) {
    this.#bulk = upstream.splices;
  }

  /** @throws {ConnectionLost | UpstreamError} when a side is broken. Both connections stay the caller's */
  async run(): Promise<void> {
    keepAlive(this.client.fd, KEEP_ALIVE);
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
      if (!this.client.closed) this.times.half.start(this.client);
    } catch (error) {
      this.#failed = true;
      this.upstream.close();
      this.client.interrupt();
      throw error;
    }
  }

  async #toUpstream(): Promise<void> {
    const { client, upstream, times } = this;
    await upstream.sendAll(this.early, times.half);
    const flow = new Flow(clientEnd(client), upstreamEnd(upstream, times.half), client.home.loop);
    for (;;) {
      const length = client.receive(room, roomSize);
      if (length === -EAGAIN) await this.#clientReadable();
      else if (length < 0) throw new ConnectionLost("Cannot receive: the client is gone");
      else if (length === 0) break;
      else {
        const sent = upstream.send(room.subarray(0, length), false);
        if (sent < length) await upstream.sendAll(room.slice(Math.max(0, sent), length), times.half);
        if (length === room.byteLength && await this.#pour(flow) === "ended") break;
      }
    }
    upstream.endSending();
  }

  /**
   * Both directions share the connection's one deadline, so the end of a wait for room, which is a short one, may wake
   * the reader as well: it goes on, unless the connection is broken.
   */
  async #clientReadable(): Promise<void> {
    const { client } = this;
    for (;;) {
      try {
        return await client.readable(this.#ended === 0 ? this.times.open : this.times.half);
      } catch (error) {
        if (this.#failed || client.closed || this.#ended > 0) throw error;
        await undefined; // the writer, if it was the one that waited too long, says so now
        if (this.#failed) throw error;
      }
    }
  }

  async #toClient(): Promise<void> {
    const { client, upstream, times } = this;
    const flow = new Flow(upstreamEnd(upstream, times.half), clientEnd(client), client.home.loop);
    for (;;) {
      if (upstream.length > 0) {
        upstream.share();
        const { start, end } = upstream;
        upstream.start = end;
        const sent = client.send(room.subarray(start, end), false);
        if (sent < end - start) await client.sendAll(room.slice(start + Math.max(0, sent), end));
        if (end - start === room.byteLength && await this.#pour(flow) === "ended") break;
      }
      if (!upstream.take()) await upstream.readable(times.half);
      else if (upstream.ended) break;
    }
    client.endSending();
  }

  /** After a buffer that was full, more is likely: the kernel passes on what comes, until there is a pause. */
  async #pour(flow: Flow): Promise<FlowEnding> {
    if (!this.#bulk) return "paused";
    if (this.client.closed) throw new ConnectionLost("Cannot go on: the connection is closed");
    // It is never put back: the connection stays here to its end, and both directions may be at it.
    setNonblocking(this.client.fd, true);
    const ending = await flow.run(Infinity);
    if (ending === "impossible") this.#bulk = false;
    return ending;
  }
}
