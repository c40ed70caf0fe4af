/** Two connections made into one: after a change of protocol (RFC 9110, 7.8), or from the first byte on. */

import { EAGAIN, keepAlive, setNonblocking } from "../../../ffi/mod.ts";
import type { Steps } from "../../loop/course.ts";
import { type Deadlines, Timed } from "../../loop/deadlines.ts";
import type { Loop } from "../../loop/loop.ts";
import type { Connection } from "../connection/connection.ts";
import { ClientEnd, type End, UpstreamEnd } from "./ends.ts";
import { room } from "./relay_buffer.ts";
import { Flow } from "./spliced.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";

/** Seconds of silence after which the kernel asks the client whether it is still there. */
const KEEP_ALIVE = 60;
/** Bytes that may be copied one way without a wait, before everybody else has a turn. */
const FAIR = 1 << 20;

const NOTHING = new Uint8Array(0);

/**
 * Passes bytes both ways until both sides have ended, or one is broken. Ends that a side announces are passed on, too,
 * so either may go on sending after the other has finished. Of neither side more is taken than the other takes, and
 * what comes in bulk goes from socket to socket in the kernel.
 *
 * Either way goes on by itself, called by the poller: no step of whoever runs the tunnel lies between two messages.
 */
export class Tunnel {
  readonly loop: Loop;
  readonly #there: Way;
  readonly #back: Way;
  #bulk: boolean;
  #nonblocking = false;
  #failure: { readonly error: unknown } | undefined;
  #over = false;
  #whenOver: ((came: boolean) => void) | undefined;

  /**
   * @param client goes nowhere else any more
   * @param early what the upstream gets first, in memory of its own
   * @param patience how long the upstream may take nothing, and how long either side may be silent when the other one has
   *   ended. While both are open there is no end of that: an idle WebSocket is in order
   */
  constructor(
    readonly client: Connection,
    readonly upstream: UpstreamConnection,
    early: Uint8Array<ArrayBuffer>,
    readonly patience: Deadlines,
  ) {
    this.loop = client.home.loop;
    this.#bulk = upstream.splices;
    upstream.keep();
    const { bytes, start, end } = upstream;
    const [here, there] = [new ClientEnd(client), new UpstreamEnd(upstream, patience)];
    this.#there = new Way(this, here, there, early);
    this.#back = new Way(this, there, here, bytes.subarray(start, end));
    upstream.start = end;
    this.#there.other = this.#back;
    this.#back.other = this.#there;
  }

  /** @throws {ConnectionLost | UpstreamError} when a side is broken. Both connections stay the caller's */
  *run(): Steps<void> {
    yield (resume) => this.#begin(resume);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** @returns whether it is over already */
  #begin(over: (came: boolean) => void): boolean {
    const { client } = this;
    if (!client.closed) keepAlive(client.fd, KEEP_ALIVE);
    client.setNoDelay();
    this.#there.begin();
    this.#back.begin();
    if (this.#over) return true;
    this.#whenOver = over;
    return false;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Whether the kernel can pass bytes on, as far as is known. */
  get bulk(): boolean {
    if (this.#bulk && !this.#nonblocking) {
      // It is never put back: the connection stays here to its end.
      setNonblocking(this.client.fd, true);
      this.#nonblocking = true;
    }
    return this.#bulk;
  }

  noBulk(): void {
    this.#bulk = false;
  }

  /** Both ways have come to their ends. */
  finish(): void {
    this.#over = true;
    this.#there.stop();
    this.#back.stop();
    this.#whenOver?.(true);
  }

  /** What breaks one way ends the other. */
  fail(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#failure = { error };
    this.upstream.close();
    this.client.interrupt();
    this.finish();
  }
}

/** One of the two ways. Whenever its source or its sink is ready it goes as far as it can, and then waits for either. */
class Way extends Timed {
  other!: Way;
  ended = false;
  /** What the sink has yet to take, in memory of its own. */
  #rest: Uint8Array<ArrayBuffer>;
  readonly #flow: Flow;
  /** More is likely, and goes through the kernel: until there is a pause. */
  #pours = false;
  #awaits: "input" | "room" | undefined;
  readonly #resume = (came: boolean): void => this.#go(came);

  constructor(
    readonly tunnel: Tunnel,
    readonly source: End,
    readonly sink: End,
    first: Uint8Array<ArrayBuffer>,
  ) {
    super();
    this.#rest = first;
    this.#flow = new Flow(source, sink, Infinity);
  }

  begin(): void {
    this.#go(true);
  }

  stop(): void {
    this.stopDeadline();
    this.#flow.release();
  }

  /** The other way has ended: what comes on this one has to come in time from now on. */
  hurry(): void {
    if (this.#awaits === "input") this.tunnel.patience.start(this);
  }

  override expire(): void {
    this.tunnel.fail(this.#late());
  }

  #late(): Error {
    return this.#awaits === "room" ? this.sink.error("stuck") : this.source.error("silent");
  }

  /** @param came whether what was waited for has come */
  #go(came: boolean): void {
    const { tunnel } = this;
    if (tunnel.over) return;
    this.stopDeadline();
    try {
      if (!came) throw this.#late();
      this.#awaits = undefined;
      this.#move();
    } catch (error) {
      tunnel.fail(error);
    }
  }

  #move(): void {
    const { source, sink, tunnel } = this;
    for (let sinceTurn = 0; sinceTurn < FAIR;) {
      if (this.#rest.byteLength > 0) {
        const sent = sink.send(this.#rest, this.#rest.byteLength);
        if (sent >= 0) this.#rest = sent === this.#rest.byteLength ? NOTHING : this.#rest.subarray(sent);
        else if (sent !== -EAGAIN) throw sink.error("gone");
        else if (!this.#hasRoom()) return;
        continue;
      }
      if (this.#pours) {
        const stop = this.#flow.pour();
        this.#moved();
        if (stop === "turn") break;
        if (stop === "ended") return this.#end();
        if (stop === "full") {
          if (!this.#hasRoom()) return;
          continue;
        }
        this.#pours = false;
        if (stop === "impossible") tunnel.noBulk();
        else if (stop === "empty" && !this.#hasInput()) return;
        continue;
      }
      const length = source.receive();
      if (length === 0) return this.#end();
      if (length > 0) {
        const sent = sink.send(room, length);
        // Others use the buffer meanwhile. What went wrong, if anything did, is found out again.
        if (sent < length) this.#rest = room.slice(Math.max(0, sent), length);
        this.#pours = length === room.byteLength && tunnel.bulk;
        sinceTurn += length;
        this.#moved();
      } else if (length !== -EAGAIN) throw source.error("gone");
      else if (!this.#hasInput()) return;
    }
    this.#letOthers();
  }

  /** Both sides are alive: whoever waits for room on the other way has all of its time again. */
  #moved(): void {
    const { other } = this;
    other.deadlines?.start(other);
  }

  /** Whether there is something to receive; if not, it goes on when there is. */
  #hasInput(): boolean {
    if (this.source.whenReadable(this.#resume)) return true;
    this.#awaits = "input";
    if (this.other.ended) this.hurry();
    return false;
  }

  /** The same with room. */
  #hasRoom(): boolean {
    if (this.sink.whenWritable(this.#resume)) return true;
    this.#awaits = "room";
    this.sink.patience.start(this);
    return false;
  }

  #letOthers(): void {
    const { loop } = this.tunnel;
    loop.others(this.#resume);
  }

  #end(): void {
    this.ended = true;
    this.#flow.release();
    this.sink.endSending();
    if (this.other.ended) this.tunnel.finish();
    else this.other.hurry();
  }
}
