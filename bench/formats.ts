/** How numbers are written. */

/** A whole number: `38,104`. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** Three digits that count: `7.94`, `17.1`, `284`, `1,204`. */
export function precise(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return whole(value);
  if (size >= 10) return value.toFixed(1);
  return value.toFixed(size >= 0.1 || size === 0 ? 2 : 4);
}

/** Microseconds, as such or as milliseconds: `640 µs`, `12.4 ms`. */
export function duration(microseconds: number): string {
  return microseconds < 10_000 ? `${precise(microseconds)} µs` : `${precise(microseconds / 1_000)} ms`;
}

/** Bytes as MiB. */
export function mebibytes(bytes: number): string {
  return `${precise(bytes / 1_048_576)} MiB`;
}

/** Bytes, as such or as KiB: `96 B`, `17.4 KiB`. */
export function size(bytes: number): string {
  return Math.abs(bytes) < 1_024 ? `${Math.round(bytes)} B` : `${precise(bytes / 1_024)} KiB`;
}
