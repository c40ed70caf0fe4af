/** Where a route leads: the socket of a backend, or the name of a declared one. */

import { quote, type Reading } from "./reading.ts";

/** A target as written; what it refers to depends on the declared backends. */
export type Target =
  | { readonly kind: "socket"; readonly path: string }
  | { readonly kind: "name"; readonly name: string };

/** What a backend may be called: names appear in messages, logs and metrics, so they stay simple. */
export const BACKEND_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * Reads a target. The path of `fd://` is taken as it stands: nothing in it is escaped.
 *
 * @param text `fd:///absolute/path.sock`, `fd://relative/path.sock` or the name of a backend.
 * @returns What is meant, its path still as written.
 */
export function readTarget(text: string): Reading<Target> {
  const cannot = `Cannot hand over to ${quote(text)}`;
  const fd = /^fd:\/\/(.*)$/is.exec(text)?.[1];
  if (fd !== undefined) {
    if (!/(^|\/)\.{0,2}$/.test(fd)) return { value: { kind: "socket", path: fd } };
    return { fault: `${cannot}, which names no socket; write its path, such as "fd:///run/app.sock"` };
  }
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === "fd" || scheme === "unix") {
    const path = text.slice(scheme.length + 1).replace(/^\/\/+/, "/").replace(/\|.*$/s, "");
    return { fault: `${cannot}; write ${quote("fd://" + path)}` };
  }
  if (scheme === "balancer") {
    return {
      fault: `${cannot}, for there are no balancers; ` +
        `write the list of their sockets, such as ["fd:///run/a.sock", "fd:///run/b.sock"]`,
    };
  }
  if (scheme === "http") {
    return {
      fault: `${cannot}, for fdpass hands over to fd:// sockets; ` +
        `declare a backend with "upstream": ${quote(text)} and write its name`,
    };
  }
  if (scheme !== undefined) {
    return {
      fault: `${cannot}, for fdpass hands over to fd:// sockets; ` +
        `declare a backend of your own with "fetch" or "static" and write its name`,
    };
  }
  if (text.startsWith("/")) return { fault: `${cannot}; write ${quote("fd://" + text)}` };
  if (text.startsWith("./") || text.startsWith("../") || text.endsWith(".sock")) {
    return { fault: `${cannot}; write ${quote("fd://" + text.replace(/^\.\//, ""))}` };
  }
  if (!BACKEND_NAME.test(text)) {
    return { fault: `${cannot}; write a socket such as "fd:///run/app.sock" or the name of a backend` };
  }
  return { value: { kind: "name", name: text } };
}

/**
 * Names a backend that a route uses without declaring it, after its socket.
 *
 * @param socket The path of the socket.
 * @param taken Says whether a name belongs to another backend.
 * @returns The base name without `.sock`, with a number behind it where that is taken.
 */
export function nameAfterSocket(socket: string, taken: (name: string) => boolean): string {
  const base = socket.slice(socket.lastIndexOf("/") + 1).replace(/\.sock$/, "");
  const simple = base.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "").slice(0, 56) ||
    "backend";
  let name = simple;
  for (let count = 2; taken(name); count++) name = `${simple}-${count}`;
  return name;
}
