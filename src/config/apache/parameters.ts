/** Values of directives and the parameters behind URLs: `timeout=30`. */

import { quote, type Reading } from "../reading.ts";
import { UPGRADE } from "../relay_rules.ts";
import { nearestTo } from "../nearest.ts";
import type { WarningSort } from "../warning.ts";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000 };
/** As long as any time here may be. */
const LONGEST = 86_400_000;

/**
 * Reads a time: a number of seconds, or one with the unit `ms`, `s`, `min` or `h`.
 *
 * @returns milliseconds
 */
export function readTime(text: string): Reading<number> {
  const match = /^(\d+)(ms|s|min|h)?$/i.exec(text);
  const milliseconds = match === null ? NaN : Number(match[1]) * UNITS[match[2]?.toLowerCase() ?? "s"]!;
  if (milliseconds <= LONGEST) return { value: milliseconds };
  return {
    fault: `Found ${quote(text)}; write a number of seconds up to 86400, or one with ms, s, min or h`,
  };
}

/** Reads a whole number. */
export function readNumber(text: string, least: number, most: number): Reading<number> {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return { value };
  return { fault: `Found ${quote(text)}; write a whole number from ${least} to ${most}` };
}

/** What the parameters of ProxyPass, BalancerMember and ProxySet ask for. */
export interface Parameters {
  /** Milliseconds. */
  readonly timeout?: number;
  /** Milliseconds for one attempt to connect. */
  readonly connectTimeout?: number;
  /** Connections to the server at most. */
  readonly maxUpstream?: number;
  /** Whether connections to an application are kept; those to HTTP servers are. */
  readonly reuse?: boolean;
  /** Whether the server gets paths as clients wrote them. */
  readonly preservePath?: boolean;
  /** The protocol that requests may change to, in lower case; `any` and `none` are words of httpd. */
  readonly upgrade?: string;
  readonly weight?: number;
  readonly flusher?: "flush" | "none";
  /** Takes nothing. */
  readonly disabled?: boolean;
  /** Whoever came before goes to the same one again. */
  readonly sticky?: boolean;
}

/** Parameters that are known and have no effect: of workers, of balancers, and words without a value. */
const WITHOUT_EFFECT = (
  "acquire addressttl backend bufferpool cping flushpackets flushwait hcexpr " +
  "hcfails hcinterval hcmethod hcpasses hctemplate hcuri iobuffersize keepalive lbset mapping min ping receivebuffersize " +
  "redirect responsefieldsize retry route secret smax ttl failonstatus failontimeout forcerecovery growth lbmethod " +
  "maxattempts nofailover nonce scolonpathdelim stickysessionsep interpolate noquery"
).split(" ");

/** Those of them that clients would notice. */
const NOTICED = [
  "route",
  "redirect",
  "noquery",
  "hcmethod",
  "failonstatus",
  "interpolate",
];

const KNOWN = [
  ...WITHOUT_EFFECT,
  "nocanon",
  "upgrade",
  "connectiontimeout",
  "max",
  "timeout",
  "flusher",
  "disablereuse",
  "enablereuse",
  "loadfactor",
  "status",
  "stickysession",
];

/** Where what is read here is reported. */
export interface ParameterReport {
  fault(message: string): void;
  withoutEffect(what: string, sort?: WarningSort): void;
}

/** Reads `key=value` words. */
export function readParameters(words: readonly string[], report: ParameterReport): Parameters {
  const result: { -readonly [Key in keyof Parameters]: Parameters[Key] } = {};
  const take = <T>(reading: Reading<T>, word: string, use: (value: T) => void) => {
    if ("value" in reading) use(reading.value);
    else report.fault(`In ${quote(word)}: ${reading.fault}`);
  };
  for (const word of words) {
    const [, key = "", value = ""] = /^([^=]*)=?([^]*)$/.exec(word)!;
    switch (key.toLowerCase()) {
      case "timeout":
        take(readTime(value), word, (time) => result.timeout = Math.max(1, time));
        break;
      case "connectiontimeout":
        take(readTime(value), word, (time) => result.connectTimeout = Math.max(1, time));
        break;
      case "max":
        take(readNumber(value, 0, 65_535), word, (most) => {
          // 0 is as many as there are.
          if (most > 0) result.maxUpstream = most;
        });
        break;
      case "enablereuse":
        result.reuse = /^on$/i.test(value);
        break;
      case "disablereuse":
        if (/^off$/i.test(value)) result.reuse = true;
        else report.withoutEffect(`${key}=`);
        break;
      case "nocanon":
        result.preservePath = true;
        break;
      case "upgrade":
        if (UPGRADE.test(value.toLowerCase())) result.upgrade = value.toLowerCase();
        else {report.fault(
            `Found the protocol ${quote(value)}; write upgrade=websocket, upgrade=ANY or upgrade=NONE`,
          );}
        break;
      case "loadfactor":
        take(readLoadFactor(value), word, (weight) => result.weight = weight);
        break;
      case "flusher":
        if (value === "flush" || value === "none") result.flusher = value;
        else report.fault(`Found the flusher ${quote(value)}; write flusher=flush, or flusher=none`);
        break;
      case "status":
        if (/^\+?[DSHN]/i.test(value)) result.disabled = true;
        if (/^\+?[HN]/i.test(value)) report.withoutEffect(word);
        break;
      case "stickysession":
        result.sticky = true;
        break;
      default:
        if (WITHOUT_EFFECT.includes(key.toLowerCase())) {
          const sort = NOTICED.includes(key.toLowerCase()) ? "changes" : "none";
          report.withoutEffect(word.includes("=") ? `${key}=` : key, sort);
        } else report.fault(unknown(key));
    }
  }
  return result;
}

/** httpd: 1 to 100, with two digits behind the point. */
function readLoadFactor(text: string): Reading<number> {
  const value = Number(text);
  if (/^\d+(\.\d{1,2})?$/.test(text) && value >= 1 && value <= 100) return { value: Math.round(value) };
  return { fault: `Found ${quote(text)}; write a number from 1 to 100` };
}

function unknown(key: string): string {
  const nearest = nearestTo(key, KNOWN);
  const way = nearest === undefined ? "remove it" : `the nearest known one is "${nearest}"`;
  return `Unknown parameter ${quote(key)}; ${way}`;
}
