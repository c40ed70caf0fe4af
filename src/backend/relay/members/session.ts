/** Which member a request's session belongs to, by its own account: a cookie, or a parameter of its target. */

import type { Sticky } from "../../../config/balancing.ts";
import type { HeaderField } from "../../../http/hop_by_hop.ts";
import type { Exchange } from "../../http/exchange.ts";
import type { Choice } from "./choice.ts";

/**
 * The route that a request names, as mod_proxy_balancer finds it: a parameter of the path or query first, then the cookie;
 * of its value what follows the first separator.
 *
 * @param target path and query, as the client sent them
 * @returns undefined where the request names none
 */
export function sessionRoute(
  { cookie, parameter = cookie, separator = ".", semicolonEnds = false }: Sticky,
  target: string,
  fields: readonly HeaderField[],
): string | undefined {
  const value = parameterOf(target, parameter, semicolonEnds) ?? cookieOf(fields, cookie);
  if (value === undefined) return undefined;
  const at = separator === "" ? -1 : value.indexOf(separator);
  if (separator !== "" && at < 0) return undefined;
  const route = value.slice(at + 1);
  return route === "" ? undefined : route;
}

/** The value behind `name=`, wherever it stands: httpd asks for no separator before it. */
function parameterOf(target: string, name: string, semicolonEnds: boolean): string | undefined {
  const start = `${name}=`;
  const at = target.indexOf(start);
  if (at < 0) return undefined;
  let end = at + start.length;
  for (; end < target.length; end++) {
    const character = target[end]!;
    if (character === "?" || character === "&" || semicolonEnds && character === ";") break;
  }
  const value = target.slice(at + start.length, end);
  return value === "" ? undefined : value;
}

/** The value of the first cookie of a name. Cookies are told apart by semicolons, and by commas as in older times. */
function cookieOf(fields: readonly HeaderField[], name: string): string | undefined {
  for (const [field, text] of fields) {
    if (field.toLowerCase() !== "cookie") continue;
    const pairs = text.split(/[;,]/);
    for (const [index, pair] of pairs.entries()) {
      const equals = pair.indexOf("=");
      if (equals < 0 || pair.slice(0, equals).trim() !== name) continue;
      const value = pair.slice(equals + 1).trim();
      // One without a value counts where something follows, as in httpd.
      if (value !== "" || index < pairs.length - 1) return value;
    }
  }
  return undefined;
}

/** The variables that mod_proxy_balancer sets, for rules about fields of the response. */
export function environmentOf(
  { member: { terms, upstream }, changed }: Choice,
  sticky: Sticky | undefined,
  route: string | undefined,
): Readonly<Record<string, string>> {
  return {
    BALANCER_WORKER_NAME: `${upstream.tls ? "https" : "http"}://${upstream.authority}${upstream.base}`,
    BALANCER_WORKER_ROUTE: terms.route ?? "",
    ...changed ? { BALANCER_ROUTE_CHANGED: "1" } : {},
    ...sticky === undefined || route === undefined
      ? {}
      : { BALANCER_SESSION_STICKY: sticky.cookie, BALANCER_SESSION_ROUTE: route },
  };
}

/** What Set-Cookie says to a client that is to come to the same member again; nothing where it would anyway. */
export function cookieFor(
  { member: { terms }, changed }: Choice,
  sticky: Sticky | undefined,
  { scheme }: Exchange,
): string | undefined {
  if (!sticky?.insert || !changed || terms.route === undefined) return undefined;
  const secure = scheme === "https" ? "; Secure" : "";
  return `${sticky.cookie}=${sticky.separator ?? "."}${terms.route}; Path=/; HttpOnly${secure}`;
}
