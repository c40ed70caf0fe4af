/** `ProxyPass` and what goes with it, on a server or in a location. */

import type { CookieRule } from "../config.ts";
import type { Reading } from "../reading.ts";
import { readCookieDomain, readCookiePath, readReverseRule } from "../relay_rules.ts";
import type { Faults } from "./faults.ts";
import { type Place, readPass } from "./passes.ts";
import type { Server } from "./server.ts";
import type { Directive } from "./tree.ts";

/**
 * Takes one of these directives in; others are left alone.
 *
 * @param location the one that it stands in: the path is that of the location
 */
export function readProxying(
  directive: Directive,
  server: Server,
  location: Place | undefined,
  faults: Faults,
): void {
  switch (directive.name.toLowerCase()) {
    case "proxypass":
    case "proxypassmatch": {
      const pass = readPass(withExpression(directive), location, faults);
      if (pass !== undefined) (location === undefined ? server.passes : server.locations).push(pass);
      return;
    }
    case "proxypassreverse":
      return readReverse(directive, server, location, faults);
    case "proxypassreversecookiedomain":
      return add(server.cookieDomains, readCookieDomain(cookieRule(directive)), directive, faults);
    case "proxypassreversecookiepath":
      return add(server.cookiePaths, readCookiePath(cookieRule(directive)), directive, faults);
  }
}

function readReverse(
  directive: Directive,
  server: Server,
  location: Place | undefined,
  faults: Faults,
): void {
  if (location?.expression) {
    return faults.warn(
      directive,
      `rewrites nothing in <${location.spot.name}>; write it with a path`,
    );
  }
  const words = directive.args.filter((word) => word !== "interpolate");
  const [path, url] = location === undefined ? words : [location.path, words[0]];
  if (path === undefined || url === undefined) {
    return faults.add(directive, "Takes a path and a URL; write both, or put it into a <Location>");
  }
  // Whoever gets the connection itself answers in its own words.
  if (/^fd:/i.test(url)) return faults.notDone(directive, `${directive.name} of fd://`);
  const rule = { path, url: url.replace(/^unix:[^|]*\|/i, "") };
  add(server.reverse, readReverseRule(rule), directive, faults);
}

function add<Rule>(rules: Rule[], reading: Reading<Rule>, directive: Directive, faults: Faults): void {
  const rule = faults.take(reading, directive);
  if (rule !== undefined) rules.push(rule);
}

/** `ProxyPass ~ expression URL` is another way to write ProxyPassMatch. */
function withExpression(directive: Directive): Directive {
  if (directive.args[0] !== "~" || directive.name.toLowerCase() !== "proxypass") return directive;
  return { ...directive, name: "ProxyPassMatch", args: directive.args.slice(1) };
}

function cookieRule({ args }: Directive): CookieRule {
  return { from: args[0]!, to: args[1]! };
}
