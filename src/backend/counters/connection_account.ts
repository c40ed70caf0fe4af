/** What becomes of the requests of one connection: counted, and, where there is an access log, written down. */

import type { ConnectionFate } from "../../logs/record.ts";
import { Measure } from "../log/measure.ts";
import type {
  ConnectionLines,
  LoggedConnection,
  LoggedRefusal,
  LoggedRequest,
  ReadRequest,
  RequestLog,
} from "../log/request_log.ts";
import type { ProcessCounters } from "./counters.ts";
import type { RouteCounters } from "./route_counters.ts";

/** Takes what happens on a connection, one request after another. */
export class ConnectionAccount {
  readonly #route: RouteCounters;
  readonly #connection: LoggedConnection;
  readonly #measure: Measure;
  readonly #lines: ConnectionLines | undefined;

  /** @param log none where nothing is logged */
  constructor(counters: ProcessCounters, connection: LoggedConnection, log: RequestLog | undefined) {
    const { site, route } = connection.transfer;
    this.#route = counters.route(site, route);
    this.#connection = connection;
    this.#measure = new Measure(counters, connection);
    this.#lines = log?.lines(connection, this.#measure);
  }

  /**
   * The head of a request is whole.
   *
   * @param unread bytes that have been received and not consumed, this head among them
   */
  begin(unread: number): void {
    this.#measure.begin(unread);
  }

  /**
   * A request has come to its end.
   *
   * @param number requests on the connection so far, this one included
   * @param unread as for {@linkcode begin}, behind the request
   */
  finished(request: LoggedRequest, number: number, unread: number, fate: ConnectionFate, flags = ""): void {
    this.#measure.end(unread);
    const sent = request.status === 0 ? 0 : this.#connection.sent - request.sentBefore;
    this.#count(request.status, sent);
    this.#lines?.finished(request, number, fate, flags);
  }

  /** Something was refused that was no request, or was not for this backend. */
  refused(refusal: LoggedRefusal, number: number, unread: number, request?: ReadRequest): void {
    this.#measure.end(unread);
    this.#count(refusal.status, refusal.answer.length);
    this.#lines?.refused(refusal, number, request);
  }

  #count(status: number, sent: number): void {
    const { duration, received } = this.#measure;
    this.#route.request(status, duration, received, sent);
  }
}
