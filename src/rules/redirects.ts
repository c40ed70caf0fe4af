/** Redirects (mod_alias): by path, by expression, or for all of a section. */

import { bytesOf, escapeUri, oneLine } from "./bytes.ts";
import { fill, groupsOf, patternOf } from "./expression.ts";
import type { Redirect } from "./model.ts";
import type { RequestState } from "./request.ts";
import { ownUrl } from "./rewriting.ts";

/** Where a request is sent, or what it is answered with. */
export interface Redirection {
  readonly status: number;
  /** Absent where the status leads nowhere. */
  readonly location?: string;
}

/** The first redirect that takes a request. */
export function redirect(redirects: readonly Redirect[], state: RequestState): Redirection | undefined {
  for (const one of redirects) {
    const target = targetOf(one, state);
    if (target === undefined) continue;
    if (target === "" || one.status < 300 || one.status >= 400) return { status: one.status };
    const location = target.startsWith("/") ? ownUrl(state, target) : target;
    return { status: one.status, location: oneLine(location).replaceAll(" ", "%20") };
  }
  return undefined;
}

/** What a redirect makes of a request; empty where it leads nowhere, undefined where it is about others. */
function targetOf({ path, pattern, to, template }: Redirect, state: RequestState): string | undefined {
  if (template !== undefined) {
    const below = path === undefined ? state.path.slice(1) : behind(path, state.path)?.replace(/^\//, "");
    const filled = fill(template, { state, groups: ["", escapeUri(below ?? "")] });
    return withQuery(filled, state);
  }
  if (pattern !== undefined) {
    const found = patternOf(pattern).exec(state.path);
    if (found === undefined) return undefined;
    if (to === undefined) return "";
    const groups = groupsOf(state.path, found);
    const filled = bytesOf(to).replace(
      /\\([$\\])|\$(\d)/g,
      (_, plain, digit) => plain ?? groups[Number(digit)] ?? "",
    );
    return withQuery(escapeParts(filled), state);
  }
  const rest = path === undefined ? "" : behind(path, state.path);
  if (rest === undefined) return undefined;
  return to === undefined ? "" : withQuery(bytesOf(to) + escapeUri(rest), state);
}

/** What follows a path in another one, which has to be below it in whole segments. */
export function behind(prefix: string, path: string): string | undefined {
  const bytes = bytesOf(prefix);
  if (!path.startsWith(bytes)) return undefined;
  const rest = path.slice(bytes.length);
  return rest === "" || bytes.endsWith("/") || rest.startsWith("/") ? rest : undefined;
}

function withQuery(url: string, { view: { query } }: RequestState): string {
  return query === undefined || query === "" || url.includes("?") ? url : `${url}?${query}`;
}

/** Encodes the path of what an expression has made; a query and a fragment stay. */
function escapeParts(url: string): string {
  const [, start = "", path = "", rest = ""] = /^([a-z][a-z0-9+.-]*:\/\/[^/?#]*)?([^?#]*)([^]*)$/i.exec(url)!;
  return start + escapeUri(path) + rest;
}
