/**
 * Looking into values that may be anything. The shape is checked, and reported, elsewhere; what has the
 * wrong one is passed over here, so that the rest of a faulty document is still looked at.
 */

import type { Path } from "./report.ts";

/** A value and where it stands. */
export interface Item {
  readonly value: unknown;
  readonly path: Path;
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The entries of a list.
 *
 * @param value Anything.
 * @param path Where it stands.
 * @returns Its entries with their paths; none if it is no list.
 */
export function entriesOf(value: unknown, path: Path): Item[] {
  return Array.isArray(value) ? value.map((entry, index) => ({ value: entry, path: [...path, index] })) : [];
}

/**
 * The texts of a list, or the one text that stands for a list.
 *
 * @param value Anything.
 * @param path Where it stands.
 * @returns The texts with their paths; entries that are no texts are left out.
 */
export function textsOf(value: unknown, path: Path): { value: string; path: Path }[] {
  if (typeof value === "string") return [{ value, path }];
  return entriesOf(value, path).filter((item): item is { value: string; path: Path } =>
    typeof item.value === "string"
  );
}
