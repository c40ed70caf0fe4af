/** What kind of content a file has, by the end of its name. */

import mime from "mime";

/** The Content-Type of a file. Text is taken to be UTF-8, as everything is by now. */
export function contentType(name: string): string {
  const dot = name.lastIndexOf(".");
  // A file that is called just "html" is of no known type.
  const ending = dot <= name.lastIndexOf("/") ? "" : name.slice(dot + 1);
  return known.get(ending) ?? remember(ending);
}

/** Files are of few kinds. */
const known = new Map<string, string>();
const MOST_KNOWN = 200;
/** Characters of an ending that is worth remembering. */
const LONGEST_KNOWN = 10;

function remember(ending: string): string {
  const type = typeOf(ending);
  if (known.size < MOST_KNOWN && ending.length <= LONGEST_KNOWN) known.set(ending, type);
  return type;
}

function typeOf(ending: string): string {
  const type = ending === "" ? null : mime.getType(ending);
  if (type === null) return "application/octet-stream";
  const text = type.startsWith("text/") || type === "application/json" || type === "application/javascript" ||
    type === "image/svg+xml";
  return text ? `${type}; charset=utf-8` : type;
}
