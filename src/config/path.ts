/** Paths: those of URLs that routes cover, and those of files and sockets. */

import { posix } from "node:path";
import { MAX_NAME } from "../protocol/messages.ts";
import { hasControls, quote, type Reading } from "./reading.ts";

/** `sizeof(sun_path)` is 108, and the kernel wants room for a NUL. */
export const MAX_SOCKET_PATH = 107;

/** Where a configuration comes from. */
export interface Origin {
  /** What messages call it: the path as the user wrote it, or `standard input`. */
  readonly name: string;
  /**
   * The absolute directory that relative paths start at, or a function that finds it. The function is called
   * once, and only when there is a relative path: a working directory can be gone, and should not be missed.
   */
  readonly baseDirectory: string | (() => string);
}

/** Turns a path as written into an absolute one. */
export type Resolve = (path: string) => string;

/**
 * Makes paths absolute and normal.
 *
 * @param baseDirectory See {@linkcode Origin.baseDirectory}.
 * @returns The function that does it.
 */
export function resolveFrom(baseDirectory: string | (() => string)): Resolve {
  let base = typeof baseDirectory === "string" ? baseDirectory : undefined;
  return (path) => {
    if (posix.isAbsolute(path)) return posix.normalize(path);
    base ??= (baseDirectory as () => string)();
    return posix.join(base, path);
  };
}

/**
 * Reads the path of a route into the one spelling that routes are compared in. What stands for another
 * path (dot segments, empty segments) is refused, not rewritten: it is more likely a mistake than a wish.
 *
 * @param text The path; characters beyond ASCII may stand unescaped.
 * @returns The path, escaped where it must be and only there.
 */
export function readRoutePath(text: string): Reading<string> {
  const cannot = `Cannot route the path ${quote(text)}`;
  if (!text.startsWith("/")) {
    const scheme = /^[a-z][a-z0-9+.-]*:\/\/[^/]*(\/[^?#]*)?/i.exec(text);
    const instead = scheme ? scheme[1] ?? "/" : text === "" ? "/" : "/" + text;
    return { fault: `${cannot}, which does not start with "/"; write ${quote(instead)}` };
  }
  if (/[?#]/.test(text)) {
    return { fault: `${cannot}, for routes do not look at queries; write it without "?" and "#"` };
  }
  if (text.endsWith("/*")) {
    return { fault: `${cannot}; write ${quote(text.slice(0, -1))}, which covers everything below it` };
  }
  if (text.includes("//")) {
    return { fault: `${cannot}, which has an empty segment; write ${quote(text.replace(/\/{2,}/g, "/"))}` };
  }
  if (/(^|\/)(\.|%2e){1,2}(\/|$)/i.test(text)) {
    return { fault: `${cannot}, which has a "." or ".." segment; write the path that it stands for` };
  }
  if (/%(2f|00)/i.test(text)) {
    return {
      fault: `${cannot}; write it without %2F and %00, which servers read in different ways`,
    };
  }
  if (/%(?![0-9a-f]{2})/i.test(text)) {
    return { fault: `${cannot}, which has a "%" without two hexadecimal digits; write "%25"` };
  }
  const odd = /[^!#-;=?-[\]_a-z~\u0080-\uffff]+/g;
  if (odd.test(text)) {
    const escaped = text.toWellFormed().replace(odd, encodeURIComponent);
    return { fault: `${cannot}, which has characters that URLs escape; write ${quote(escaped)}` };
  }
  const encoded = text.toWellFormed().replace(/[^!-~]+/g, encodeURIComponent);
  if (encoded.length > MAX_NAME) {
    return { fault: `${cannot}, which has ${encoded.length} bytes; write at most ${MAX_NAME}` };
  }
  return { value: encoded.replace(/%../g, plainEscape) };
}

/** Unreserved characters stand for themselves (RFC 3986, 6.2.2.2); other escapes have upper-case digits. */
export function plainEscape(escape: string): string {
  const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  return /[A-Za-z0-9._~-]/.test(character) ? character : escape.toUpperCase();
}

/**
 * Reads the path of a file or directory.
 *
 * @param text The path, absolute or relative.
 * @param resolve Makes it absolute.
 * @returns The absolute path, without a slash at its end.
 */
export function readFilePath(text: string, resolve: Resolve): Reading<string> {
  if (text === "") return { fault: `Cannot use an empty path; write an absolute one or one like "./public"` };
  if (hasControls(text)) {
    return { fault: `Cannot use the path ${quote(text)}; write it without control characters` };
  }
  const path = resolve(text);
  return { value: path.length > 1 ? path.replace(/\/$/, "") : path };
}

/**
 * Reads the path of a Unix socket.
 *
 * @param text The path, absolute or relative.
 * @param resolve Makes it absolute.
 * @returns The absolute path, short enough for `sun_path`.
 */
export function readSocketPath(text: string, resolve: Resolve): Reading<string> {
  if (/(^|\/)\.{0,2}$/.test(text)) {
    return {
      fault: `Cannot use ${quote(text)} as a socket; write the path of a file, such as "/run/app.sock"`,
    };
  }
  if (/^[a-z][a-z0-9+.-]*:\//i.test(text)) {
    return { fault: `Cannot use ${quote(text)} as a socket; write its path alone, such as "/run/app.sock"` };
  }
  const reading = readFilePath(text, resolve);
  if ("fault" in reading) return reading;
  const bytes = new TextEncoder().encode(reading.value).length;
  if (bytes > MAX_SOCKET_PATH) {
    return {
      fault: `Cannot use ${quote(reading.value)} as a socket, for it has ${bytes} bytes; ` +
        `write a path of at most ${MAX_SOCKET_PATH} bytes`,
    };
  }
  return reading;
}

/** The longest names beside a socket (`besideSocket`): of 32 bits in the digits and letters, the largest number. */
const LISTENS_FIRST = `.${(2 ** 32 - 1).toString(36)}`;
/** Where several processes of one backend meet the one that listens for them. */
const DOOR = `${LISTENS_FIRST}.door`;

/**
 * Reads the path of the Unix socket at which a backend is to listen. Beside it the backend has sockets of its own for a
 * while, whose names may be longer: what passes here can be listened at.
 *
 * @param text The path, absolute or relative.
 * @param resolve Makes it absolute.
 * @param workers How many processes are behind it.
 * @returns The absolute path.
 */
export function readListeningPath(text: string, resolve: Resolve, workers: number): Reading<string> {
  const reading = readSocketPath(text, resolve);
  if ("fault" in reading) return reading;
  const beside = workers > 1 ? DOOR : LISTENS_FIRST;
  const directory = reading.value.slice(0, reading.value.lastIndexOf("/") + 1);
  const bytes = new TextEncoder().encode(directory).length;
  const most = MAX_SOCKET_PATH - beside.length;
  if (bytes <= most) return reading;
  const whose = workers > 1 ? `${workers} processes` : "the process";
  return {
    fault:
      `Cannot use ${quote(reading.value)} as a socket, for its directory has ${bytes} bytes, and ${whose} ` +
      `${
        workers > 1 ? "need sockets of their own" : "needs a socket of its own"
      } there; write a directory of at most ${most} bytes`,
  };
}

/**
 * Reads what a fetch backend runs: a path, or the URL of a module.
 *
 * @param text The path or URL.
 * @param resolve Makes a path absolute.
 * @returns An absolute path, or the URL as it stands.
 */
export function readModule(text: string, resolve: Resolve): Reading<string> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return readFilePath(text, resolve);
  if (/[\s]/.test(text) || hasControls(text)) {
    return { fault: `Cannot load the module ${quote(text)}; write a URL without spaces` };
  }
  if (["file", "http", "https", "npm", "jsr", "data"].includes(scheme)) return { value: text };
  return {
    fault: `Cannot load the module ${quote(text)}; ` +
      `write a path such as "./app.ts", or a URL of file, http, https, npm, jsr or data`,
  };
}
