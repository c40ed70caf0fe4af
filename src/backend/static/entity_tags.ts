/** Entity tags, which name one version of a file (RFC 9110, 8.8.3), and lists of them. */

/** One entity tag, as it stands. It may have a comma in it. */
const TAG = /(W\/)?("[\x21\x23-\x7e\x80-\xff]*")/y;

/** One of a list. */
export interface ListedTag {
  readonly weak: boolean;
  /** With its quotes, without `W/`. */
  readonly opaque: string;
}

/**
 * Reads the value of If-Match or If-None-Match.
 *
 * @returns `*`, or the tags of the list; undefined where it is neither
 */
export function parseTagList(value: string): "*" | readonly ListedTag[] | undefined {
  if (value === "*") return "*";
  const tags: ListedTag[] = [];
  let at = 0;
  for (;;) {
    // A list may have empty members (5.6.1.2).
    while (at < value.length && " \t,".includes(value[at]!)) at++;
    if (at === value.length) return tags.length > 0 ? tags : undefined;
    TAG.lastIndex = at;
    const match = TAG.exec(value);
    if (match === null) return undefined;
    tags.push({ weak: match[1] !== undefined, opaque: match[2]! });
    at = TAG.lastIndex;
    while (value[at] === " " || value[at] === "\t") at++;
    if (at < value.length && value[at] !== ",") return undefined;
  }
}
