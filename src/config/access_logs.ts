/** Access logs of a configuration: reading one, and working out which requests go to which. */

import { readFormat } from "../logs/format.ts";
import {
  type AboutSite,
  type AccessLogRules,
  type AccessLogSpec,
  type ProcessMessages,
  STANDARD_ERROR,
  STANDARD_OUTPUT,
} from "../logs/rules.ts";
import type { Backend, Config, Listener, Site } from "./config.ts";
import type { Resolve } from "./path.ts";
import { hasControls, quote, type Reading } from "./reading.ts";

/** The format where none is said. */
export const DEFAULT_FORMAT = "combined";

/** What containers write to: every process of ours shall mean the same by it. */
const STANDARD: readonly (readonly [path: RegExp, target: string])[] = [
  [/^\/dev\/(?:stdout|fd\/1)$|^\/proc\/self\/fd\/1$/, STANDARD_OUTPUT],
  [/^\/dev\/(?:stderr|fd\/2)$|^\/proc\/self\/fd\/2$/, STANDARD_ERROR],
];

/**
 * Reads where lines go.
 *
 * @param text a path, `-`, or a program and its arguments behind `|`
 * @param resolve makes paths absolute
 */
export function readLogTarget(text: string, resolve: Resolve): Reading<string> {
  if (text === STANDARD_OUTPUT) return { value: text };
  const standard = STANDARD.find(([path]) => path.test(text));
  if (standard !== undefined) return { value: standard[1] };
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
  const indexes = new Map<string, number>();
  const indexOf = (spec: AccessLogSpec) => {
    const key = JSON.stringify(spec);
    const found = indexes.get(key);
    if (found !== undefined) return found;
    indexes.set(key, logs.push(spec) - 1);
    return logs.length - 1;
  };
  const otherwise = (config.accessLogs ?? []).map(indexOf);
  const sites = rulesOfSites(
    config,
    backend,
    ({ accessLogs }) => accessLogs && { logs: accessLogs.map(indexOf) },
  );
  return logs.length === 0 ? undefined : { logs, otherwise, sites };
}

/**
 * The rules by which a process writes messages.
 *
 * @param backend writes them about the sites that lead to it; unless given, all sites
 */
export function messageRules(config: Config, backend?: Backend): ProcessMessages {
  const sites = rulesOfSites(config, backend, ({ messages }) => messages);
  const leading = new Set([...sitesOf(config, backend)].map(({ site }) => site));
  const [only] = leading;
  return {
    main: config.messages ?? {},
    sites,
    ...backend === undefined || leading.size !== 1 ? {} : { only: { site: only!.names[0] ?? "" } },
  };
}

/**
 * What sites say, found by their first names. Only where there are several of a name that do not say the same, it matters
 * where clients have connected to.
 */
function rulesOfSites<Rule extends object>(
  config: Config,
  backend: Backend | undefined,
  ruleOf: (site: Site) => Rule | undefined,
): (Rule & AboutSite)[] {
  const named = new Map<string, { port: number; rule: Rule | undefined; key: string }[]>();
  for (const { listener: { port }, site } of sitesOf(config, backend)) {
    const rule = ruleOf(site);
    const name = site.names[0] ?? "";
    const all = named.get(name) ?? [];
    named.set(name, all);
    all.push({ port, rule, key: JSON.stringify(rule) ?? "" });
  }
  return [...named].flatMap(([site, all]) => {
    const [first] = all;
    if (all.every(({ key }) => key === first!.key)) {
      return first!.rule === undefined ? [] : { site, ...first!.rule };
    }
    return all.flatMap(({ port, rule }) =>
      rule === undefined ? [] : { site, ...rule, ...port === 0 ? {} : { port } }
    );
  });
}

function* sitesOf(
  { listeners }: Config,
  backend: Backend | undefined,
): Generator<{ readonly listener: Listener; readonly site: Site }> {
  for (const listener of listeners) {
    for (const site of listener.sites) {
      if (backend === undefined || leadsTo(site, backend)) yield { listener, site };
    }
  }
}

/** By its routes, or by what rules make of requests. */
function leadsTo({ routes, targets = [] }: Site, { name }: Backend): boolean {
  return [routes, targets].some((some) => some.some(({ backends }) => backends.includes(name)));
}
