/** Access logs of a configuration: reading one, and working out which requests go to which. */

import { readFormat } from "../logs/format.ts";
import type { AccessLogRules, AccessLogSpec, MessageRules, SiteLogs } from "../logs/rules.ts";
import type { Backend, Config, Listener, Site } from "./config.ts";
import type { Resolve } from "./path.ts";
import { hasControls, quote, type Reading } from "./reading.ts";

/** The format where none is said. */
export const DEFAULT_FORMAT = "combined";

/**
 * Reads where lines go.
 *
 * @param text a path, `-`, or a program and its arguments behind `|`
 * @param resolve makes paths absolute
 */
export function readLogTarget(text: string, resolve: Resolve): Reading<string> {
  if (text === "-") return { value: text };
  if (text === "" || hasControls(text)) {
    return { fault: `Cannot log to ${quote(text)}; write a file, "-" for standard output, or "|program"` };
  }
  if (!text.startsWith("|")) return { value: resolve(text) };
  // httpd: `||` is the same, and `|$` runs a shell.
  const command = text.replace(/^\|\|?\s*/, "");
  if (command.replace(/^\$\s*/, "") === "") {
    return { fault: `Cannot log to ${quote(text)}; write a program behind the |` };
  }
  return { value: `|${command}` };
}

/** Reads the format of lines. */
export function readLogFormat(text: string): Reading<string> {
  const reading = readFormat(text);
  return "fault" in reading ? reading : { value: text };
}

/** What people should know of a format: that it asks for what gets only a dash. Nothing for one that cannot be read. */
export function dashesInFormat(text: string): string | undefined {
  const reading = readFormat(text);
  if ("fault" in reading || reading.value.missing.length === 0) return undefined;
  return `lines have a dash for ${reading.value.missing.join(" and ")}`;
}

/**
 * The rules by which a process writes lines.
 *
 * @param backend writes lines for the sites that lead to it; unless given, all sites
 * @returns undefined where nobody logs anything
 */
export function accessLogRules(config: Config, backend?: Backend): AccessLogRules | undefined {
  const logs: AccessLogSpec[] = [];
  const indexOf = (spec: AccessLogSpec) => {
    const found = logs.findIndex((known) => JSON.stringify(known) === JSON.stringify(spec));
    return found >= 0 ? found : logs.push(spec) - 1;
  };
  const otherwise = (config.accessLogs ?? []).map(indexOf);
  const sites: SiteLogs[] = [];
  for (const { listener, site } of sitesOf(config)) {
    if (site.accessLogs === undefined || backend !== undefined && !leadsTo(site, backend)) continue;
    const name = site.names[0] ?? "";
    const own = site.accessLogs.map(indexOf);
    const others = sites.filter((entry) => entry.site === name);
    if (others.some((entry) => same(entry.logs, own))) continue;
    sites.push({ site: name, logs: own, ...listener.port === 0 ? {} : { port: listener.port } });
  }
  if (logs.length === 0) return undefined;
  // Only where a name has several logs does it matter where its clients have connected to.
  const unique = ({ site }: SiteLogs) => sites.filter((entry) => entry.site === site).length === 1;
  return {
    logs,
    otherwise,
    sites: sites.map((entry) => unique(entry) ? { site: entry.site, logs: entry.logs } : entry),
  };
}

/** What sites say of the messages about them, and what holds for the others, first. */
export function messagesOf(config: Config): (MessageRules & { readonly site?: string })[] {
  return [
    config.messages ?? {},
    ...[...sitesOf(config)].flatMap(({ site }) =>
      site.messages === undefined ? [] : [{ ...site.messages, site: site.names[0] ?? "" }]
    ),
  ];
}

function* sitesOf({ listeners }: Config): Generator<{ readonly listener: Listener; readonly site: Site }> {
  for (const listener of listeners) for (const site of listener.sites) yield { listener, site };
}

function leadsTo({ routes }: Site, { name }: Backend): boolean {
  return routes.some(({ backends }) => backends.includes(name));
}

function same(some: readonly number[], others: readonly number[]): boolean {
  return some.length === others.length && some.every((index, at) => index === others[at]);
}
