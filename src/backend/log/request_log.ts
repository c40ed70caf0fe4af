/** Lines of the access log for requests, and for connections whose requests nobody here looks at. */

import { monotonicMicroseconds } from "../../../ffi/mod.ts";
import { type ConnectionFate, type Identity, LogRecord, type Writer } from "../../logs/record.ts";
import type { AccessLog, AccessLogs } from "../../output/access_logs.ts";
import type { Transfer } from "../../protocol/transfer.ts";
import { LoggedUser } from "./user.ts";

/** nginx's status for a client that has gone before it was answered. No response has it. */
const CLIENT_GONE = 499;

/** What is known of a connection. */
export interface LoggedConnection {
  /** What it is called in every process that has it. */
  readonly name: string;
  readonly client: { readonly hostname: string; readonly port: number };
  readonly local: { readonly hostname: string; readonly port: number };
  readonly transfer: Transfer;
  /** Bytes that have left and come so far, and of those that have left, how many frame content. */
  readonly sent: number;
  readonly received: number;
  readonly framing: number;
}

/** What is known of a request and its response. */
export interface LoggedRequest extends Identity {
  readonly method: string;
  readonly target: string;
  readonly path: string;
  readonly query: string;
  readonly authority: string;
  readonly minor: number;
  readonly client: { readonly hostname: string; readonly port: number };
  /** The head as it came. */
  readonly head: string;
  /** What was responded; 0 for nothing. */
  readonly status: number;
  /** The head as it was sent. */
  readonly responseHead: string;
  /** {@linkcode LoggedConnection.sent} and `framing` before the response. */
  readonly sentBefore: number;
  readonly framingBefore: number;
}

/** An answer to what could not be read as a request, or was not to be answered here. */
export interface LoggedRefusal {
  readonly status: number;
  readonly why: string;
  /** The whole answer, a character per byte. */
  readonly answer: string;
}

/** The access log of one process. */
export class RequestLog {
  /** Microseconds between the clock that all processes share and this one's. */
  readonly #offset: number;

  /** @param clock milliseconds, as the loop counts them */
  constructor(readonly logs: AccessLogs, readonly writer: Writer, readonly clock: () => number) {
    this.#offset = Number(monotonicMicroseconds()) - clock() * 1_000;
  }

  /** Whoever writes the lines of a connection; undefined where there is no log for it. */
  lines(connection: LoggedConnection): ConnectionLines | undefined {
    const logs = this.logs.of(connection.transfer.site, connection.local.port);
    return logs.length === 0 ? undefined : new ConnectionLines(this, connection, logs);
  }

  /** Microseconds of the clock that all processes share. */
  shared(milliseconds: number): number {
    return this.#offset + milliseconds * 1_000;
  }
}

/** Writes the lines of one connection: one request after another. */
export class ConnectionLines {
  readonly #record: LogRecord;
  readonly #user: LoggedUser;
  /** When the head of the request was whole, on the loop's clock. */
  #begun = 0;
  /** Bytes that had come and been consumed by then. */
  #consumed = 0;
  /** What the front has taken for this hand-off; nothing after the first request. */
  #handover = 0;

  constructor(
    readonly log: RequestLog,
    readonly connection: LoggedConnection,
    readonly logs: readonly AccessLog[],
  ) {
    const { client, local, transfer } = connection;
    const record = this.#record = new LogRecord(log.writer);
    record.client = client.hostname;
    record.clientPort = client.port;
    record.local = local.hostname;
    record.localPort = local.port;
    record.site = transfer.site;
    record.route = transfer.route;
    if (transfer.variables !== undefined) record.variables = JSON.parse(transfer.variables);
    this.#user = new LoggedUser(record.variables, log.writer.kind);
    const { times } = transfer;
    if (times === undefined) return;
    record.waited = times.waited;
    this.#handover = Math.max(0, log.shared(log.clock()) - times.headWhole);
  }

  /**
   * The head of a request is whole.
   *
   * @param unread bytes that have been received and not consumed, this head among them
   */
  begin(unread: number): void {
    this.#begun = this.log.clock();
    this.#consumed = this.connection.received - unread;
  }

  /**
   * A request has come to its end.
   *
   * @param number requests on the connection so far, this one included
   * @param unread as for {@linkcode begin}, behind the request
   */
  finished(request: LoggedRequest, number: number, unread: number, fate: ConnectionFate, flags = ""): void {
    const record = this.#record;
    const { connection } = this;
    record.identity = request;
    record.method = request.method;
    record.target = request.target;
    record.path = request.path;
    record.query = request.query;
    record.authority = request.authority;
    record.minor = request.minor;
    record.head = request.head;
    record.client = request.client.hostname;
    record.clientPort = request.client.port;
    record.status = request.status === 0 && fate === "X" ? CLIENT_GONE : request.status;
    record.user = this.#user.of(request.head, record.status);
    record.responseHead = request.responseHead;
    record.sent = request.status === 0 ? 0 : connection.sent - request.sentBefore;
    const framed = request.responseHead.length + connection.framing - request.framingBefore;
    record.content = Math.max(0, record.sent - framed);
    record.why = "";
    this.#write(number, unread, fate, flags);
  }

  /** Something was refused that was no request, or was not for this backend. */
  refused(
    { status, why, answer }: LoggedRefusal,
    number: number,
    unread: number,
    request?: LoggedRequest,
  ): void {
    const record = this.#record;
    if (request === undefined) this.#forget();
    else this.#take(request);
    record.status = status;
    record.user = this.#user.of(record.head, status);
    record.why = why;
    const end = answer.indexOf("\r\n\r\n") + 4;
    record.responseHead = answer.slice(0, end);
    record.content = answer.length - end;
    record.sent = answer.length;
    this.#write(number, unread, "-", "");
  }

  #take(request: LoggedRequest): void {
    const { method, target, path, query, authority, minor, head } = request;
    const { client: { hostname, port } } = request;
    const client = { client: hostname, clientPort: port };
    Object.assign(
      this.#record,
      { identity: request, method, target, path, query, authority, minor, head },
      client,
    );
  }

  #forget(): void {
    const nothing = {
      method: "",
      target: "",
      path: "",
      query: "",
      authority: "",
      head: "",
      responseHead: "",
    };
    Object.assign(this.#record, nothing);
  }

  /**
   * A connection has ended whose requests nobody here has looked at.
   *
   * @param flags what went otherwise than it should
   */
  ended(fate: ConnectionFate, flags: string): void {
    const record = this.#record;
    const { connection } = this;
    record.identity = { requestId: connection.name, traceId: "" };
    record.sent = record.content = connection.sent;
    this.#write(0, 0, fate, flags);
  }

  #write(number: number, unread: number, fate: ConnectionFate, flags: string): void {
    const record = this.#record;
    record.number = number;
    record.received = Math.max(0, this.connection.received - unread - this.#consumed);
    const taken = (this.log.clock() - this.#begun) * 1_000;
    record.handover = Math.floor(this.#handover);
    record.duration = Math.floor(taken + this.#handover);
    record.begun = Date.now() - (taken + this.#handover) / 1_000;
    record.fate = fate;
    record.flags = flags;
    for (const log of this.logs) log.write(record);
    if (this.#handover === 0) return;
    // What the front took was for the first request alone.
    this.#handover = record.waited = 0;
  }
}
