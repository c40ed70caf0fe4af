/** Lines of the access log for what the front answers itself: mostly errors, and few. */

import {
  connectionName,
  type Descriptor,
  formatIpv4,
  formatIpv6,
  libc,
  MSG_DONTWAIT,
  MSG_PEEK,
  processId,
  settle,
} from "../../../ffi/mod.ts";
import type { Site } from "../../config/config.ts";
import { endsAt, firstLine } from "../../http/head_beginning.ts";
import { type HeadLimits, RequestHead } from "../../http/request_head.ts";
import { type ConnectionFate, LogRecord } from "../../logs/record.ts";
import type { AccessLogRules } from "../../logs/rules.ts";
import { AccessLogs } from "../../output/access_logs.ts";
import { BATCH_TIME } from "../../output/line_file.ts";
import { ADDRESS_BYTES, ADDRESS_PORT } from "../../protocol/messages.ts";
import type { Core } from "../core/core.ts";
import type { ErrorAnswers } from "./error_answers.ts";

const { recv } = libc;

const latin1 = new TextDecoder("latin1");
const NONE: AccessLogRules = { logs: [], otherwise: [], sites: [] };

/** A connection that is refused. */
export interface RefusedConnection {
  /** Lent. */
  readonly fd: Descriptor;
  /** What a site answers instead of the front's own text. */
  readonly errors: ErrorAnswers;
  /** What was read from it already. */
  readonly preread: Uint8Array<ArrayBuffer>;
  /** The two addresses, as hand-offs carry them; the second one after {@linkcode findLocal}. */
  readonly client: Uint8Array;
  readonly local: Uint8Array;
  findLocal(): void;
  /** Who has connected, at a place of all addresses, where that may be another one than the client. */
  readonly hasPeer: boolean;
  readonly peerAt: number;
  readonly addresses: Uint8Array;
  /** Requests answered on it before. */
  readonly requests: number;
  /** First name of its site; empty where it has none, or that is not known. */
  readonly site: string;
  /** Where it was accepted. */
  readonly listener: { readonly place: number } | undefined;
  /** The loop's time when it came, when its head was whole, and since when it has waited; 0 for never. */
  readonly arrivedAt: number;
  readonly wholeAt: number;
  readonly waitsSince: number;
}

/** What is known of a request that is refused. */
export interface RefusedRequest {
  readonly client: string;
  /** As the client sent them; empty where the head was not there, or no head. */
  readonly method: string;
  readonly target: string;
  readonly authority: string;
}

/** What rules know of a request. */
export interface Ruled {
  readonly user?: string;
  readonly variables?: ReadonlyMap<string, string>;
}

/** Looks at refused requests once more, and writes a line for each. */
export class RefusalLines {
  readonly #core: Core;
  readonly #logs: AccessLogs;
  readonly #record: LogRecord;
  /** By the places of listeners: the site that takes what no other claims. */
  #sites: readonly string[] = [];
  /** The first line of what was looked at last, where that is no request, and whether its end has come. */
  #line = "";
  #isWhole = false;
  #head = new RequestHead({ requestLine: 0, head: 0 });
  #bytes = new Uint8Array(0);

  constructor(core: Core) {
    this.#core = core;
    const { clock, deadlines } = core.loop;
    const batches = deadlines.list(BATCH_TIME);
    this.#logs = new AccessLogs(NONE, { batches, clock, report: core.report });
    this.#record = new LogRecord({ name: "front", process: processId(), kind: "front" });
  }

  /** Whether anything is logged at all. */
  active = false;

  /** Goes by another configuration. */
  apply(
    rules: AccessLogRules | undefined,
    limits: HeadLimits,
    listeners: readonly { readonly sites: readonly Site[] }[],
  ): void {
    this.#sites = listeners.map(({ sites }) =>
      sites.some(({ names }) => names.length === 0) ? "" : sites[0]?.names[0] ?? ""
    );
    this.#logs.apply(rules ?? NONE);
    this.active = rules !== undefined;
    this.#head = new RequestHead(limits);
    this.#bytes = new Uint8Array(limits.head + 1);
  }

  /** Opens the files anew. */
  reopen(): void {
    this.#logs.reopen();
  }

  /** Writes what there is: the front ends. */
  flush(): void {
    this.#logs.flush();
  }

  /**
   * What the client has asked, as far as it can still be seen. To be called before the answer: nothing has been read from
   * the socket then.
   */
  lookAt(connection: RefusedConnection): RefusedRequest {
    const record = this.#record;
    const { preread } = connection;
    const bytes = this.#bytes;
    const taken = Math.min(preread.length, bytes.length);
    bytes.set(preread.subarray(0, taken));
    const rest = bytes.subarray(taken);
    const came = rest.length === 0
      ? 0
      : settle(recv(connection.fd, rest, BigInt(rest.length), MSG_PEEK | MSG_DONTWAIT));
    const length = taken + Math.max(0, came);
    record.received = length;
    this.#forget(connection);
    if (length === 0) return record;
    if (this.#head.parse(bytes, 0, length) === "head") {
      this.#take(bytes);
      return record;
    }
    const { from, to } = firstLine(bytes, 0, length);
    this.#line = latin1.decode(bytes.subarray(from, to));
    this.#isWhole = endsAt(bytes, to, length);
    return record;
  }

  /** The same for one whose bytes are not looked at. */
  unseen(connection: RefusedConnection): RefusedRequest {
    this.#forget(connection);
    this.#record.received = 0;
    return this.#record;
  }

  #forget({ client }: RefusedConnection): void {
    const record = this.#record;
    record.method =
      record.target =
      record.path =
      record.query =
      record.authority =
      record.head =
      record.line =
      record.protocol =
      this.#line =
        "";
    record.client = addressText(client);
  }

  #take(bytes: Uint8Array): void {
    const head = this.#head;
    const record = this.#record;
    const text = latin1.decode(bytes.subarray(head.methodStart, head.end));
    const slice = (from: number, to: number) => text.slice(from - head.methodStart, to - head.methodStart);
    record.head = text;
    record.method = slice(head.methodStart, head.methodEnd);
    record.target = slice(head.targetStart, head.targetEnd);
    record.path = slice(head.pathStart, head.pathEnd);
    record.query = slice(head.queryStart, head.queryEnd);
    record.authority = slice(head.hostStart, head.hostEnd);
    record.minor = head.minor;
    record.received = head.end;
  }

  /**
   * Writes the line of the request that {@linkcode lookAt} has just seen.
   *
   * @param status 0 where nothing was answered
   * @param answer all of it, as it was sent; no bytes for none
   * @param fate whether another request may follow
   * @param ruled what rules have found out about it
   */
  write(
    connection: RefusedConnection,
    status: number,
    why: string,
    answer: Uint8Array,
    fate: ConnectionFate = "-",
    ruled: Ruled = {},
  ): void {
    if (!this.active) return;
    connection.findLocal();
    const { local } = connection;
    const port = localPortOf(connection);
    const site = connection.site || this.#sites[connection.listener?.place ?? -1] || "";
    const logs = this.#logs.of(site, port);
    if (logs.length === 0) return;
    const record = this.#record;
    if (this.#line !== "") record.takeUnreadable(this.#line, this.#isWhole && status !== 414);
    const now = this.#core.loop.clock();
    const { client } = connection;
    record.clientPort = client[ADDRESS_PORT]! << 8 | client[ADDRESS_PORT + 1]!;
    const { addresses, hasPeer, peerAt } = connection;
    record.peer = hasPeer ? addressText(addresses.subarray(peerAt)) : "";
    record.local = addressText(local);
    record.localPort = port;
    record.site = site;
    record.number = connection.requests + 1;
    const name = connectionName(connection.fd);
    record.identity = { requestId: `${name}.${record.number}`, traceId: "", connection: { name } };
    const begun = connection.wholeAt || connection.arrivedAt;
    record.duration = Math.floor((now - begun) * 1_000);
    record.begun = Date.now() - (now - begun);
    record.waited = connection.waitsSince === 0 ? 0 : Math.floor((now - connection.waitsSince) * 1_000);
    record.status = status;
    record.user = ruled.user ?? "";
    record.variables = Object.fromEntries(ruled.variables ?? []);
    record.why = why;
    record.fate = fate;
    const text = latin1.decode(answer);
    const end = text.indexOf("\r\n\r\n");
    // In HTTP/2 there is none.
    record.responseHead = end < 0 ? "" : text.slice(0, end + 4);
    record.content = end < 0 ? 0 : text.length - end - 4;
    record.sent = text.length;
    for (const log of logs) log.of(record).write();
  }
}

/** The port that a client has connected to. @param connection whose local address has been found */
export function localPortOf({ local }: RefusedConnection): number {
  return local[ADDRESS_PORT]! << 8 | local[ADDRESS_PORT + 1]!;
}

function addressText(address: Uint8Array): string {
  if (address[0] === 4) return formatIpv4(address, ADDRESS_BYTES);
  return address[0] === 6 ? formatIpv6(address, ADDRESS_BYTES) : "";
}
