/** References to a host's own paths, in fields that clients follow (RFC 9110, 10.2.2 and 8.7). */

const SPACE = 0x20;
const HASH = 0x23;
const SLASH = 0x2f;
const QUESTION_MARK = 0x3f;
const BACKSLASH = 0x5c;
const DELETE = 0x7f;

/**
 * A path, with query and fragment if it has them, as a reference that leads to the same host for every reader. Browsers
 * take a backslash for a slash, two slashes at the beginning for a host, and take tabs and blanks out before they look:
 * of `/\evil.example/` they make a redirect to somebody else.
 *
 * @param path from its first slash on; what a header field can hold
 * @returns with exactly one slash at its beginning, and with neither backslash nor blank in its path
 */
export function ownReference(path: string): string {
  let at = 0;
  while (at < path.length && leads(path.charCodeAt(at))) at++;
  let reference = "/";
  // Whatever needs no care is taken over in runs.
  let run = at;
  for (; at < path.length; at++) {
    const code = path.charCodeAt(at);
    if (code === QUESTION_MARK || code === HASH) break;
    if (code > SPACE && code !== BACKSLASH && code !== DELETE) continue;
    reference += path.slice(run, at) + escaped(code);
    run = at + 1;
  }
  return reference + path.slice(run);
}

/** Whether a character at the beginning is a slash to somebody, or nothing to somebody. */
function leads(code: number): boolean {
  return code === SLASH || code === BACKSLASH || code <= SPACE || code === DELETE;
}

function escaped(code: number): string {
  return `%${code.toString(16).toUpperCase().padStart(2, "0")}`;
}
