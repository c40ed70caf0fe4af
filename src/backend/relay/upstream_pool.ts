/** Connections to one upstream: made when there is none, kept between two requests. */

import {
  adopt,
  close,
  connectUnix,
  describeErrno,
  type Descriptor,
  EAGAIN,
  encodeUnixAddress,
  getOption,
  IPPROTO_TCP,
  keepAlive,
  setOption,
  SO_ERROR,
  SOCK_STREAM,
  SOL_SOCKET,
  startConnecting,
  TCP_NODELAY,
  unixSocket,
} from "../../../ffi/mod.ts";
import { formatAddress } from "../../config/address.ts";
import type { Upstream } from "../../config/upstream.ts";
import { nameOfServer } from "../../config/upstream_tls.ts";
import { settled, type Steps } from "../../loop/course.ts";
import { type Deadlines, Timed } from "../../loop/deadlines.ts";
import type { Loop } from "../../loop/loop.ts";
import type { Connection } from "../connection/connection.ts";
import { type Lookup, Resolver } from "./resolver.ts";
import type { SecuredConnection, Securing } from "./secured.ts";
import { Turnstile } from "./turnstile.ts";
import { UpstreamConnection } from "./upstream_connection.ts";
import { UnreachedError, UnsecuredError, UpstreamError } from "./upstream_error.ts";

/** How connections are made and kept. */
export interface PoolOptions {
  /** Milliseconds for one attempt to connect; 5,000 unless given. */
  readonly connectTimeout?: number;
  /** Connections that there are at most; any number unless given. Who needs one more waits. */
  readonly maxUpstream?: number;
  /** Milliseconds that one waits for a connection when there are as many as there may be; 60,000 unless given. */
  readonly timeout?: number;
  /** Idle connections that are kept; 64 unless given. */
  readonly maxIdle?: number;
  /** Milliseconds that one is kept; 15,000 unless given. An upstream that says less gets less. */
  readonly idleTimeout?: number;
  /** Speaks TLS to an upstream that is to be spoken to so. */
  readonly securing?: Securing;
  /** Finds the addresses of a name; asks the system unless given. */
  readonly lookup?: Lookup;
}

/** Seconds of silence after which the kernel asks an upstream whether it is still there. */
const KEEP_ALIVE = 60;
/** Milliseconds before an upstream's own end of patience: a request that is under way then would be lost. */
const MARGIN = 1_000;
/** Milliseconds until a Unix socket whose backlog was full is tried again. */
const PAUSE = 10;

/** A short time, as the loop measures it. */
class Pause extends Timed {
  constructor(deadlines: Deadlines, readonly over: (came: boolean) => void) {
    super();
    deadlines.start(this);
  }

  override expire(): void {
    this.over(true);
  }
}

/** The connections to one upstream that nobody uses now, and the way to new ones. */
export class UpstreamPool {
  readonly #idle: UpstreamConnection[] = [];
  /** Those in use, too. */
  readonly #open = new Set<UpstreamConnection>();
  readonly #max: number;
  readonly #maxIdle: number;
  readonly #idleTimeout: number;
  readonly #connectDeadlines: Deadlines;
  readonly #idleDeadlines: Deadlines;
  readonly #resolver: Resolver | undefined;
  readonly #pauses: Deadlines;
  readonly #turnstile: Turnstile;
  readonly #securing: Securing | undefined;
  readonly #onIdleEvent = (connection: UpstreamConnection, late: boolean): void => {
    // The event may be an old one: of bytes that were read before the connection came here.
    if (late || !connection.quiet) this.#drop(connection);
  };
  #closed = false;

  constructor(
    readonly loop: Loop,
    readonly upstream: Pick<Upstream, "at"> & Partial<Upstream>,
    options: PoolOptions = {},
  ) {
    if (upstream.tls && options.securing === undefined) throw new TypeError("Cannot speak TLS without any");
    this.#securing = upstream.tls ? options.securing : undefined;
    this.#max = options.maxUpstream ?? Infinity;
    this.#maxIdle = options.maxIdle ?? 64;
    this.#turnstile = new Turnstile(
      this.#max,
      loop.deadlines.list(options.timeout ?? 60_000),
      loop.deadlines.list(0),
    );
    this.#idleTimeout = options.idleTimeout ?? 15_000;
    this.#connectDeadlines = loop.deadlines.list(options.connectTimeout ?? 5_000);
    this.#idleDeadlines = loop.deadlines.list(this.#idleTimeout);
    this.#pauses = loop.deadlines.list(PAUSE);
    const { at } = upstream;
    this.#resolver = "path" in at ? undefined : new Resolver(at.host, loop.clock, options.lookup);
  }

  /** How many connections are kept. */
  get idle(): number {
    return this.#idle.length;
  }

  /** How many wait for a connection. */
  get waiting(): number {
    return this.#turnstile.waiting;
  }

  /**
   * Waits until a connection may be had: before any is taken or made. Whoever has entered {@linkcode leave}s when it has
   * put or closed its connection.
   *
   * @returns nothing when that is at once
   * @throws {UpstreamError} with 503 when it took too long
   * @throws {ConnectionLost} when the client that it is for has gone meanwhile
   */
  enter(client: Connection): Steps<void> | undefined {
    return this.#turnstile.enter(client);
  }

  leave(): void {
    this.#turnstile.leave();
  }

  /**
   * A connection that was kept, if there is one; the caller's from now on.
   *
   * @param certain whether the kernel is asked if it is still good. Otherwise what has been told of it counts, which is
   *   enough for a request that may be asked again
   */
  take(certain = true): UpstreamConnection | undefined {
    // The one that was used last: it is the one that the upstream will keep longest.
    for (let kept = this.#idle.pop(); kept !== undefined; kept = this.#idle.pop()) {
      kept.onIdleEvent = undefined;
      kept.stopDeadline();
      if (certain ? kept.quiet : kept.seemsQuiet) return kept;
      kept.close();
    }
    return undefined;
  }

  /**
   * Keeps a connection on which a response has ended, or closes it.
   *
   * @param patience milliseconds that the upstream will keep it by its own account, if it gave one
   */
  put(connection: UpstreamConnection, patience = Infinity): void {
    const time = Math.min(this.#idleTimeout, patience - MARGIN);
    // What has come behind a response answers nothing that was asked: such a connection is not quiet.
    if (this.#closed || time <= 0 || this.#idle.length >= this.#maxIdle || !connection.seemsQuiet) {
      return connection.close();
    }
    connection.onIdleEvent = this.#onIdleEvent;
    this.#idle.push(connection);
    this.#idleDeadlines.startFor(connection, time);
  }

  /** Closes one that is kept. */
  #drop(connection: UpstreamConnection): void {
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    connection.close();
  }

  /**
   * Makes a new connection, to the first address that takes it; the caller's from now on.
   *
   * @throws {UpstreamError} when there is none
   */
  *connect(): Steps<UpstreamConnection> {
    const { at } = this.upstream;
    // Idle ones count: one that is not good enough for whoever asks now makes room.
    while (this.#idle.length > 0 && this.#open.size >= this.#max) this.#drop(this.#idle[0]!);
    if ("path" in at) return yield* this.#connectUnix(at.path);
    let failure: UpstreamError | undefined;
    for (const address of yield* this.#addresses()) {
      try {
        return yield* this.#connectTcp(address, at.port);
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error;
        // Who was there says more than an address at which nobody was.
        if (!(failure instanceof UnsecuredError)) failure = error;
      }
    }
    throw failure!;
  }

  /** Only a name that has to be asked for is waited for by a promise: the system's resolver has threads of its own. */
  *#addresses(): Steps<readonly string[]> {
    const found = this.#resolver!.addresses();
    return found instanceof Promise ? yield* settled(this.loop, this.loop.elsewhere(found)) : found;
  }

  *#connectTcp(host: string, port: number): Steps<UpstreamConnection> {
    const cannot = `it cannot be reached at ${formatAddress({ host, port })}`;
    const number = startConnecting(host, port);
    if (number < 0) throw new UnreachedError(`${cannot}: ${describeErrno(-number)}`);
    const connection = this.#connection(adopt(number));
    try {
      yield* connection.untilWritable(this.#connectDeadlines);
    } catch (error) {
      connection.close();
      if (error instanceof UpstreamError) throw new UnreachedError(`${cannot} in time`, 504);
      throw error;
    }
    const errno = getOption(connection.fd, SOL_SOCKET, SO_ERROR);
    if (errno !== 0) {
      connection.close();
      throw new UnreachedError(`${cannot}: ${describeErrno(Math.abs(errno))}`);
    }
    setOption(connection.fd, IPPROTO_TCP, TCP_NODELAY, true);
    keepAlive(connection.fd, KEEP_ALIVE);
    return yield* this.#secured(connection, formatAddress({ host, port }));
  }

  #connection(fd: Descriptor): UpstreamConnection {
    const { loop: { poller }, upstream: { authority = "" } } = this;
    return this.#securing?.connection(poller, fd, this.#open, nameOfServer(authority)) ??
      new UpstreamConnection(poller, fd, this.#open);
  }

  /** The connection, once it can be used. @param where for people */
  *#secured(connection: UpstreamConnection, where: string): Steps<UpstreamConnection> {
    if (this.#securing !== undefined) {
      yield* (connection as SecuredConnection).handshake(this.#connectDeadlines, where);
    }
    return connection;
  }

  *#connectUnix(path: string): Steps<UpstreamConnection> {
    const fd = unixSocket(SOCK_STREAM);
    const address = encodeUnixAddress(path);
    const end = this.loop.clock() + this.#connectDeadlines.milliseconds;
    let result = connectUnix(fd, address);
    // unix(7): a backlog that is full is said at once, where TCP would wait.
    while (result === -EAGAIN && this.loop.clock() < end) {
      yield (resume) => {
        new Pause(this.#pauses, resume);
        return false;
      };
      result = connectUnix(fd, address);
    }
    if (result === 0) return yield* this.#secured(this.#connection(fd), `"${path}"`);
    close(fd);
    throw new UnreachedError(`it cannot be reached at "${path}": ${describeErrno(-result)}`);
  }

  /** Closes every connection, those in use included, and keeps nothing more. For the end of a process, and of a test. */
  close(): void {
    this.#closed = true;
    this.#turnstile.close();
    this.#idle.length = 0;
    for (const connection of [...this.#open]) connection.close();
  }
}
