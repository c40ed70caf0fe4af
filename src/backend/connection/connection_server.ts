/** What a backend kind is to the rest: something that serves connections. */

import type { Connection } from "./connection.ts";
import type { Home } from "./home.ts";

/** Serves the connections that a backend has taken in. */
export interface ConnectionServer {
  /** The process that it serves in has begun: for what is done whether there are connections or not. */
  begin?(home: Home): void;
  /** Serves a connection from now on: it owns it until it closes it or gives it back. Must not throw. */
  serve(connection: Connection): void;
  /** Serves nothing new; a connection that is idle is given back or closed, one in the middle of something goes on. */
  drain(): void;
  /** A connection that was to be given back is still this backend's. */
  returnFailed(connection: Connection): void;
  /**
   * Whether it can take no more, when so many connections that are about to be served count too. Hand-offs are refused
   * as full then: another backend takes them, or they wait.
   */
  full?(accepted: number): boolean;
  /**
   * Ends the connection that has been idle for longest, so that one that asks for something can be taken.
   *
   * @returns false where none is idle
   */
  makeRoom?(): boolean;
  /**
   * How many connections are between two requests: nothing is done for them until something comes. Where all are, a thread
   * that has promises to run may block for a moment.
   */
  readonly idle?: number;
  /**
   * Whether nothing but the loop's sources brings on what it does for a connection, none of it JavaScript of somebody else's:
   * then its thread blocks while there is work. Promises that go on with what sources bring are known to `Loop.beside`, and
   * what comes from elsewhere is awaited by `Loop.elsewhere`.
   */
  readonly selfContained?: boolean;
  /** Whether it does something besides connections that is to come to its end; it calls `Backend.endIfEmpty()` then. */
  readonly busy?: boolean;
  /**
   * The time for draining is over: ends other processes that work for connections of this one.
   *
   * @param force at once, since nobody waits for it
   * @returns when they are gone
   */
  abandon?(force: boolean): Promise<void>;
  /** Reads afresh what it has read at its start, as SIGHUP asks: where no new process is needed for that. */
  refresh?(): void;
  /** The backend closes, with all of its connections: watches nothing besides them any more. */
  forget?(): void;
}
