/** ProxyPass and ProxyPassMatch as they stand in a file: which paths, and where to. routes.ts makes routes of them. */

import { quote } from "../reading.ts";
import { groupsOf, readExpression } from "./expressions.ts";
import type { Faults } from "./faults.ts";
import { type Parameters, readParameters } from "./parameters.ts";
import { looksEncoded, readDecodedPath } from "./paths.ts";
import type { Settings } from "./settings.ts";
import { readTarget, type Target } from "./targets.ts";
import type { Directive } from "./tree.ts";

/** The location that something stands in. */
export interface Place {
  readonly path: string;
  /** Whether the path is an expression. */
  readonly expression: boolean;
  readonly settings: Settings;
  readonly spot: Directive;
}

/** Files. */
export interface FileTarget {
  /** Their whole name up to what follows the path; with an expression what is made of its groups. */
  readonly name: string;
  /** Whether they are programs. */
  readonly script: boolean;
}

/** One of them. */
export interface Pass {
  readonly spot: Directive;
  /** A prefix in the spelling of routes, or an expression. */
  readonly path: string;
  readonly expression: boolean;
  /** undefined for `!`, and for files: nobody is asked. */
  readonly target: Target | undefined;
  readonly parameters: Parameters;
  /** The target as written, without a slash at its end. */
  readonly url: string;
  /** Files that it leads to, where it has no target. */
  readonly files?: FileTarget;
  /** What the location around it says. */
  readonly settings: Settings;
}

/**
 * Reads one.
 *
 * @param place the location that it stands in
 * @returns nothing if it is faulty
 */
export function readPass(directive: Directive, place: Place | undefined, faults: Faults): Pass | undefined {
  const expression = directive.name.toLowerCase() === "proxypassmatch";
  const words = [...directive.args];
  const text = place === undefined ? words.shift()! : place.path;
  const url = words.shift();
  if (url === undefined || place !== undefined && (url.startsWith("/") || url.startsWith("^"))) {
    const advice = place === undefined
      ? "write both"
      : `write the URL alone, since the path is that of the <${place.spot.name}>`;
    faults.add(directive, `Takes ${place === undefined ? "a path and a URL" : "a URL"}; ${advice}`);
    return undefined;
  }
  if (!expression && place?.expression) {
    // httpd takes the expression for a prefix, and never finds it.
    faults.warn(directive, `takes no request in <${place.spot.name}>; write ProxyPassMatch in it`);
    return undefined;
  }
  if (!expression && place !== undefined && /[*?[]/.test(text)) {
    faults.add(
      directive,
      `Cannot use the pattern ${quote(text)} of the <Location>; write <LocationMatch> and ProxyPassMatch`,
    );
    return undefined;
  }
  const path = faults.take(expression ? readExpression(text) : readDecodedPath(text), directive);
  if (!expression && looksEncoded(text)) {
    faults.warn(
      directive,
      `${
        quote(text)
      } is compared with decoded paths, so it hardly ever matches; write the characters themselves`,
    );
  }
  const parameters = readParameters(words, {
    fault: (message) => faults.add(directive, message),
    withoutEffect: (what, sort) => faults.notDone(directive, `${directive.name} ${what}`, sort),
  });
  const settings = place?.settings ?? {};
  if (url === "!") return path === undefined ? undefined : pass(undefined);
  const target = faults.take(readTarget(url), directive);
  if (path === undefined || target === undefined) return undefined;
  if (target.kind !== "balancer") {
    for (const name of parameters.said) faults.notDone(directive, `${directive.name} ${name}=`);
  }
  if (expression && !fits(directive, path, url, target, faults)) return undefined;
  return pass(target);

  function pass(target: Target | undefined): Pass {
    return {
      spot: directive,
      path: path!,
      expression,
      target,
      parameters,
      url: url!.replace(/\/$/, ""),
      settings,
    };
  }
}

/** Whether a target asks an expression for what it has. */
function fits(directive: Directive, source: string, url: string, target: Target, faults: Faults): boolean {
  if (target.kind === "socket" && /\$\d/.test(target.path)) {
    const groups = groupsOf(source);
    // httpd puts the path behind the socket's name unless something is written there; `$2` without a group is nothing.
    const asked = [...target.path.matchAll(/\$(\d)/g)].some(([, digit]) => Number(digit) <= groups);
    if (!asked) return true;
    faults.add(
      directive,
      `Cannot choose a socket by the path, as in ${quote(url)}; write its path without $0 to $${groups}`,
    );
    return false;
  }
  return true;
}
