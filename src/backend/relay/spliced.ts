/** Content that the kernel passes on by itself: it goes from the upstream's socket to the client's through a pipe. */

import { setImmediate } from "node:timers";
import { EAGAIN, EINVAL, setNonblocking, SplicePipe } from "../../../ffi/mod.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import { type Connection, ConnectionLost } from "../connection.ts";
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
 * Passes on so many bytes, of which nothing has been received yet.
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
  const pipe = pipes.pop() ?? SplicePipe.open(SIZE);
  if (pipe === undefined) return 0;
  // splice(2) has no flag for sockets. The mode belongs to the socket and is put back before that goes elsewhere.
  setNonblocking(client.fd, true);
  try {
    return await pump(pipe, upstream, client, count, deadlines);
  } finally {
    if (!client.closed) setNonblocking(client.fd, false);
    if (pipe.held === 0 && pipes.length < KEPT) pipes.push(pipe);
    else pipe.close();
  }
}

async function pump(
  pipe: SplicePipe,
  upstream: UpstreamConnection,
  client: Connection,
  count: number,
  deadlines: Deadlines,
): Promise<number> {
  let rest = count;
  let sinceTurn = 0;
  while (rest > 0) {
    if (upstream.closed) throw new UpstreamError("its connection was closed here");
    const taken = pipe.take(upstream.fd, Math.min(rest, SIZE));
    if (taken === -EAGAIN) {
      sinceTurn = 0;
      await upstream.readable(deadlines);
      continue;
    }
    if (taken === -EINVAL && rest === count) return 0;
    if (taken < 0) throw new UpstreamError("it broke the connection off");
    if (taken === 0) throw new UpstreamError("its response ends before its content does");
    rest -= taken;
    while (pipe.held > 0) {
      if (client.closed) throw new ConnectionLost("Cannot send: the connection is closed");
      const given = pipe.give(client.fd, false);
      if (given === -EAGAIN) await client.writable();
      else if (given <= 0) throw new ConnectionLost("Cannot send: the client is gone");
    }
    sinceTurn += taken;
    if (sinceTurn < FAIR) continue;
    sinceTurn = 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return count;
}
