/** Amounts with a unit: durations and sizes. */

import { found, type Reading } from "./reading.ts";

const MILLISECONDS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000 };
const BYTES: Record<string, number> = {
  k: 1_024,
  kib: 1_024,
  m: 1_048_576,
  mib: 1_048_576,
  g: 1_073_741_824,
  gib: 1_073_741_824,
};

/** A day: longer waits are mistakes, and the kernel's timeouts (an int of milliseconds) are not far. */
const MAX_DURATION = 86_400_000;

/**
 * Reads a duration: a number of seconds, or a string such as `500ms`, `10s` or `2m`.
 *
 * @param value What the user wrote.
 * @param options The least that makes sense, in milliseconds.
 * @returns Milliseconds, whole.
 */
export function readDuration(value: number | string, options: { least: number }): Reading<number> {
  const amount = typeof value === "number" ? value * 1_000 : scaled(value, MILLISECONDS);
  if (amount === undefined) {
    return { fault: `Cannot read the duration ${found(value)}; write "500ms", "10s" or "2m"` };
  }
  const milliseconds = Math.round(amount);
  if (milliseconds >= options.least && milliseconds <= MAX_DURATION) return { value: milliseconds };
  const least = options.least === 0 ? "0" : `"${options.least}ms"`;
  return { fault: `Cannot wait for ${found(value)}; write a duration from ${least} to "1440m"` };
}

/**
 * Reads a size: a number of bytes, or a string such as `8k` or `64KiB`.
 *
 * @param value What the user wrote.
 * @param options The range that makes sense, in bytes.
 * @returns Bytes.
 */
export function readSize(value: number | string, options: { least: number; most: number }): Reading<number> {
  const bytes = typeof value === "number" ? value : scaled(value, BYTES);
  if (bytes === undefined) {
    return { fault: `Cannot read the size ${found(value)}; write a number of bytes, or "8k" or "64KiB"` };
  }
  if (Number.isInteger(bytes) && bytes >= options.least && bytes <= options.most) return { value: bytes };
  return {
    fault: `Cannot use the size ${found(value)}; write ${options.least} to ${options.most} whole bytes`,
  };
}

function scaled(text: string, units: Record<string, number>): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,9})?) ?([a-z]+)$/i.exec(text);
  const unit = match?.[2]?.toLowerCase();
  if (!match || unit === undefined || !Object.hasOwn(units, unit)) return undefined;
  return Number(match[1]) * (units[unit] ?? Number.NaN);
}

/**
 * Writes a duration as users write it.
 *
 * @param milliseconds A duration.
 * @returns In the largest unit that leaves it whole: `500ms`, `10s`, `2m`.
 */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return "0s";
  if (milliseconds % 60_000 === 0) return `${milliseconds / 60_000}m`;
  return milliseconds % 1_000 === 0 ? `${milliseconds / 1_000}s` : `${milliseconds}ms`;
}
