/** What a relay relays to: a server that speaks HTTP, in clear text or by TLS, and knows nothing of hand-offs. */

import { hasControls, quote, type Reading } from "./reading.ts";
import { readSocketPath, type Resolve } from "./path.ts";

/** An HTTP server, as `--upstream` and the key `upstream` name it. */
export interface Upstream {
  /** Where it listens: an IP address or a name and a port, or the path of a Unix socket. */
  readonly at:
    | { readonly host: string; readonly port: number }
    | { readonly path: string };
  /** What it is told as its Host, unless the client's is preserved. */
  readonly authority: string;
  /** The path that everything is put below, without a slash at its end: `` or `/base`. */
  readonly base: string;
  /** Whether it is spoken to by TLS. */
  readonly tls?: true;
}

const EXAMPLE = `write a URL such as "http://127.0.0.1:3000", or "unix:/run/app.sock"`;

/**
 * Reads the URL of an upstream: `http://host[:port][/base]`, `https://…`, `unix:/path`, or, as Apache has
 * it, `unix:/path|http://host[/base]`.
 *
 * @param text What the user wrote.
 * @param resolve Makes the path of a Unix socket absolute.
 */
export function readUpstream(text: string, resolve: Resolve): Reading<Upstream> {
  const cannot = `Cannot relay to ${quote(text)}`;
  if (hasControls(text) || /\s/.test(text)) return { fault: `${cannot}; write it without spaces` };
  const unix = /^unix:([^|]*)(?:\|(.*))?$/is.exec(text);
  if (unix === null) return readUrl(text, cannot);
  const path = readSocketPath(unix[1]!.replace(/^\/\/+/, "/"), resolve);
  if ("fault" in path) return path;
  const url = readUrl(unix[2] ?? "http://localhost", cannot);
  return "fault" in url ? url : { value: { ...url.value, at: { path: path.value } } };
}

function readUrl(text: string, cannot: string): Reading<Upstream> {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === "fd") {
    return { fault: `${cannot}, which takes hand-offs itself; write it as the target of a route` };
  }
  if (scheme !== "http" && scheme !== "https" || !URL.canParse(text)) {
    return { fault: `${cannot}; ${EXAMPLE}` };
  }
  const { hostname, host, port, pathname, search, hash, username, password } = new URL(text);
  if (search !== "" || hash !== "" || text.includes("?") || text.includes("#")) {
    return { fault: `${cannot}, for every request has a query of its own; write it without "?" and "#"` };
  }
  if (username !== "" || password !== "") {
    return { fault: `${cannot}, for it sends no credentials; write it without user and password` };
  }
  if (port === "0") return { fault: `${cannot}, for nobody listens on port 0; write the server's port` };
  return {
    value: {
      at: {
        host: hostname.replace(/^\[(.*)\]$/, "$1"),
        port: port === "" ? scheme === "https" ? 443 : 80 : Number(port),
      },
      authority: host,
      base: pathname.replace(/\/+$/, ""),
      ...scheme === "https" ? { tls: true } : {},
    },
  };
}

/** The one spelling of an upstream, which {@linkcode readUpstream} reads again. */
export function formatUpstream({ at, authority, base, tls }: Upstream): string {
  const url = `${tls ? "https" : "http"}://${authority}${base}`;
  if (!("path" in at)) return url;
  return url === "http://localhost" ? `unix:${at.path}` : `unix:${at.path}|${url}`;
}

/** The name that has to be looked up to reach it; undefined for an IP address, `localhost` and a Unix socket. */
export function nameToResolve({ at }: Pick<Upstream, "at">): string | undefined {
  if ("path" in at || at.host === "localhost" || at.host.includes(":") || /^[\d.]+$/.test(at.host)) {
    return undefined;
  }
  return at.host;
}
