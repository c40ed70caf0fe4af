/** HANDOFF and RETURN: the two messages that carry a connection. They differ in direction and in one byte's meaning. */

import {
  FIELD_ERROR,
  FIELD_EXCEPT,
  FIELD_HANDOFF,
  FIELD_MAP,
  FIELD_PATH,
  FIELD_PEER,
  FIELD_PREREAD,
  FIELD_REQUEST_FIELDS,
  FIELD_RESPONSE_FIELDS,
  FIELD_ROUTE,
  FIELD_SITE,
  FIELD_TARGET,
  FIELD_TIMES,
  FIELD_TLS,
  FIELD_VARIABLES,
  HANDOFF,
  MAX_ERROR,
  MAX_EXCEPT,
  MAX_NAME,
  MAX_PATH,
  MAX_PREREAD,
  MAX_RULES,
  MAX_TLS,
  type RETURN,
  SIZE_ADDRESS,
  SIZE_FIELD,
  SIZE_PEER,
  SIZE_TIMES,
  SIZE_TRANSFER,
  TLS_ITEMS,
  TRANSFER_CLIENT,
  TRANSFER_DETAIL,
  TRANSFER_GENERATION,
  TRANSFER_ID,
  TRANSFER_KEEP_ALIVE,
  TRANSFER_LOCAL,
  TRANSFER_REQUESTS,
  VERSION,
} from "./messages.ts";
import { AddressCopies, unknownFamily } from "./addresses.ts";
import { type Peer, readPeer, writePeer } from "./peer_field.ts";
import { type HandoffTimes, readTimes, writeTimes } from "./times_field.ts";
import { encodeReturnedError, readReturnedError, type ReturnedError } from "./error_field.ts";
import { encodeTextFields, FieldTable, TextMemo, writeFieldHead } from "./fields.ts";
import { encodeRuleFields, NO_RULES, readRuleFields, type RuleFields } from "./rule_fields.ts";

/** A connection on its way, without the descriptor. */
export interface Transfer extends RuleFields {
  /** Chosen by the sender; the receiver's ACK or NACK names it. Unique among the sender's unacknowledged ones. */
  readonly id: number;
  /** The client's address, as the {@linkcode SIZE_ADDRESS} bytes of the wire. */
  readonly client: Uint8Array<ArrayBuffer>;
  /** The address that the client connected to, as above. */
  readonly local: Uint8Array<ArrayBuffer>;
  /** Which route table the front decided by. A RETURN repeats the number of its HANDOFF. */
  readonly generation: number;
  /** Requests that were answered on this connection before; 65,535 stands for more as well. */
  readonly requests: number;
  /** HANDOFF: the scope, SCOPE_*. RETURN: the reason, RETURN_*. */
  readonly detail: number;
  /** HANDOFF: what becomes of the connection after an answer, KEEP_ALIVE_*. RETURN: 0. */
  readonly keepAlive: number;
  /** Name of the site; empty for a site without names, and in a RETURN. */
  readonly site: string;
  /** Path prefix of the route, or its expression; empty in a RETURN. */
  readonly route: string;
  /** The path below the prefix, or mapped by the route, and still percent-encoded; empty in a RETURN. */
  readonly path: string;
  /** Prefixes that the scope leaves out, as {@linkcode exceptions} reads them; empty in a RETURN. */
  readonly except: Uint8Array<ArrayBuffer>;
  /** What stands in later paths in place of the prefix, if the scope is SCOPE_MAPPED; empty otherwise. */
  readonly map: string;
  /** Bytes that were read from the connection already and come before what the socket still holds. */
  readonly preread: Uint8Array<ArrayBuffer>;
  /** How long it took until it was sent; absent where the front does not say, and in a RETURN. */
  readonly times?: HandoffTimes;
  /** What is known of TLS on it, as {@linkcode decodeTls} of tls_field.ts reads it; absent for one without. */
  readonly tls?: Uint8Array<ArrayBuffer>;
  /** Who has connected, where that may be another one than the client of a request; absent elsewhere. */
  readonly peer?: Peer;
  /** RETURN: the id of the hand-off by which it came on this channel; absent where it came on another one. */
  readonly handoff?: number;
  /** RETURN: what its request has come to, where the front is to find the page of that. */
  readonly error?: ReturnedError;
}

const NOTHING = new Uint8Array(0);

/**
 * Writes version and type into a message buffer that will be used again and again; the rest of the fixed part is the
 * caller's, field by field, at the offsets in messages.ts.
 */
export function startTransfer(out: Uint8Array, type: typeof HANDOFF | typeof RETURN): void {
  out.fill(0, 0, SIZE_TRANSFER);
  out[0] = VERSION;
  out[1] = type;
}

/**
 * The fields of a HANDOFF that depend on the route alone: encoded once, sent with every hand-off of the route.
 *
 * @param except the value of {@linkcode encodeExceptions}
 * @param map what stands in place of the prefix; empty if the scope says nothing of it
 */
export function encodeRouteFields(
  site: string,
  route: string,
  except: Uint8Array = NOTHING,
  map = "",
): Uint8Array<ArrayBuffer> {
  const texts: [number, string][] = [[FIELD_SITE, site], [FIELD_ROUTE, route]];
  if (map !== "") texts.push([FIELD_MAP, map]);
  const names = encodeTextFields(texts, MAX_NAME);
  if (except.length === 0) return names;
  const out = new Uint8Array(names.length + SIZE_FIELD + except.length);
  out.set(names);
  out.set(except, writeFieldHead(out, names.length, FIELD_EXCEPT, except.length));
  return out;
}

/**
 * Prefixes as one value: a NUL between two, as no path contains one.
 *
 * @param map what is sent beside them, of ASCII
 * @returns undefined when the two get too long
 */
export function encodeExceptions(
  prefixes: readonly string[],
  map = "",
): Uint8Array<ArrayBuffer> | undefined {
  const value = new TextEncoder().encode(prefixes.join("\0"));
  const beside = map === "" ? 0 : SIZE_FIELD + map.length;
  return map.length > MAX_NAME || value.length + beside > MAX_EXCEPT ? undefined : value;
}

/** The prefixes in such a value. */
export function exceptions(value: Uint8Array<ArrayBuffer>): readonly string[] {
  return value.length === 0 ? [] : new TextDecoder().decode(value).split("\0");
}

/** Encodes a whole transfer at once: where no buffer is kept for it, and in tests. */
export function encodeTransfer(
  type: typeof HANDOFF | typeof RETURN,
  transfer: Transfer,
): Uint8Array<ArrayBuffer> {
  const { preread, tls = NOTHING } = transfer;
  if (tls.length > MAX_TLS) {
    throw new RangeError(`Cannot send ${tls.length} bytes of TLS: at most ${MAX_TLS}`);
  }
  if (preread.length > MAX_PREREAD) {
    throw new RangeError(`Cannot send ${preread.length} bytes of preread: at most ${MAX_PREREAD}`);
  }
  const { site, route, path, except, map } = transfer;
  const kept = except.length + (map === "" ? 0 : SIZE_FIELD + new TextEncoder().encode(map).length);
  if (kept > MAX_EXCEPT) {
    throw new RangeError(`Cannot send ${kept} bytes of exceptions: at most ${MAX_EXCEPT}`);
  }
  const { times, peer, handoff, error } = transfer;
  const failure = error === undefined ? NOTHING : encodeReturnedError(error);
  if (failure.length > MAX_ERROR) throw new RangeError(`Cannot send an error of ${failure.length} bytes`);
  const timesSize = times === undefined ? 0 : SIZE_FIELD + SIZE_TIMES;
  const routeFields = type === HANDOFF ? encodeRouteFields(site, route, except, map) : NOTHING;
  const pathField = type === HANDOFF ? encodeTextFields([[FIELD_PATH, path]], MAX_PATH) : NOTHING;
  const rules = type === HANDOFF ? encodeRuleFields(transfer) : NOTHING;
  if (rules === undefined) throw new RangeError(`Cannot send rules of more than ${MAX_RULES} bytes`);
  const namesStart = SIZE_TRANSFER + timesSize;
  const rulesStart = namesStart + routeFields.length + pathField.length;
  const peerStart = rulesStart + rules.length;
  const tlsStart = peerStart + (peer === undefined ? 0 : SIZE_FIELD + SIZE_PEER);
  const handoffStart = tlsStart + (tls.length === 0 ? 0 : SIZE_FIELD + tls.length);
  const errorStart = handoffStart + (handoff === undefined ? 0 : SIZE_FIELD + 4);
  const fieldsEnd = errorStart + (error === undefined ? 0 : SIZE_FIELD + failure.length);
  const prereadSize = preread.length === 0 ? 0 : SIZE_FIELD + preread.length;
  const out = new Uint8Array(fieldsEnd + prereadSize);
  startTransfer(out, type);
  const view = new DataView(out.buffer);
  view.setUint32(TRANSFER_ID, transfer.id);
  out.set(transfer.client.subarray(0, SIZE_ADDRESS), TRANSFER_CLIENT);
  out.set(transfer.local.subarray(0, SIZE_ADDRESS), TRANSFER_LOCAL);
  view.setUint32(TRANSFER_GENERATION, transfer.generation);
  view.setUint16(TRANSFER_REQUESTS, Math.min(transfer.requests, 0xffff));
  out[TRANSFER_DETAIL] = transfer.detail;
  out[TRANSFER_KEEP_ALIVE] = transfer.keepAlive;
  out.set(routeFields, namesStart);
  out.set(pathField, namesStart + routeFields.length);
  out.set(rules, rulesStart);
  if (tls.length > 0) out.set(tls, writeFieldHead(out, tlsStart, FIELD_TLS, tls.length));
  if (peer !== undefined) writePeer(out, writeFieldHead(out, peerStart, FIELD_PEER, SIZE_PEER), peer);
  if (handoff !== undefined) view.setUint32(writeFieldHead(out, handoffStart, FIELD_HANDOFF, 4), handoff);
  if (error !== undefined) out.set(failure, writeFieldHead(out, errorStart, FIELD_ERROR, failure.length));
  if (times !== undefined) {
    const { arrived, headWhole, waited, attempts, worker } = times;
    const at = writeFieldHead(out, SIZE_TRANSFER, FIELD_TIMES, SIZE_TIMES);
    writeTimes(view, at, arrived, headWhole - arrived, waited, attempts, worker);
  }
  if (prereadSize > 0) out.set(preread, writeFieldHead(out, fieldsEnd, FIELD_PREREAD, preread.length));
  return out;
}

const fields = new FieldTable();
const addresses = new AddressCopies();
const sites = new TextMemo();
const routes = new TextMemo();
const paths = new TextMemo();
const maps = new TextMemo();

const KNOWN = new Set([
  FIELD_SITE,
  FIELD_ROUTE,
  FIELD_PATH,
  FIELD_EXCEPT,
  FIELD_MAP,
  FIELD_TIMES,
  FIELD_TLS,
  FIELD_TARGET,
  FIELD_REQUEST_FIELDS,
  FIELD_RESPONSE_FIELDS,
  FIELD_VARIABLES,
  FIELD_HANDOFF,
  FIELD_PEER,
  FIELD_ERROR,
  FIELD_PREREAD,
]);

/**
 * Decodes a HANDOFF or RETURN whose version and type have been checked. Copies what it keeps: the buffer is free for
 * the next message afterwards.
 *
 * @returns the transfer, or what is wrong, in words
 */
export function decodeTransfer(bytes: Uint8Array<ArrayBuffer>, length: number): Transfer | string {
  if (length < SIZE_TRANSFER) return "the transfer is too short";
  const wrong = fields.read(bytes, SIZE_TRANSFER, length, KNOWN) ?? unknownFamily(bytes, TRANSFER_CLIENT) ??
    unknownFamily(bytes, TRANSFER_LOCAL);
  if (wrong !== undefined) return wrong;
  const site = fields.text(FIELD_SITE, sites);
  const route = fields.text(FIELD_ROUTE, routes);
  const path = fields.text(FIELD_PATH, paths);
  const map = fields.text(FIELD_MAP, maps);
  if (site === undefined || route === undefined || path === undefined || map === undefined) {
    return "a text field is not UTF-8";
  }
  const rules = readRuleFields(fields);
  if (rules === undefined) return "a text field is not UTF-8";
  const times = fields.get(FIELD_TIMES);
  if (times !== undefined && times.length < SIZE_TIMES) return `a field times of ${times.length} bytes`;
  const tls = fields.get(FIELD_TLS);
  if (tls !== undefined && (tls.length < TLS_ITEMS || tls.length > MAX_TLS)) {
    return `a field tls of ${tls.length} bytes`;
  }
  const peerField = fields.get(FIELD_PEER);
  const peer = peerField === undefined ? undefined : readPeer(peerField);
  if (typeof peer === "string") return peer;
  const handoff = fields.get(FIELD_HANDOFF);
  if (handoff !== undefined && handoff.length < 4) return `a field handoff of ${handoff.length} bytes`;
  const errorField = fields.get(FIELD_ERROR);
  const error = errorField === undefined ? undefined : readReturnedError(errorField);
  if (errorField !== undefined && error === undefined) return "a field error says none";
  // Filled in behind: most have the first of these alone, so that all but a few have one shape.
  const transfer: { -readonly [Key in keyof Transfer]: Transfer[Key] } = {
    id: uint32(bytes, TRANSFER_ID),
    client: addresses.copy(bytes, TRANSFER_CLIENT),
    local: addresses.copy(bytes, TRANSFER_LOCAL),
    generation: uint32(bytes, TRANSFER_GENERATION),
    requests: bytes[TRANSFER_REQUESTS]! << 8 | bytes[TRANSFER_REQUESTS + 1]!,
    detail: bytes[TRANSFER_DETAIL]!,
    keepAlive: bytes[TRANSFER_KEEP_ALIVE]!,
    site,
    route,
    path,
    except: fields.get(FIELD_EXCEPT)?.slice() ?? NOTHING,
    map,
    preread: fields.get(FIELD_PREREAD)?.slice() ?? NOTHING,
  };
  if (times !== undefined) transfer.times = readTimes(times);
  if (tls !== undefined) transfer.tls = tls.slice();
  if (peer !== undefined) transfer.peer = peer;
  if (handoff !== undefined) transfer.handoff = uint32(handoff, 0);
  if (error !== undefined) transfer.error = error;
  return rules === NO_RULES ? transfer : { ...transfer, ...rules };
}

/** A number in network order, without a view for it. */
function uint32(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 2 ** 24 + (bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!);
}

/** The id of a transfer that may be malformed otherwise, so that a NACK can name it; undefined when it has none. */
export function transferId(bytes: Uint8Array<ArrayBuffer>, length: number): number | undefined {
  if (length < TRANSFER_ID + 4) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset, length).getUint32(TRANSFER_ID);
}
