/** The value of the field `times`: how long it took until a connection was handed over (docs/protocol.md, "Times"). */

import { TIMES_ARRIVED, TIMES_ATTEMPTS, TIMES_HEAD, TIMES_WAITED, TIMES_WORKER } from "./messages.ts";

/** What has become of a connection before it was handed over, on the clock that all processes share. */
export interface HandoffTimes {
  /** Microseconds of CLOCK_MONOTONIC at which the front got the connection: accepted it, or got it back. */
  readonly arrived: number;
  /** The same, when the head of its request was whole. */
  readonly headWhole: number;
  /** Microseconds that it waited for a backend. */
  readonly waited: number;
  /** Hand-offs before this one that came to nothing. */
  readonly attempts: number;
  /** Which of the front's Workers has it, counted from 1. */
  readonly worker: number;
}

/** Microseconds of one unit of {@linkcode TIMES_WAITED}. */
const WAITED_UNIT = 10_000;

/** Writes the value of the field `times`. What does not fit its place is as much as fits. */
export function writeTimes(
  view: DataView,
  at: number,
  arrived: number,
  head: number,
  waited: number,
  attempts: number,
  worker: number,
): void {
  // A number is exact here for another 285 years; setBigUint64 would allocate.
  view.setUint32(at + TIMES_ARRIVED, Math.floor(arrived / 2 ** 32));
  view.setUint32(at + TIMES_ARRIVED + 4, arrived % 2 ** 32);
  view.setUint32(at + TIMES_HEAD, Math.min(0xffff_ffff, head));
  view.setUint16(at + TIMES_WAITED, Math.min(0xffff, waited / WAITED_UNIT));
  view.setUint8(at + TIMES_ATTEMPTS, Math.min(0xff, attempts));
  view.setUint8(at + TIMES_WORKER, Math.min(0xff, worker));
}

/** Reads such a value. */
export function readTimes(value: Uint8Array): HandoffTimes {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const arrived = view.getUint32(TIMES_ARRIVED) * 2 ** 32 + view.getUint32(TIMES_ARRIVED + 4);
  return {
    arrived,
    headWhole: arrived + view.getUint32(TIMES_HEAD),
    waited: view.getUint16(TIMES_WAITED) * WAITED_UNIT,
    attempts: view.getUint8(TIMES_ATTEMPTS),
    worker: view.getUint8(TIMES_WORKER),
  };
}
