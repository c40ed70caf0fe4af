/**
 * The page of counters that a backend process shares with its fronts: where what lies. docs/protocol.md says the same for
 * people. Numbers are of the machine's byte order, as the page never leaves it: those in the header u32 and f64, the
 * counters f64, each at an offset that 8 divides.
 */

import { DURATION_PLACES } from "./durations.ts";

/** The one layout there is; HELLO and the page say it. */
export const COUNTERS_LAYOUT = 1;

/** The bytes of a page of fdpass, and the most that a front reads of any. */
export const MAX_COUNTERS = 131_072;

// The header: magic "fdpc", layout u32, used u32 (bytes that series take), 0, started f64 (milliseconds since 1970), kind of
// 16 ASCII characters, zeros behind it.
export const COUNTERS_MAGIC: readonly number[] = [0x66, 0x64, 0x70, 0x63];
export const COUNTERS_VERSION = 4;
export const COUNTERS_USED = 8;
export const COUNTERS_STARTED = 16;
export const COUNTERS_KIND = 24;
export const SIZE_KIND = 16;
export const SIZE_COUNTERS_HEADER = 64;

/** What is counted of a whole process, in this order behind the header. Places behind them are spare. */
export const PROCESS_COUNTERS = [
  /** Connections that it holds now. */
  "held",
  /** TLS handshakes done, those of resumed sessions among them. */
  "handshakes",
  "resumed",
  /** TLS handshakes that came to nothing. */
  "failedHandshakes",
  /** Requests on kept connections that a limit has refused, and connections. */
  "limitedRequests",
  "limitedConnections",
] as const;

/** The name of one. */
export type ProcessCounterName = typeof PROCESS_COUNTERS[number];

export const PROCESS_PLACES = 16;

/** Where series begin. */
export const COUNTERS_SERIES: number = SIZE_COUNTERS_HEADER + 8 * PROCESS_PLACES;

// A series: size u32 of all of it, length u16 of its site, length u16 of its route, then both in UTF-8, zeros up to a
// multiple of 8, then its counters.
export const SERIES_SITE_LENGTH = 4;
export const SERIES_ROUTE_LENGTH = 6;
export const SERIES_NAMES = 8;

/** What is counted of one route of one site; the places of the histogram of durations follow. */
export const SERIES_COUNTERS = [
  /** Connections taken for it. */
  "connections",
  /** Requests by the class of their status; `0xx`: the client had gone before it was answered. */
  "0xx",
  "1xx",
  "2xx",
  "3xx",
  "4xx",
  "5xx",
  /** Bytes. */
  "received",
  "sent",
  /** Of all durations, in milliseconds. */
  "duration",
] as const;

/** Where the histogram lies among a series' counters, and how many there are in all. */
export const SERIES_DURATIONS: number = SERIES_COUNTERS.length;
export const SERIES_PLACES: number = SERIES_DURATIONS + DURATION_PLACES;

// A record of an upstream lies among series: it has 65,535 for the length of its site, the length of its name for that of its
// route, then the name, as series have theirs, and counters of its own.
export const UPSTREAM_MARK = 0xffff;

/** What is counted of one upstream of a relay. */
export const UPSTREAM_COUNTERS = [
  /** 1 in each process that has it; and 1 in each of those for which it cannot be used now. */
  "processes",
  "down",
  /** Requests that it has now, and that it was asked. */
  "active",
  "requests",
  /** Those of them that came to nothing for want of it. */
  "failures",
  /** Questions at intervals, and those of them that have failed. */
  "checks",
  "failedChecks",
] as const;

/** The name of one. */
export type UpstreamCounterName = typeof UPSTREAM_COUNTERS[number];

/** Those behind them are spare. */
export const UPSTREAM_PLACES = 8;

/** One upstream as it is in a page. */
export interface PageUpstream {
  readonly name: string;
  /** As many as UPSTREAM_PLACES. */
  readonly counters: Float64Array;
}

/** One series as it is in a page. */
export interface PageSeries {
  readonly site: string;
  readonly route: string;
  /** As many as SERIES_PLACES. */
  readonly counters: Float64Array;
}

/** A page as it is now. Its numbers are not checked yet. */
export interface CountersPage {
  readonly kind: string;
  /** Milliseconds since 1970. */
  readonly started: number;
  /** As many as PROCESS_PLACES. */
  readonly process: Float64Array;
  readonly series: readonly PageSeries[];
  readonly upstreams: readonly PageUpstream[];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder(); // not fatal: what is no UTF-8 is no name that anybody knows
const LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Bytes of a series whose names have so many. */
export function seriesNamesSize(names: number): number {
  return SERIES_NAMES + Math.ceil(names / 8) * 8;
}

/** How long a page says that it is, in bytes: no longer than any may be. @param bytes the header at least */
export function countersLength(bytes: Uint8Array<ArrayBuffer>): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Math.min(MAX_COUNTERS, COUNTERS_SERIES + view.getUint32(COUNTERS_USED, LITTLE));
}

/**
 * Reads a page that anybody may have written. Work is in proportion to its length.
 *
 * @param bytes begin at a multiple of 8 of their buffer
 * @returns undefined where it is no page of this layout
 */
export function readCounters(bytes: Uint8Array<ArrayBuffer>): CountersPage | undefined {
  if (bytes.length < COUNTERS_SERIES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isPage = COUNTERS_MAGIC.every((byte, index) => bytes[index] === byte);
  if (!isPage || view.getUint32(COUNTERS_VERSION, LITTLE) !== COUNTERS_LAYOUT) return undefined;
  const end = Math.min(bytes.length, COUNTERS_SERIES + view.getUint32(COUNTERS_USED, LITTLE));
  const series: PageSeries[] = [];
  const upstreams: PageUpstream[] = [];
  for (let at = COUNTERS_SERIES; at + SERIES_NAMES <= end;) {
    const size = view.getUint32(at, LITTLE);
    const first = view.getUint16(at + SERIES_SITE_LENGTH, LITTLE);
    const second = view.getUint16(at + SERIES_ROUTE_LENGTH, LITTLE);
    const isUpstream = first === UPSTREAM_MARK;
    const site = isUpstream ? 0 : first;
    const places = isUpstream ? UPSTREAM_PLACES : SERIES_PLACES;
    const names = seriesNamesSize(site + second);
    if (size % 8 !== 0 || size < names + 8 * places || at + size > end) break;
    const start = at + SERIES_NAMES;
    const name = decoder.decode(bytes.subarray(start + site, start + site + second));
    const counters = new Float64Array(bytes.buffer, bytes.byteOffset + at + names, places);
    if (isUpstream) upstreams.push({ name, counters });
    else series.push({ site: decoder.decode(bytes.subarray(start, start + site)), route: name, counters });
    at += size;
  }
  const kind = decoder.decode(bytes.subarray(COUNTERS_KIND, COUNTERS_KIND + SIZE_KIND));
  return {
    kind: kind.split("\0", 1)[0]!,
    started: view.getFloat64(COUNTERS_STARTED, LITTLE),
    process: new Float64Array(bytes.buffer, bytes.byteOffset + SIZE_COUNTERS_HEADER, PROCESS_PLACES),
    series,
    upstreams,
  };
}

/** Encodes the header of a page without series. */
export function encodeCountersHeader(kind: string, started: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(SIZE_COUNTERS_HEADER);
  const view = new DataView(bytes.buffer);
  bytes.set(COUNTERS_MAGIC);
  view.setUint32(COUNTERS_VERSION, COUNTERS_LAYOUT, LITTLE);
  view.setFloat64(COUNTERS_STARTED, started, LITTLE);
  bytes.set(encoder.encode(kind).subarray(0, SIZE_KIND), COUNTERS_KIND);
  return bytes;
}

/** Encodes the names of a series, which its counters follow. */
export function encodeSeriesNames(site: string, route: string): Uint8Array<ArrayBuffer> {
  const [first, second] = [encoder.encode(site), encoder.encode(route)];
  return encodeNames(first.length, [first, second], SERIES_PLACES);
}

/** The same for an upstream. */
export function encodeUpstreamName(name: string): Uint8Array<ArrayBuffer> {
  return encodeNames(UPSTREAM_MARK, [encoder.encode(name)], UPSTREAM_PLACES);
}

function encodeNames(
  first: number,
  texts: readonly Uint8Array<ArrayBuffer>[],
  places: number,
): Uint8Array<ArrayBuffer> {
  const size = seriesNamesSize(texts.reduce((sum, { length }) => sum + length, 0));
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, size + 8 * places, LITTLE);
  view.setUint16(SERIES_SITE_LENGTH, first, LITTLE);
  view.setUint16(SERIES_ROUTE_LENGTH, texts.at(-1)!.length, LITTLE);
  let at = SERIES_NAMES;
  for (const text of texts) {
    bytes.set(text, at);
    at += text.length;
  }
  return bytes;
}

/** Encodes a number of the header. */
export function encodeUsed(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Uint32Array.of(bytes).buffer);
}
