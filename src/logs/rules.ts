/** Which logs get a line of a request, and where messages go. Plain data: it goes to other processes and threads. */

/** One log. */
export interface AccessLogSpec {
  /** An absolute path; `-` for standard output; or a program and its arguments behind `|`, whose standard input it is. */
  readonly to: string;
  /** `common`, `combined`, `json`, or an Apache `LogFormat`. */
  readonly format: string;
  /** The share of requests that get a line, above 0; 1 unless given. Those that fail (5xx) always get one. */
  readonly sample?: number;
  /** Only requests for which a variable of the rules is set, or is not. */
  readonly variable?: { readonly name: string; readonly isSet: boolean };
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
export interface SiteLogs {
  /** Its first name; empty for a site without names. */
  readonly site: string;
  /** Where another site of the same name has other logs, the port that clients have connected to. */
  readonly port?: number;
  readonly logs: readonly number[];
}

/** The logs of a site that was reached at a port. */
export function logsOf(rules: AccessLogRules, site: string, port: number): readonly number[] {
  return rules.sites.find((entry) => entry.site === site && (entry.port ?? port) === port)?.logs ??
    rules.otherwise;
}
