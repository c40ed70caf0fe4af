/** A configuration as people read it: what `fdpass check` prints. */

import { formatAddress } from "./address.ts";
import type { Backend, BackendKind, Config, Listener, Relay, Route, Site, Static } from "./config.ts";
import type { Trust } from "../trust/trust.ts";
import type { Balancing } from "./balancing.ts";
import { formatDuration } from "./quantity.ts";
import { quote } from "./reading.ts";
import { sectionsByRoute } from "../rules/sections.ts";

/**
 * Describes a configuration: its listeners, then each site with its routes and the backends they lead to.
 *
 * @param config The configuration.
 * @returns Lines of text without colours, the last one ended.
 */
export function describe(config: Config): string {
  const lines = [
    "Listeners",
    ...columns(config.listeners.map((listener) => describeListener(listener, config))),
  ];
  const sites = sitesOf(config);
  for (const [site, listeners] of sites) {
    const where = listeners.length === config.listeners.length
      ? ""
      : ` on ${listeners.map(formatAddress).join(", ")}`;
    lines.push("", titleOf(site, listeners) + where, ...describeRoutes(site, config));
  }
  const used = new Set([
    ...[...sites.keys()].flatMap(({ routes, targets = [] }) =>
      [...routes, ...targets].flatMap(({ backends }) => backends)
    ),
    ...config.listeners.flatMap(({ tls }) => tls?.backend ?? []),
  ]);
  const unused = config.backends.filter(({ name }) => !used.has(name));
  if (unused.length > 0) {
    lines.push("", "Backends without a route", ...columns(unused.map(describeBackend)));
  }
  return lines.join("\n") + "\n";
}

/** Sites that answer on several listeners are one object, and are described once. */
export function sitesOf(config: Config): Map<Site, Listener[]> {
  const sites = new Map<Site, Listener[]>();
  for (const listener of config.listeners) {
    for (const site of listener.sites) {
      const listeners = sites.get(site);
      if (listeners) listeners.push(listener);
      else sites.set(site, [listener]);
    }
  }
  return sites;
}

/** Whose words count about who asks. */
function describeTrust({ proxies, publicProxies = [] }: Trust = { proxies: [] }): string {
  const all = [...proxies, ...publicProxies];
  if (all.length === 0) return "nobody in front is trusted";
  return `trusts ${all.length > 3 ? count(all.length, "network") : all.join(", ")}`;
}

function describeListener(listener: Listener, config: Config): string[] {
  const { host, port, sites } = listener;
  const notes = [count(sites.length, "site")];
  // What is passed on is passed on by name alone.
  const first = sites.find(({ tls }) => tls !== "pass")?.names[0];
  // A site without names says in its own heading that it takes the other hosts.
  if (first !== undefined && sites.every(({ names }) => names.length > 0)) {
    notes.push(`other hosts get ${first}`);
  }
  if (host === "::") notes.push("IPv4 and IPv6");
  if (listener.tls !== undefined) notes.push(`TLS by ${listener.tls.backend}`);
  if (listener.proxyProtocol !== undefined) notes.push("PROXY protocol");
  if (listener.trust !== undefined) notes.push(describeTrust(config.trust?.[listener.trust - 1]));
  if (listener.scheme !== undefined) notes.push("their clients speak TLS");
  if (port === 0) notes.push("the kernel chooses the port");
  return [formatAddress(listener), notes.join(", ")];
}

function titleOf({ names }: Site, listeners: readonly Listener[]): string {
  if (names.length > 0) return `Site ${names.join(", ")}`;
  return listeners.some(({ sites }) => sites.length > 1)
    ? "Site for every other host"
    : "Site for every host";
}

function describeRoutes(site: Site, config: Config): string[] {
  const known = new Map(config.backends.map((backend) => [backend.name, backend]));
  const rows = site.routes.flatMap((route, place) => {
    const { backends, mapTo, sticky, keepAlive } = route;
    const around = describeRules(site, place);
    if (backends.length === 0) {
      const [to] = around.filter((note) => /^\d{3} /.test(note));
      return [[describePaths(route), ...to === undefined ? ["404", "", "nobody serves it"] : ["", "", to]]];
    }
    return backends.map((name, index) => {
      const backend = known.get(name);
      const notes = [
        mapTo && (backend?.runs?.kind === "documents" ? filesNote(mapTo) : `mapped to ${mapTo}`),
        sticky && "sticky",
        keepAlive && `keep-alive: ${keepAlive}`,
        ...around,
      ].filter(Boolean);
      const paths = describePaths(route) + (notes.length > 0 ? ` (${notes.join(", ")})` : "");
      return [index === 0 ? paths : "", ...(backend ? describeBackend(backend) : [name])];
    });
  });
  const targets = (site.targets ?? []).flatMap(({ backends }) =>
    backends.map((name) => {
      const backend = known.get(name);
      return ["by rewriting", ...(backend ? describeBackend(backend) : [name])];
    })
  );
  return [...columns([...rows, ...targets]), ...describeAround(site)];
}

/** What stands around all routes of a site, a line each sort. */
function describeAround({ rules }: Site): string[] {
  if (rules === undefined) return [];
  const { rewriting, redirects = [], sections } = rules;
  const places = (key: "access" | "redirects" | "rewriting" | "requestFields" | "responseFields") =>
    sections.filter((section) => section[key] !== undefined && section.place?.routes === undefined).map((
      { place },
    ) =>
      place?.path ??
        (place?.pattern === undefined
          ? place?.condition === undefined ? "/" : "a condition"
          : `~ ${quote(place.pattern)}`)
    );
  const lines: [string, readonly string[]][] = [
    ["access control", places("access")],
    ["rewriting", [
      ...rewriting === undefined ? [] : [count(rewriting.rules.length, "rule")],
      ...places("rewriting"),
    ]],
    ["redirects", [
      ...redirects.map(({ path, pattern }) => path ?? `~ ${quote(pattern ?? "")}`),
      ...places("redirects"),
    ]],
    ["request fields", places("requestFields")],
    ["response fields", places("responseFields")],
  ];
  return lines.filter(([, where]) => where.length > 0).map(([what, where]) =>
    `  ${what}: ${[...new Set(where)].join(", ")}`
  );
}

/** What stands around one route alone. */
function describeRules({ rules }: Site, index: number): string[] {
  if (rules === undefined) return [];
  return sectionsByRoute(rules).naming(index).flatMap((section) => [
    ...(section.redirects ?? []).map(({ status, to }) => `${status} ${to ?? ""}`.trim()),
    ...section.access === undefined ? [] : ["not for everybody"],
    ...section.requestFields === undefined ? [] : ["changes request fields"],
    ...section.responseFields === undefined ? [] : ["changes response fields"],
  ]);
}

/**
 * Says in a word or two which paths a route takes.
 *
 * @param route The route.
 * @returns Its prefix, or its expression behind a tilde.
 */
export function describePaths({ path, match }: Route): string {
  return match === undefined ? path : `~ ${quote(match)}`;
}

function describeBackend({ name, socket, runs, workers, weight = 1, flusher }: Backend): string[] {
  const notes = [
    runs ? `${runs.kind} ${subjectOf(runs)}` : "started by somebody else",
  ];
  if (workers > 1) notes.push(count(workers, "worker"));
  if (weight > 1) notes.push(`weight ${weight}`);
  if (flusher !== undefined) notes.push(`flusher ${flusher}`);
  return [name, socket, notes.join(", ")];
}

/** Where files of a route are: behind the number of their host. */
function filesNote(mapTo: string): string {
  return `files of ${mapTo.replace(/^\/\d+/, "")}`;
}

function subjectOf(runs: BackendKind): string {
  switch (runs.kind) {
    case "fetch":
      return runs.module;
    case "static":
      return [runs.directory, ...staticNotes(runs)].join(", ");
    case "exec": {
      if (runs.command.length === 0) return "files of the site by CGI";
      const command = runs.command.map((word) => /^[\w./:=@%+,-]+$/.test(word) ? word : JSON.stringify(word))
        .join(" ");
      return runs.cgi ? `${command} by CGI` : command;
    }
    case "relay":
      return (runs.balancing === undefined ? runs.upstream : balancingText(runs.balancing)) + termsOf(runs);
    case "documents":
      return "by their names";
    case "fastcgi":
      return `${runs.upstream}, scripts in ${runs.root || "the file system"}`;
    case "tls":
      return "handshakes";
  }
}

/** Servers, each with what sets it apart, and what holds for all of them. */
function balancingText({ members, method, sticky, failOnStatus }: Balancing): string {
  const servers = members.map((member) => {
    const { upstream, weight = 1, route, set = 0, role, disabled, draining, check } = member;
    const notes = [
      ...weight === 1 ? [] : [`weight ${weight}`],
      ...route === undefined ? [] : [`route ${route}`],
      ...set === 0 ? [] : [`set ${set}`],
      ...role === undefined ? [] : [role],
      ...disabled ? ["disabled"] : draining ? ["draining"] : [],
      ...check === undefined ? [] : [`checked every ${formatDuration(check.interval)}`],
    ];
    return notes.length === 0 ? upstream : `${upstream} (${notes.join(", ")})`;
  });
  return [
    servers.join(" | "),
    ...method === undefined ? [] : [`by ${method}`],
    ...sticky === undefined ? [] : [`sessions by ${sticky.cookie}`],
    ...failOnStatus === undefined ? [] : [`failed by ${failOnStatus.join(" ")}`],
  ].join(", ");
}

function termsOf({ preserveHost, plain, maxUpstream }: Relay): string {
  const terms = [
    ...plain === undefined ? [] : [plain === "bare" ? "unchanged" : `with a PROXY header ${plain}`],
    ...preserveHost ? ["with the client's Host"] : [],
    ...maxUpstream === undefined ? [] : [`${count(maxUpstream, "connection")} at most`],
  ];
  return terms.map((term) => ` ${term}`).join(",");
}

function staticNotes({ precompressed, symlinks, spa, maxAge, fileCache }: Static): string[] {
  return [
    ...precompressed ? ["precompressed"] : [],
    ...symlinks === undefined ? [] : [`symlinks ${symlinks}`],
    ...spa ? ["spa"] : [],
    ...maxAge === undefined ? [] : [`max-age ${maxAge}`],
    ...fileCache === undefined ? [] : [fileCache === false ? "no file cache" : `file cache ${fileCache} s`],
  ];
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** Indents rows and aligns their columns, without spaces at line ends. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => widths[index] = Math.max(widths[index] ?? 0, cell.length));
  }
  return rows.map((row) => {
    const cells = row.map((cell, index) => cell.padEnd(widths[index] ?? 0));
    return `  ${cells.join("  ")}`.trimEnd();
  });
}
