/** What kind of content a file has, by the end of its name. */

import mime from "mime";

/** The Content-Type of a file. Text is taken to be UTF-8, as everything is by now. */
export function contentType(name: string): string {
  const dot = name.lastIndexOf(".");
  // A file that is called just "html" is of no known type.
  const type = dot <= name.lastIndexOf("/") ? null : mime.getType(name.slice(dot + 1));
  if (type === null) return "application/octet-stream";
  const text = type.startsWith("text/") || type === "application/json" || type === "application/javascript" ||
    type === "image/svg+xml";
  return text ? `${type}; charset=utf-8` : type;
}
