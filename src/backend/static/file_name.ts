/** From the path of a request to the name of a file. */

/** The one directory whose name may start with a dot: it holds what a host says of itself (RFC 8615). */
const WELL_KNOWN = ".well-known";

/**
 * The name of a file relative to the directory, a character for each byte: names of files are bytes, mostly UTF-8.
 *
 * @param path normalised, percent-encoded
 * @returns undefined for a path that names no file: with a slash or a NUL in a segment, an empty segment before the
 * last one, so that no name is absolute, or a segment that starts with a dot, unless that is `/.well-known` at the
 * beginning
 */
export function fileName(path: string): string | undefined {
  // Nearly every path says its name as it is.
  if (!path.includes("%") && !path.includes("/.") && !path.includes("//") && !path.includes("\0")) {
    return path.slice(1);
  }
  const segments = path.slice(1).split("/");
  for (let at = 0; at < segments.length; at++) {
    const segment = segments[at]!;
    if (segment === "" && at < segments.length - 1) return undefined;
    const name = segment.includes("%") ? decode(segment) : segment;
    if (name.includes("/") || name.includes("\0")) return undefined;
    if (name.startsWith(".") && (at > 0 || name !== WELL_KNOWN)) return undefined;
    segments[at] = name;
  }
  return segments.join("/");
}

function decode(segment: string): string {
  return segment.replace(
    /%([0-9a-fA-F]{2})/g,
    (_, digits: string) => String.fromCharCode(parseInt(digits, 16)),
  );
}

/** Whether the last part of a name has a dot in it, and so looks like a file rather than a place in an application. */
export function hasExtension(name: string): boolean {
  return name.includes(".", name.lastIndexOf("/") + 1);
}
