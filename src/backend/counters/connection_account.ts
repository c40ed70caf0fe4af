/** What becomes of the requests of one connection: counted, and, where there is an access log, written down. */

import type { ConnectionFate } from "../../logs/record.ts";
import type { ConnectionLines, LoggedConnection, LoggedRefusal, LoggedRequest } from "../log/request_log.ts";
import type { ProcessCounters } from "./counters.ts";
import type { RouteCounters } from "./route_counters.ts";

/** Takes what happens on a connection, one request after another. Parameters are as in {@linkcode ConnectionLines}. */
export class ConnectionAccount {
  readonly #counters: ProcessCounters;
  readonly #route: RouteCounters;
  readonly #connection: LoggedConnection;
  readonly #lines: ConnectionLines | undefined;
  /** When the head of the request was whole, and how many bytes had come and been consumed by then. */
  #begun = 0;
  #consumed = 0;
  /** Milliseconds that this hand-off has taken since the head was whole; nothing after the first request. */
  #handover: number;

  constructor(counters: ProcessCounters, connection: LoggedConnection, lines: ConnectionLines | undefined) {
    const { site, route, times } = connection.transfer;
    this.#counters = counters;
    this.#route = counters.route(site, route);
    this.#connection = connection;
    this.#lines = lines;
    this.#handover = times === undefined
      ? 0
      : Math.max(0, counters.shared(counters.clock()) - times.headWhole) / 1_000;
  }

  /** The head of a request is whole. */
  begin(unread: number): void {
    this.#begun = this.#counters.clock();
    this.#consumed = this.#connection.received - unread;
    this.#lines?.begin(unread);
  }

  /** A request has come to its end. */
  finished(request: LoggedRequest, number: number, unread: number, fate: ConnectionFate, flags = ""): void {
    this.#count(
      request.status,
      request.status === 0 ? 0 : this.#connection.sent - request.sentBefore,
      unread,
    );
    this.#lines?.finished(request, number, unread, fate, flags);
  }

  /** Something was refused that was no request, or was not for this backend. */
  refused(refusal: LoggedRefusal, number: number, unread: number, request?: LoggedRequest): void {
    this.#count(refusal.status, refusal.answer.length, unread);
    this.#lines?.refused(refusal, number, unread, request);
  }

  #count(status: number, sent: number, unread: number): void {
    const duration = this.#counters.clock() - this.#begun + this.#handover;
    this.#handover = 0;
    const received = this.#connection.received - unread - this.#consumed;
    this.#route.request(status, duration, Math.max(0, received), sent);
  }
}
