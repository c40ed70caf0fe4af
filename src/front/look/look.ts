/** Looks at what a client has sent, without taking it from the socket. */

import { EAGAIN, libc, MSG_DONTWAIT, MSG_PEEK, settle } from "../../../ffi/mod.ts";
import type { Limits } from "../../config/config.ts";
import { asksHead, isEmptyLines } from "../../http/head_beginning.ts";
import { endsHead, endsLine, isWorthReading } from "../../http/head_growth.ts";
import { isHttp2 } from "../../http/http2.ts";
import { MOST_FIELDS, RequestHead } from "../../http/request_head.ts";
import { PathNormalizer } from "../../route/path.ts";
import type { Connection } from "../connection/connection.ts";

const { recv } = libc;

/** The first byte of a TLS record with a handshake message (RFC 8446, section 5.1); of no HTTP request. */
const HANDSHAKE = 22;

/**
 * What a look has found out:
 *
 * - `more`: the head is not complete; whoever waits for it does so until the client sends more
 * - `reject`: it can never become one; {@linkcode Look.head} has the status and why
 * - `gone`: the connection is broken (ECONNRESET and its like)
 * - `head`: it is complete
 * - `tls`: the client begins a TLS handshake, where clear text is spoken
 * - `http2`: the client speaks HTTP/2
 */
export type Verdict = "more" | "reject" | "gone" | "head" | "tls" | "http2";

/** What every hand-off of a route says, worked out once. Lent to each look by the route that takes the request. */
export interface RouteTerms {
  /** The fields of its HANDOFFs that never change, and where they are. */
  readonly fields: Uint8Array<ArrayBuffer>;
  readonly fieldsAddress: bigint;
  /** SCOPE_*. */
  readonly scope: number;
  /** KEEP_ALIVE_*. */
  readonly keepAlive: number;
  /** Bytes of a normalised path that stay out of the mapped one, whose slash between two parts is one. */
  readonly cut: number;
  /** What mapped paths begin with, before what is left of the path. */
  readonly base: Uint8Array;
}

/**
 * One look at one connection: the bytes, the head in them and, once it is routed, the path and the terms of the route. There
 * is one object for a data plane, used for one connection after another; the next look overwrites it.
 */
export class Look {
  /** What was seen, from the first byte of the request on. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The head in it, where the verdict was `head`. */
  readonly head: RequestHead;
  /** The request's path in its normal form, or mapped, where a route was found. */
  path: PathNormalizer = new PathNormalizer();
  /** The terms of that route. */
  route: RouteTerms | undefined;
  readonly #limits: Limits;
  readonly #size: bigint;
  /** How many of the bytes are those that were seen last. */
  #length = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.head = new RequestHead(limits);
    // One byte more than a head may have, so that a longer one is seen as such.
    this.bytes = new Uint8Array(limits.head + 1);
    this.#size = BigInt(this.bytes.byteLength);
  }

  /** Looks at a connection. Remembers there how much it saw and whether the client has ended its side. */
  at(connection: Connection): Verdict {
    const length = this.#peek(connection);
    if (length < 0) return length === -EAGAIN ? "more" : "gone";
    const { seen } = connection;
    this.#length = length;
    // Whoever has sent nothing but empty lines has asked nothing yet (RFC 9112, 2.2).
    connection.seen = isEmptyLines(this.bytes, 0, length) ? 0 : length;
    if (length > 0 && this.bytes[0] === HANDSHAKE) return "tls";
    if (connection.seen === 0 || !this.#worthReading(seen, length)) return "more";
    const verdict = this.head.parse(this.bytes, 0, length);
    return verdict === "reject" && isHttp2(this.bytes, 0, length) ? "http2" : verdict;
  }

  /** An incomplete head is parsed again when it can have become complete, or too long, or been seen to be bad. */
  #worthReading(seen: number, length: number): boolean {
    const { requestLine, head } = this.#limits;
    return isWorthReading(this.bytes, 0, seen, length, head) ||
      endsLine(this.bytes, seen, length, MOST_FIELDS) ||
      (seen <= requestLine && length > requestLine);
  }

  /** The beginning of what the client has sent: what a backend had read before, then what the socket holds. */
  #peek(connection: Connection): number {
    const { preread } = connection;
    if (preread.length > 0) return this.#peekBehind(connection, preread);
    const length = settle(recv(connection.fd, this.bytes, this.#size, MSG_PEEK | MSG_DONTWAIT));
    if (length === 0) connection.ended = true;
    return length;
  }

  #peekBehind(connection: Connection, preread: Uint8Array<ArrayBuffer>): number {
    const { bytes } = this;
    const taken = Math.min(preread.length, bytes.length);
    bytes.set(preread.subarray(0, taken));
    // Mostly a whole head: then the socket has nothing to add.
    if (taken === bytes.length || endsHead(bytes, 0, 0, taken)) return taken;
    const rest = bytes.subarray(taken);
    const length = settle(recv(connection.fd, rest, BigInt(rest.length), MSG_PEEK | MSG_DONTWAIT));
    if (length === 0) connection.ended = true;
    if (length < 0) return length === -EAGAIN ? taken : length;
    return taken + length;
  }

  /** Whether the method is HEAD: the answer to it has no content (RFC 9110, 9.3.2). Also of what is no whole head, or none. */
  get isHead(): boolean {
    return asksHead(this.bytes, 0, this.#length);
  }

  /**
   * Whether bytes of the request's content have been read from the socket, behind its head. They can go along with a
   * hand-off of ours only.
   */
  hasReadContent({ preread }: Connection): boolean {
    const { end, chunked, contentLength } = this.head;
    return preread.length > end && (chunked || contentLength > 0);
  }

  /**
   * Takes the head out of the socket, and not a byte behind it: it is the connection's preread from then on, so that the
   * connection can still be looked at, and routed, as before.
   *
   * @param connection the one that was looked at
   * @returns false when the client is gone
   */
  takeHead(connection: Connection): boolean {
    const { bytes, head: { end } } = this;
    const missing = end - connection.preread.length;
    if (missing <= 0) return true;
    // Over the same bytes, which were only looked at before.
    const room = bytes.subarray(connection.preread.length, end);
    connection.note(true);
    const length = settle(recv(connection.fd, room, BigInt(missing), MSG_DONTWAIT));
    if (length !== missing) return false;
    connection.preread = bytes.slice(0, end);
    return true;
  }
}
