/** The URL of a request, for its `Request`. */

import type { Exchange } from "../http/exchange.ts";

/** The URL of a request (RFC 9112, 3.3). */
export function requestUrl(exchange: Exchange): string {
  const { authority, path, query } = exchange;
  const host = authority || localHost(exchange);
  return `http://${host}${path.startsWith("/") ? path : "/" + path}${query === "" ? "" : "?" + query}`;
}

/** For a client that does not say which host it means: the address that it connected to. */
function localHost(exchange: Exchange): string {
  const { hostname, port } = exchange.connection.local;
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/**
 * Whether a text is a URL beyond doubt, which saves parsing it: a host name that no parser takes for a number or for
 * Punycode, or an IPv4 address of four small numbers; a port; and an ordinary path. Others may be URLs too.
 */
export function isCertainUrl(text: string): boolean {
  return CERTAIN_URL.test(text);
}

const LABEL = "(?!xn--)[a-z0-9-]{1,63}\\.";
const LAST_LABEL = "(?!xn--)[a-z][a-z0-9-]{0,62}";
const OCTET = "(?:\\d|[1-9]\\d|1\\d\\d)";
const PORT = "(?::(?:\\d{1,4}|[1-5]\\d{4}))?";
const CERTAIN_URL = new RegExp(
  `^http://(?:(?:${LABEL}){0,3}${LAST_LABEL}|(?:${OCTET}\\.){3}${OCTET})${PORT}/[\\w!$&'()*+,\\-./:;=@~?%]*$`,
);
