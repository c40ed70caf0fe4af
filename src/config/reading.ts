/**
 * The verdict of reading one value. Users' mistakes are expected, and a loader collects all of them, so
 * the readers of this room return faults and leave it to the loader to say where they are.
 */

/** A value as the model wants it, or the sentence that says why there is none. */
export type Reading<T> = { readonly value: T } | { readonly fault: string };

/** Long values are cut: the position leads to the rest. */
const QUOTED_LENGTH = 60;

/**
 * Quotes a user's text for a message, with control characters escaped, so that a message stays one line
 * and cannot write to the reader's terminal.
 *
 * @param text What the user wrote.
 * @returns The text in double quotes, shortened when it is long.
 */
export function quote(text: string): string {
  const short = text.length > QUOTED_LENGTH ? text.slice(0, QUOTED_LENGTH) + "..." : text;
  // JSON leaves DEL and the C1 controls alone, and some terminals obey them.
  return JSON.stringify(short).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => "\\u" + character.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}

/**
 * Names a value of the wrong type or size in a message.
 *
 * @param value Any JSON value.
 * @returns `"text"`, `12`, `true`, `null`, `a list` or `an object`.
 */
export function found(value: unknown): string {
  if (typeof value === "string") return quote(value);
  // JSON can spell numbers that a double cannot hold, such as 1e999.
  if (typeof value === "number" && !Number.isFinite(value)) return "a number out of range";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}

/**
 * Looks for characters that have no business in names and paths.
 *
 * @param text What the user wrote.
 * @returns Whether it contains a control character; NUL would even end a path early in C.
 */
export function hasControls(text: string): boolean {
  // deno-lint-ignore no-control-regex -- controls are what this is about
  return /[\u0000-\u001f\u007f-\u009f]/.test(text);
}
