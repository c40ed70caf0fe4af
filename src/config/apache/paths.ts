/** The paths of ProxyPass and Location: httpd compares them with the decoded paths of requests. */

import { readRoutePath } from "../path.ts";
import type { Reading } from "../reading.ts";

/**
 * Brings such a path into the spelling of routes. A percent sign in it is one, and encodes nothing. A question mark would
 * be one as well, in the path of a file; whoever writes it means a query.
 */
export function readDecodedPath(text: string): Reading<string> {
  return readRoutePath(
    text.toWellFormed().replace(/[^!#$&-;=?-[\]_a-z~/\u0080-\uffff]/g, encodeURIComponent),
  );
}

/** Whether a path looks as if it were meant to be decoded: httpd never finds it in a request. */
export function looksEncoded(text: string): boolean {
  return /%[0-9a-f]{2}/i.test(text);
}

/** Whether the first prefix takes all that the second one would: in whole segments, as routes are compared. */
export function coversPath(prefix: string, other: string): boolean {
  return other === prefix || other.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}

/** Whether the URL of a `<Proxy>` stands for a server's: `*` for all, what ends with one for all that begin so. */
export function standsFor(pattern: string, url: string): boolean {
  return pattern.endsWith("*")
    ? url.startsWith(pattern.slice(0, -1).replace(/\/$/, ""))
    : url.startsWith(pattern.replace(/\/$/, ""));
}
