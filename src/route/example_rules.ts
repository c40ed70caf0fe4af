/** What rules make of a request for a URL: for people who ask `fdpass check --route URL`. Not for the data plane. */

import type { Site } from "../config/config.ts";
import { fileIn } from "../rules/file_names.ts";
import { readAddress } from "../rules/networks.ts";
import type { Files, RequestView } from "../rules/request.ts";
import { SiteJudge, spelt } from "../rules/site.ts";

/** Nothing is there: what files there will be is not known yet. */
const NO_FILES: Files = { is: () => false };
/** Somebody far away: of the addresses for documentation (RFC 5737). */
const CLIENT = readAddress("192.0.2.1")!;

/** What comes of it. */
export type RuledExample =
  /** As if there were no rules, but for another path. */
  | { readonly kind: "route"; readonly path?: string }
  | { readonly kind: "target"; readonly target: number; readonly path: string }
  /** A sentence without its period. */
  | { readonly kind: "answer"; readonly reason: string };

/**
 * Decides about a GET without further fields, of a client at 192.0.2.1.
 *
 * @param path in its normal form
 * @param routeOf the place of the route that takes a path among those of the site, and whether somebody serves it
 */
export function ruledExample(
  site: Site,
  host: string,
  path: string,
  query: string | undefined,
  routeOf: (path: string) => {
    readonly index: number | undefined;
    readonly serves: boolean;
    readonly mapped?: string;
  },
): RuledExample {
  const judge = new SiteJudge(site.rules!, NO_FILES);
  const view: RequestView = {
    method: "GET",
    target: query === undefined ? path : `${path}?${query}`,
    minor: 1,
    path,
    query,
    host,
    client: CLIENT,
    clientPort: 1024,
    local: readAddress("127.0.0.1")!,
    localPort: 80,
    https: false,
    now: 0,
    field: (name) => name === "host" ? host : undefined,
    tls: () => undefined,
    fields: () => [["Host", host]],
  };
  const way = judge.way(view);
  if (way.kind === "answer") return answered(way.answer.status, way.answer.why, way.answer.fields);
  const rewritten = way.kind === "routes" && way.path !== undefined ? spelt(way.path) : path;
  const { index, serves, mapped } = way.kind === "routes"
    ? routeOf(rewritten)
    : { index: undefined, serves: false };
  const isFile = index !== undefined && site.rules!.files?.routes.includes(index) === true;
  const unknown = { user: () => undefined, names: () => [] };
  const decision = judge.decide(
    way,
    index,
    serves,
    unknown,
    isFile && mapped !== undefined ? fileIn(mapped) : undefined,
  );
  if (decision.kind === "again") return { kind: "answer", reason: "It depends on which files are there" };
  if (decision.kind === "ask") return { kind: "answer", reason: "It depends on who asks" };
  // It is the routes that lead nowhere, not a rule: they say it themselves.
  const astray = way.kind === "routes" && !serves && decision.kind === "answer" &&
    decision.answer.status === 404;
  if (decision.kind === "answer" && !astray) {
    return answered(decision.answer.status, decision.answer.why, decision.answer.fields);
  }
  if (decision.kind === "go" && decision.targetIndex !== undefined) {
    return { kind: "target", target: decision.targetIndex, path: decision.target! };
  }
  return rewritten === path ? { kind: "route" } : { kind: "route", path: rewritten };
}

function answered(
  status: number,
  why: string,
  fields: readonly (readonly [name: string, value: string])[],
): RuledExample {
  const location = fields.find(([name]) => name === "Location")?.[1];
  return {
    kind: "answer",
    reason: `The front answers ${status}${location === undefined ? `: ${why}` : ` to ${location}`}`,
  };
}
