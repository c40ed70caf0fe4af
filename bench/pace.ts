/**
 * How long things take on a slow machine with two cores, for the estimate at the beginning of a run. Nothing that is
 * measured depends on it.
 */

import type { Amounts } from "./options.ts";

/** Requests a second with a connection each, from many clients at a time. */
const BUSY = 15_000;
/** The same from one client. */
const ALONE = 4_000;
/** Bytes a second of a download. */
const BYTES = 1.2 * 2 ** 30;
/** Connections a second that are opened to stay. */
const OPENED = 5_000;

/** Seconds around each measurement: processes that start, pauses, readings. */
export const AROUND = 0.2;
/** Seconds until a contender has started. */
export const START = 0.5;

/** Seconds for so many requests. */
export function requestsTake(requests: number, clients = 64): number {
  return requests / (clients === 1 ? ALONE : BUSY) + AROUND;
}

/** Seconds for so many bytes. */
export function bytesTake(bytes: number): number {
  return bytes / BYTES + AROUND;
}

/** Seconds until so many connections are open. */
export function openingTakes(connections: number): number {
  return connections / OPENED + AROUND;
}

/** Seconds in all for contenders that start, are warmed up, and are measured in rounds. */
export function roundsTake(
  { rounds, warmUp }: Pick<Amounts, "rounds" | "warmUp">,
  contenders: number,
  seconds: number,
): number {
  return contenders * (START + requestsTake(warmUp) + rounds * seconds);
}

/** A length of time for people: `7 s`, `40 s`, `12 minutes`. */
export function spoken(seconds: number): string {
  if (seconds < 20) return `${Math.ceil(seconds)} s`;
  return seconds < 90 ? `${Math.ceil(seconds / 10) * 10} s` : `${Math.round(seconds / 60)} minutes`;
}
