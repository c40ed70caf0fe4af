/** Which logs get a line of a request, and where messages go. Plain data: it goes to other processes and threads. */

import type { Condition } from "../rules/expression.ts";

/** What stands for standard output and standard error instead of a path. */
export const STANDARD_OUTPUT = "-";
export const STANDARD_ERROR = "stderr";

/** One log. */
export interface AccessLogSpec {
  /** An absolute path; `-` for standard output, `stderr` for standard error; or a program and its arguments behind `|`, whose standard input it is. */
  readonly to: string;
  /** `common`, `combined`, `json`, or an Apache `LogFormat`. */
  readonly format: string;
  /** The share of requests that get a line, above 0; 1 unless given. Those that fail (5xx) always get one. */
  readonly sample?: number;
  /** Only requests for which a variable of the rules is set, or is not. */
  readonly variable?: { readonly name: string; readonly isSet: boolean };
  /** Only requests that fit it, when they have been answered. */
  readonly condition?: Condition;
}

/** Levels of messages, the most talkative first. */
export const MESSAGE_LEVELS = ["debug", "info", "warning", "error", "fatal"] as const;

/** One of them. */
export type MessageLevel = typeof MESSAGE_LEVELS[number];

/** Where messages to people go, and which. */
export interface MessageRules {
  /** As in {@linkcode AccessLogSpec}; standard error unless given. */
  readonly to?: string;
  /** The least important that is written. */
  readonly level?: MessageLevel;
}

/** Those about a site that says something of its own. */
export interface SiteMessages extends MessageRules, AboutSite {}

/** A site, by what lines about it are found by. */
export interface AboutSite {
  /** Its first name; empty for a site without names. */
  readonly site: string;
  /** The port that clients have connected to; where a rule has none, it is for all of them. */
  readonly port?: number;
}

/** Where the messages of a process go. */
export interface ProcessMessages {
  /** Those that are about no site, or about one that says nothing. */
  readonly main: MessageRules;
  /** The first that fits counts. */
  readonly sites: readonly SiteMessages[];
  /** The one site that leads to this process, where there is but one: what serves here speaks of that. */
  readonly only?: AboutSite;
}

/** What is said of logs for everything, or for a site: then that counts. */
export interface LogWishes {
  /** Where requests get a line; no log at all: nowhere. */
  readonly accessLogs?: readonly AccessLogSpec[];
  readonly messages?: MessageRules;
}

/** The logs of a configuration, and what goes to which. */
export interface AccessLogRules {
  readonly logs: readonly AccessLogSpec[];
  /** Of requests whose site has none of its own, or is not known: indexes of {@linkcode logs}. */
  readonly otherwise: readonly number[];
  /** Of sites that have their own. The first that fits counts. */
  readonly sites: readonly SiteLogs[];
}

/** The logs of one site. */
export interface SiteLogs extends AboutSite {
  readonly logs: readonly number[];
}

/** The logs of a site that was reached at a port. */
export function logsOf(rules: AccessLogRules, site: string, port: number): readonly number[] {
  return ruleOf(rules.sites, site, port)?.logs ?? rules.otherwise;
}

/** What is said of a site that was reached at a port. */
export function ruleOf<Rule extends AboutSite>(
  rules: readonly Rule[],
  site: string,
  port: number | undefined,
): Rule | undefined {
  return rules.find((rule) => rule.site === site && (rule.port ?? port) === port);
}
