/** A connection as HTTP is served on it. */

import { KEEP_ALIVE_CLOSE } from "../../protocol/messages.ts";
import type { Connection } from "../connection/connection.ts";
import { ConnectionAccount } from "../counters/connection_account.ts";
import { Idle } from "./idle_list.ts";
import { Input } from "./input.ts";
import type { ReturnedError } from "../../protocol/error_field.ts";
import type { Exchange } from "./exchange.ts";
import { ScopeGuard } from "./scope_guard.ts";

/** What is known of a connection from one request to the next. */
export class Served extends Idle<Served> {
  readonly input: Input;
  readonly guard: ScopeGuard;
  /** Answered on it so far, those that others answered included. */
  requests: number;
  /** Counts its requests, and writes lines about them where there is a log. */
  readonly lines: ConnectionAccount;
  /** When the rest of a head must have come, on the loop's clock; 0 while it is not waited for. */
  headDue = 0;
  /** The request whose error the front is to answer, while the connection is on its way back. */
  left: { readonly exchange: Exchange; readonly error: ReturnedError } | undefined;
  /** Told how a wait has ended. Made once, since there is a wait for every request. */
  readonly waited: (came: boolean) => void;

  /** @param waited told how a wait on the connection has ended: whether something has come */
  constructor(readonly connection: Connection, waited: (served: Served, came: boolean) => void) {
    super();
    this.input = new Input(connection);
    this.guard = new ScopeGuard(connection);
    this.requests = connection.transfer.requests;
    const { counters, log } = connection.home;
    this.lines = new ConnectionAccount(counters, connection, log);
    this.waited = (came) => waited(this, came);
  }
  /** Whether the connection can have another request: here, or after it was given back. */
  goesOn(draining: boolean): boolean {
    const { connection: { channel, transfer }, guard, requests } = this;
    if (transfer.keepAlive === KEEP_ALIVE_CLOSE) return false;
    const most = channel.terms?.requests ?? 0;
    if (most > 0 && requests >= most) return false;
    return !channel.closed || (guard.admitsAll && !draining);
  }
}
