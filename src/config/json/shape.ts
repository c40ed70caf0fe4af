/** Checks a document against the shape and words what does not fit. */

import { nearestTo } from "../nearest.ts";
import { quote } from "../reading.ts";
import type { Path, Report } from "./report.ts";
import { DOCUMENT_SCHEMA, KNOWN_KEYS } from "./schema.ts";

type Issue = NonNullable<ReturnType<typeof DOCUMENT_SCHEMA.safeParse>["error"]>["issues"][number];
type Owner = keyof typeof KNOWN_KEYS;

const OWNERS = Object.keys(KNOWN_KEYS) as Owner[];

const PLACES: Record<Owner, string> = {
  document: "at the top of the document",
  site: `in an entry of "sites"`,
  route: `in an entry of "routes"`,
  redirect: `in "redirect"`,
  basicAuth: `in "basicAuth"`,
  requestHeaders: `in "requestHeaders"`,
  responseHeaders: `in "responseHeaders"`,
  backend: `in an entry of "backends"`,
  accessLog: `in "accessLog"`,
  listen: `in an entry of "listen"`,
  tls: `in "tls"`,
  upstreamTls: `in "tls" of a relay`,
  admin: `in "admin"`,
  compress: `in "compress"`,
  levels: `in "levels" of "compress"`,
  reverse: `in an entry of "reverse"`,
  cookieDomains: `in an entry of "cookieDomains"`,
  cookiePaths: `in an entry of "cookiePaths"`,
  upstream: `in an entry of "upstream"`,
  session: `in "session"`,
  check: `in "check"`,
};

/**
 * Reports every key that is missing or unknown, and every value of a wrong type or out of its range.
 *
 * @param value The document.
 * @param report Where problems go.
 */
export function checkShape(value: unknown, report: Report): void {
  const result = DOCUMENT_SCHEMA.safeParse(value);
  if (result.success) return;
  const seen = new Set<string>();
  for (const issue of result.error.issues) checkIssue(issue, [], seen, report);
}

function checkIssue(issue: Issue, parent: Path, seen: Set<string>, report: Report): void {
  const path = [...parent, ...issue.path.map((step) => typeof step === "number" ? step : String(step))];
  if (issue.code === "unrecognized_keys") {
    for (const key of issue.keys) report.key([...path, key], unknownKey(key, ownerAt(path)));
    return;
  }
  if (issue.code === "invalid_union") {
    const meant = meantOf(issue.errors);
    if (meant) return meant.forEach((inner) => checkIssue(inner, path, seen, report));
  }
  // A number can be both no integer and out of range; one sentence says all.
  const key = JSON.stringify(path);
  if (seen.has(key)) return;
  seen.add(key);
  report.value(path, issue.message);
}

/** Of the alternatives, the one that got furthest into the value is the one that was meant. */
function meantOf(alternatives: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  return alternatives.find((issues) => issues.some(isWithin));
}

/** Whether something inside the value is wrong, and not the value. An alternative may have alternatives. */
function isWithin(issue: Issue): boolean {
  if (issue.path.length > 0 || issue.code === "unrecognized_keys") return true;
  return issue.code === "invalid_union" && meantOf(issue.errors) !== undefined;
}

function ownerAt(path: Path): Owner {
  if (path[0] === "accessLog" || path[2] === "accessLog") return "accessLog";
  if (path[0] === "listen" || path[0] === "tls" || path[0] === "admin") return path[0];
  if (path[0] === "sites") {
    if (path[2] === "listen" || path[2] === "tls") return path[2];
    const within = OWNERS.find((owner) => owner === path[4]);
    return within ?? (path.length > 2 ? "route" : "site");
  }
  if (path[0] !== "backends") return "document";
  if (path[2] === "tls") return "upstreamTls";
  if (path[2] === "compress" && path[3] === "levels") return "levels";
  return OWNERS.find((owner) => owner === path[2]) ?? "backend";
}

function unknownKey(key: string, owner: Owner): string {
  const elsewhere = OWNERS.find((other) => (KNOWN_KEYS[other] as string[]).includes(key));
  if (elsewhere) return `Unknown key here; write ${quote(key)} ${PLACES[elsewhere]}`;
  const known: readonly string[] = KNOWN_KEYS[owner].filter((name) => name !== "$schema");
  const nearest = nearestTo(key, known);
  if (nearest !== undefined) return `Unknown key; the nearest known key is "${nearest}"`;
  return `Unknown key; the known keys here are ${known.map(quote).join(", ")}`;
}
