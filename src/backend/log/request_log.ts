/** Lines of the access log for requests, and for connections whose requests nobody here looks at. */

import { type ConnectionFate, type Identity, LogRecord, NOBODY, type Writer } from "../../logs/record.ts";
import type { AccessLog, AccessLogs, LinesOfRecord } from "../../output/access_logs.ts";
import type { TlsState } from "../../protocol/tls_field.ts";
import type { Transfer } from "../../protocol/transfer.ts";
import { tlsVariables } from "../../protocol/tls_variables.ts";
import { readAddress } from "../connection/address.ts";
import type { Measure } from "./measure.ts";
import { LoggedUser } from "./user.ts";
import { WallClock } from "./wall_clock.ts";

/** nginx's status for a client that has gone before it was answered. No response has it. */
const CLIENT_GONE = 499;

/** What is known of a connection. */
export interface LoggedConnection {
  /** What it is called in every process that has it. */
  readonly name: string;
  readonly client: { readonly hostname: string; readonly port: number };
  readonly local: { readonly hostname: string; readonly port: number };
  readonly transfer: Transfer;
  /** Undefined where the client speaks clear text. */
  readonly tls: TlsState | undefined;
  /** Bytes that have left and come so far, and of those that have left, how many frame content. */
  readonly sent: number;
  readonly received: number;
  readonly framing: number;
}

/** What is known of a request that could be read. */
export interface ReadRequest extends Identity {
  readonly method: string;
  readonly target: string;
  readonly path: string;
  readonly query: string;
  readonly authority: string;
  readonly minor: number;
  readonly client: { readonly hostname: string; readonly port: number };
  /** The head as it came. */
  readonly head: string;
}

/** What is known of a request and its response. */
export interface LoggedRequest extends ReadRequest {
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
  /** The first line of what could not be read as a request. */
  readonly line?: FirstLine | undefined;
}

/** The first line of what came, and whether its end has come. */
export interface FirstLine {
  readonly text: string;
  readonly isWhole: boolean;
}

/** The access log of one process. */
export class RequestLog {
  readonly wall: WallClock = new WallClock();

  constructor(readonly logs: AccessLogs, readonly writer: Writer) {}

  /**
   * Whoever writes the lines of a connection; undefined where there is no log for it.
   *
   * @param measure of the connection, and its owner's: it begins with each request, and has ended before its line
   */
  lines(connection: LoggedConnection, measure: Measure): ConnectionLines | undefined {
    const logs = this.logs.of(connection.transfer.site, connection.local.port);
    return logs.length === 0 ? undefined : new ConnectionLines(this, connection, measure, logs);
  }
}

/** Writes the lines of one connection: one request after another. */
export class ConnectionLines {
  readonly #record: LogRecord;
  readonly #lines: readonly LinesOfRecord[];
  readonly #user: LoggedUser;

  constructor(
    readonly log: RequestLog,
    readonly connection: LoggedConnection,
    readonly measure: Measure,
    logs: readonly AccessLog[],
  ) {
    const { client, local, transfer } = connection;
    const record = this.#record = new LogRecord(log.writer);
    record.client = client.hostname;
    record.clientPort = client.port;
    if (transfer.peer !== undefined) record.peer = readAddress(transfer.peer.address).hostname;
    record.local = local.hostname;
    record.localPort = local.port;
    record.site = transfer.site;
    record.route = transfer.route;
    if (transfer.variables !== undefined) record.variables = JSON.parse(transfer.variables);
    record.tls = () => tlsVariables(connection.tls);
    record.waited = transfer.times?.waited ?? 0;
    this.#user = new LoggedUser(record.variables, log.writer.kind);
    this.#lines = logs.map((log) => log.of(record));
  }

  /**
   * A request has come to its end.
   *
   * @param number requests on the connection so far, this one included
   */
  finished(request: LoggedRequest, number: number, fate: ConnectionFate, flags = ""): void {
    const record = this.#record;
    const { connection } = this;
    this.#take(request);
    record.status = request.status === 0 && fate === "X" ? CLIENT_GONE : request.status;
    record.user = this.#user.of(record.head, record.status);
    record.responseHead = request.responseHead;
    record.sent = request.status === 0 ? 0 : connection.sent - request.sentBefore;
    const framed = request.responseHead.length + connection.framing - request.framingBefore;
    record.content = Math.max(0, record.sent - framed);
    record.why = "";
    this.#write(number, fate, flags);
  }

  /**
   * Something was refused that was no request, or was not for this backend.
   *
   * @param number requests on the connection so far, this one included; 0 where nobody here looks at requests
   */
  refused({ status, why, answer, line }: LoggedRefusal, number: number, request?: ReadRequest): void {
    const record = this.#record;
    if (request === undefined) this.#forget(number, line);
    else this.#take(request);
    record.status = status;
    record.user = this.#user.of(record.head, status);
    record.why = why;
    const end = answer.indexOf("\r\n\r\n") + 4;
    record.responseHead = answer.slice(0, end);
    record.content = answer.length - end;
    record.sent = answer.length;
    this.#write(number, "-", "");
  }

  #take(request: ReadRequest): void {
    const record = this.#record;
    record.identity = request;
    const { client } = request;
    record.client = client.hostname;
    record.clientPort = client.port;
    // A kept connection sends nearly the same head again and again. Then what there is of it stays: what follows from it is
    // known by being the same string.
    if (request.head === record.head) return;
    record.method = request.method;
    record.target = request.target;
    record.path = request.path;
    record.query = request.query;
    record.authority = request.authority;
    record.minor = request.minor;
    record.head = request.head;
  }

  /** Nothing of what came could be read. It is called what it would have been called, and has nothing of the one before. */
  #forget(number: number, line?: FirstLine): void {
    const { connection, connection: { client, name } } = this;
    Object.assign(this.#record, {
      ...{ client: client.hostname, clientPort: client.port },
      ...{ method: "", target: "", path: "", query: "", authority: "", head: "", line: "", protocol: "" },
      identity: { requestId: number === 0 ? name : `${name}.${number}`, traceId: "", connection },
    });
    if (line !== undefined) this.#record.takeUnreadable(line.text, line.isWhole);
  }

  /**
   * A connection has ended whose requests nobody here has looked at.
   *
   * @param flags what went otherwise than it should
   */
  ended(fate: ConnectionFate, flags: string): void {
    const record = this.#record;
    const { connection } = this;
    record.identity = { requestId: connection.name, traceId: "", connection };
    record.sent = record.content = connection.sent;
    this.#write(0, fate, flags);
  }

  #write(number: number, fate: ConnectionFate, flags: string): void {
    const record = this.#record;
    const { now, duration, handover, received } = this.measure;
    record.number = number;
    record.received = received;
    record.handover = Math.floor(handover * 1_000);
    record.duration = Math.floor(duration * 1_000);
    record.begun = this.log.wall.at(now) - duration;
    record.fate = fate;
    record.flags = flags;
    for (const lines of this.#lines) lines.write();
    // What the front took was for the first request alone.
    record.waited = 0;
    // What is known of a request does not stay in memory for as long as a connection is idle; its head does.
    record.identity = NOBODY;
    record.responseHead = "";
  }
}
