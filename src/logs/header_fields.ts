/** Fields of heads, looked up for lines. */

/** The values that a name has in the fields of a head, joined as httpd joins them; undefined where there is none. */
export function fieldValue(head: string, name: string): string | undefined {
  let value: string | undefined;
  // Each line begins behind the CRLF of the one before; the first is the request's or the status line.
  for (let end = head.indexOf("\n"); end >= 0; end = head.indexOf("\n", end + 1)) {
    const start = end + 1;
    if (head.charCodeAt(start + name.length) !== 0x3a) continue;
    if (head.slice(start, start + name.length).toLowerCase() !== name) continue;
    const stop = head.indexOf("\n", start);
    const text = withoutSpace(head, start + name.length + 1, stop < 0 ? head.length : stop);
    value = value === undefined ? text : `${value}, ${text}`;
  }
  return value;
}

/** A piece of a head without the blanks, tabs and line ends around it; `trim()` would take bytes that are none. */
function withoutSpace(text: string, from: number, to: number): string {
  let [start, end] = [from, to];
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d;
}
