/** From a mapped path to the host that it is of, and the whole name of a file. */

/** Deeper than that nobody has files, and what is asked for it takes no work. */
export const DEEPEST = 128;

/** What a request is for. */
export interface WholeName {
  /** The index of a host. */
  readonly host: number;
  /** Absolute, without a slash at its end, a character for each byte. */
  readonly name: string;
}

/**
 * Reads it.
 *
 * @param path normalised, percent-encoded: `/HOST/NAME`
 * @returns undefined for what is no name: with a slash or a NUL in a segment, with a segment that leads elsewhere, or none
 * of any host
 */
export function wholeName(path: string): WholeName | undefined {
  return plainName(path) ?? readName(path);
}

/** The host's index. */
const HOST = /^\d{1,6}$/;

/** Of nearly every path: of one that says its name as it is. Undefined for others. */
function plainName(path: string): WholeName | undefined {
  // A segment takes two characters at least.
  if (path.length > 2 * DEEPEST) return undefined;
  if (path.includes("%") || path.includes("/.") || path.includes("//") || path.includes("\0")) {
    return undefined;
  }
  const slash = path.indexOf("/", 1);
  if (slash < 0) return undefined;
  const host = path.slice(1, slash);
  if (!HOST.test(host)) return undefined;
  const name = path.slice(slash, path.endsWith("/") ? -1 : undefined);
  return { host: Number(host), name: name === "" ? "/" : name };
}

function readName(path: string): WholeName | undefined {
  const [first = "", ...segments] = path.slice(1).split("/", DEEPEST + 2);
  if (!HOST.test(first) || segments.length > DEEPEST) return undefined;
  const names: string[] = [];
  for (const segment of segments) {
    if (segment === "") continue;
    const name = segment.includes("%") ? decode(segment) : segment;
    if (name === "." || name === ".." || name.includes("/") || name.includes("\0")) return undefined;
    names.push(name);
  }
  return { host: Number(first), name: `/${names.join("/")}` };
}

function decode(segment: string): string {
  return segment.replace(
    /%([0-9a-fA-F]{2})/g,
    (_, digits: string) => String.fromCharCode(parseInt(digits, 16)),
  );
}
