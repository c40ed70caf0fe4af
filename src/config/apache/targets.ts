/** Where ProxyPass leads: URLs of servers and sockets. */

import { quote, type Reading } from "../reading.ts";

/** A URL as it is written behind ProxyPass. */
export type Target =
  | { readonly kind: "socket"; readonly path: string }
  | { readonly kind: "balancer"; readonly name: string; readonly path: string }
  | {
    /** Of HTTP, or an application that speaks FastCGI. */
    readonly kind: "server" | "fastcgi";
    /** `host`, `host:port`, in lower case. */
    readonly authority: string;
    /** The socket in `unix:/path|http://host/`. */
    readonly socket?: string;
    /** What follows the authority, up to a query; may be empty. */
    readonly path: string;
    /** Whether it is spoken to by TLS. */
    readonly tls?: true;
  };

/** What other protocols would need. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  ajp: "does not speak AJP; write the http:// port of the server",
  scgi: "does not speak SCGI; write the http:// port of the server",
  uwsgi: "does not speak the protocol of uWSGI; write the http:// port of the server",
  h2: "speaks HTTP/1.1 to servers; write http://",
  h2c: "speaks HTTP/1.1 to servers; write http://",
  ftp: "does not speak FTP; remove it",
  sock: "does not know this scheme; write http:// or fd://",
};

const EXAMPLE = `write a URL such as "http://127.0.0.1:3000/", "fd:///run/app.sock" or "balancer://name/"`;

/**
 * Reads a URL.
 *
 * @param text of an expression's target as well: what follows `$` is then a part of the path
 */
export function readTarget(text: string): Reading<Target> {
  const cannot = `Cannot hand over to ${quote(text)}`;
  const unix = /^unix:([^|]*)\|(https?|wss?|fcgi):\/\/([^/?#$]*)([^?#]*)$/i.exec(text);
  if (unix !== null) {
    const [, socket = "", scheme = "", authority = "", path = ""] = unix;
    if (!socket.startsWith("/")) {
      return { fault: `${cannot}; write the absolute path of the socket behind unix:` };
    }
    return { value: { ...kindOf(scheme), authority: authority.toLowerCase() || "localhost", socket, path } };
  }
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^]*)$/i.exec(text);
  if (match === null) {
    const [, scheme = ""] = /^unix:[^|]*\|([a-z0-9+.-]+):/i.exec(text) ?? [];
    const why = ELSEWHERE[scheme.toLowerCase()];
    return { fault: why === undefined ? `${cannot}; ${EXAMPLE}` : `${cannot}, for fdpass ${why}` };
  }
  const scheme = match[1]!.toLowerCase();
  const rest = match[2]!;
  if (scheme === "fd") {
    if (/(^|\/)\.{0,2}$/.test(rest)) {
      return { fault: `${cannot}, which names no socket; write its path, such as "fd:///run/app.sock"` };
    }
    return { value: { kind: "socket", path: rest } };
  }
  const [, authority = "", path = ""] = /^([^/?#$]*)([^]*)$/.exec(rest)!;
  if (scheme === "balancer") {
    if (authority === "") return { fault: `${cannot}, which names no balancer; write "balancer://name"` };
    return { value: { kind: "balancer", name: authority.toLowerCase(), path } };
  }
  if (!/^(https?|wss?|fcgi)$/.test(scheme)) {
    const why = ELSEWHERE[scheme];
    return { fault: why === undefined ? `${cannot}; ${EXAMPLE}` : `${cannot}, for fdpass ${why}` };
  }
  if (/[?#]/.test(path)) return { fault: `${cannot}; write it without "?" and "#"` };
  if (authority.includes("@")) return { fault: `${cannot}; write it without a user and password` };
  if (!/^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i.test(authority)) {
    return { fault: `${cannot}, which names no server; ${EXAMPLE}` };
  }
  return { value: { ...kindOf(scheme), authority: authority.toLowerCase(), path } };
}

function kindOf(scheme: string): { readonly kind: "server" | "fastcgi"; readonly tls?: true } {
  const name = scheme.toLowerCase();
  if (name === "fcgi") return { kind: "fastcgi" };
  return { kind: "server", ...name === "https" || name === "wss" ? { tls: true as const } : {} };
}
