/** Numbers as people read them: three digits that count, and a unit. */

/** A count: `1,234`, `56.7k`, `8.9M`. */
export function countText(count: number): string {
  if (count < 10_000) return Math.round(count).toLocaleString("en");
  for (const [size, unit] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]] as const) {
    if (count >= size) return `${digits(count / size)}${unit}`;
  }
  return String(count);
}

/** How often a second. */
export function rateText(rate: number): string {
  if (rate === 0) return "0";
  return rate < 0.1 ? "< 0.1" : rate < 100 ? digits(rate) : countText(rate);
}

/** A time in microseconds. */
export function timeText(microseconds: number | undefined): string {
  if (microseconds === undefined) return "–";
  if (microseconds < 1_000) return `${Math.round(microseconds)} µs`;
  if (microseconds < 1_000_000) return `${digits(microseconds / 1_000)} ms`;
  return microseconds >= 10_000_000 ? "> 10 s" : `${digits(microseconds / 1_000_000)} s`;
}

/** How long something has lasted, in milliseconds. */
export function spanText(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1_000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}

/** Bytes. */
export function bytesText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  for (const [size, unit] of [[1e12, "TB"], [1e9, "GB"], [1e6, "MB"], [1e3, "kB"]] as const) {
    if (bytes >= size) return `${digits(bytes / size)} ${unit}`;
  }
  return `${bytes} B`;
}

function digits(number: number): string {
  return number >= 100 ? number.toFixed(0) : number >= 10 ? number.toFixed(1) : number.toFixed(2);
}
