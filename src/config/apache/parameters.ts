/** Parameters behind URLs: `timeout=30`. */

import { quote, type Reading } from "../reading.ts";
import { UPGRADE } from "../relay_rules.ts";
import {
  BALANCING_WORDS,
  type BalancingWords,
  joinedWords,
  noWords,
  readBalancingWord,
} from "./balancing_words.ts";
import { nearestTo } from "../nearest.ts";
import { type ParameterReport, readNumber, readTime } from "./values.ts";

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
  /** What is said of a balancer, or of a member of one. */
  readonly words: BalancingWords;
  /** The names of those, as written. */
  readonly said: readonly string[];
}

/** Parameters that are known and have no effect: of workers, of balancers, and words without a value. */
const WITHOUT_EFFECT = (
  "acquire addressttl backend bufferpool cping flushpackets flushwait iobuffersize keepalive mapping min ping " +
  "receivebuffersize responsefieldsize secret smax ttl growth nonce interpolate noquery"
).split(" ");

/** Those of them that clients would notice. */
const NOTICED = ["noquery", "interpolate"];

const KNOWN = [
  ...WITHOUT_EFFECT,
  ...BALANCING_WORDS,
  "nocanon",
  "upgrade",
  "connectiontimeout",
  "max",
  "timeout",
  "flusher",
  "disablereuse",
  "enablereuse",
  "loadfactor",
];

/** Reads `key=value` words. */
export function readParameters(words: readonly string[], report: ParameterReport): Parameters {
  const result: { -readonly [Key in keyof Parameters]: Parameters[Key] } = {
    words: noWords(),
    said: [],
  };
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
      default:
        if (readBalancingWord(key.toLowerCase(), value, result.words, report)) {
          result.said = [...result.said!, key];
          break;
        }
        if (WITHOUT_EFFECT.includes(key.toLowerCase())) {
          const sort = NOTICED.includes(key.toLowerCase()) ? "changes" : "none";
          report.withoutEffect(word.includes("=") ? `${key}=` : key, sort);
        } else report.fault(unknown(key));
    }
  }
  return result;
}

/** No parameters. */
export const NO_PARAMETERS: Parameters = {
  words: noWords(),
  said: [],
};

/** What one place says, and what another one says instead, or besides. */
export function joinedParameters(first: Parameters | undefined, second: Parameters): Parameters {
  if (first === undefined) return second;
  return { ...first, ...second, words: joinedWords(first.words, second.words) };
}

/** httpd: 1 to 100, with two digits behind the point. */
function readLoadFactor(text: string): Reading<number> {
  const value = Number(text);
  if (/^\d+(\.\d{1,2})?$/.test(text) && value >= 1 && value <= 100) return { value };
  return { fault: `Found ${quote(text)}; write a number from 1 to 100` };
}

function unknown(key: string): string {
  const nearest = nearestTo(key, KNOWN);
  const way = nearest === undefined ? "remove it" : `the nearest known one is "${nearest}"`;
  return `Unknown parameter ${quote(key)}; ${way}`;
}
