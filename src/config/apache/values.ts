/** Values of directives and of parameters: times and numbers. */

import { quote, type Reading } from "../reading.ts";
import type { WarningSort } from "../warning.ts";

/** Where what is read here is reported. */
export interface ParameterReport {
  fault(message: string): void;
  withoutEffect(what: string, sort?: WarningSort): void;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000 };
/** As long as any time here may be. */
const LONGEST = 86_400_000;

/**
 * Reads a time: a number of seconds, or one with the unit `ms`, `s`, `min` or `h`.
 *
 * @returns milliseconds
 */
export function readTime(text: string): Reading<number> {
  const match = /^(\d+)(ms|s|min|h)?$/i.exec(text);
  const milliseconds = match === null ? NaN : Number(match[1]) * UNITS[match[2]?.toLowerCase() ?? "s"]!;
  if (milliseconds <= LONGEST) return { value: milliseconds };
  return {
    fault: `Found ${quote(text)}; write a number of seconds up to 86400, or one with ms, s, min or h`,
  };
}

/** Reads a whole number. */
export function readNumber(text: string, least: number, most: number): Reading<number> {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return { value };
  return { fault: `Found ${quote(text)}; write a whole number from ${least} to ${most}` };
}
