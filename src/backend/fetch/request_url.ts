/** The URL of a request, for its `Request`. */

import type { Exchange } from "../http/exchange.ts";
import { toldHost, toldPath } from "../http/told.ts";

/** The URL of a request (RFC 9112, 3.3): its host and path are those that the request was routed by. */
export function requestUrl(exchange: Exchange): string {
  const { path, query } = exchange;
  return `${exchange.scheme}://${toldHost(exchange)}${toldPath(path)}${query === "" ? "" : "?" + query}`;
}

/**
 * Whether a text is a URL beyond doubt, and as the URL standard writes it, which saves parsing it: a host name that no
 * parser takes for a number or for Punycode, or an IPv4 address of four small numbers; a port that has to be said; and an
 * ordinary path without dot segments, which {@linkcode requestUrl} leaves none in. Others may be such URLs too.
 */
export function isCertainUrl(text: string): boolean {
  return CERTAIN_URL.test(text);
}

/** The host that was certain last: most requests are for the one that the last was for. In the beginning there is none. */
let certain: string | undefined;

/** Whether a URL can be made with a host and port beyond doubt, whatever its path and query are. */
export function isCertainHost(text: string): boolean {
  if (text === certain) return true;
  if (!CERTAIN_HOST.test(text)) return false;
  certain = text;
  return true;
}

const LABEL = "(?!xn--)[a-z0-9-]{1,63}\\.";
const LAST_LABEL = "(?!xn--)[a-z][a-z0-9-]{0,62}";
const OCTET = "(?:\\d|[1-9]\\d|1\\d\\d)";
const PORT = "(?::(?!(?:80|443)/)(?:[1-9]\\d{0,3}|[1-5]\\d{4}))?";
const HOST = `(?:(?:${LABEL}){0,3}${LAST_LABEL}|(?:${OCTET}\\.){3}${OCTET})`;
const CERTAIN_URL = new RegExp(`^https?://${HOST}${PORT}/[\\w!$&()*+,\\-./:;=@~?%]*$`);
const CERTAIN_HOST = new RegExp(`^${HOST}(?::(?:[1-9]\\d{0,3}|[1-5]\\d{4}))?$`);
