/** Parameters of balancers and their members (mod_proxy_balancer, mod_proxy_hcheck) as they stand behind URLs. */

import { type BalancedMember, type Balancing, isCookieName, isRoute, isSeparator } from "../balancing.ts";
import { quote, type Reading } from "../reading.ts";
import { type ParameterReport, readNumber, readTime } from "./values.ts";

type Written<T> = { -readonly [Key in keyof T]?: T[Key] };

/** What is said of a member, and of a balancer. */
export interface BalancingWords {
  readonly member: Written<Omit<BalancedMember, "upstream" | "check" | "weight">>;
  readonly balancer: Written<Omit<Balancing, "members" | "sticky">>;
  /** The cookie of sessions, or `cookie|parameter`. */
  sticky?: string;
  separator?: string;
  semicolonEnds?: boolean;
  strict?: boolean;
  /** `hcmethod` and its like, by their names in lower case; checked. */
  readonly check: Record<string, string>;
}

/** Nothing said yet. */
export function noWords(): BalancingWords {
  return { member: {}, balancer: {}, check: {} };
}

/** What one place says, and what another one says instead, or besides. */
export function joinedWords(first: BalancingWords, second: BalancingWords): BalancingWords {
  return {
    ...first,
    ...second,
    member: { ...first.member, ...second.member },
    balancer: { ...first.balancer, ...second.balancer },
    check: { ...first.check, ...second.check },
  };
}

/** Whether anything is said that one server, asked as it comes, has not. */
export function saysSomething({ member, balancer, check, sticky }: BalancingWords): boolean {
  return [member, balancer, check].some((words) => Object.keys(words).length > 0) || sticky !== undefined;
}

const METHODS: Readonly<Record<string, Balancing["method"]>> = {
  byrequests: "requests",
  bytraffic: "traffic",
  bybusyness: "busyness",
};

/** What hcmethod may say; those of HTTP with 11 behind them ask by HTTP/1.1. */
const CHECKS = ["none", "tcp", "options", "head", "get", "options11", "head11", "get11"];

/** All that is read here, for telling what somebody may have meant. */
export const BALANCING_WORDS: readonly string[] =
  ("route redirect lbset retry status stickysession stickysessionsep scolonpathdelim nofailover lbmethod maxattempts " +
    "failonstatus failontimeout forcerecovery hcmethod hcuri hcinterval hcpasses hcfails hcexpr hctemplate")
    .split(" ");

/** Takes one word in. @returns whether it is one of these */
export function readBalancingWord(
  key: string,
  value: string,
  words: BalancingWords,
  report: ParameterReport,
): boolean {
  const fault = (message: string) => report.fault(`In ${quote(`${key}=${value}`)}: ${message}`);
  const take = <T>(reading: Reading<T>): T | undefined => {
    if ("value" in reading) return reading.value;
    fault(reading.fault);
    return undefined;
  };
  const set = <T extends object, Key extends keyof T>(target: T, name: Key, taken: T[Key] | undefined) => {
    if (taken !== undefined) target[name] = taken;
  };
  const flag = (): boolean | undefined => {
    if (/^(on|off)$/i.test(value)) return value.toLowerCase() === "on";
    fault(`Found ${quote(value)}; write On or Off`);
    return undefined;
  };
  const route = (): string | undefined => {
    if (isRoute(value)) return value;
    fault("Cannot be a route; write letters, digits and such");
    return undefined;
  };
  const { member, balancer } = words;
  switch (key) {
    case "route":
    case "redirect":
      set(member, key, route());
      return true;
    case "lbset":
      set(member, "set", take(readNumber(value, 0, 99)));
      return true;
    case "retry":
      set(member, "retryAfter", take(readTime(value)));
      return true;
    case "status":
      readStatus(value, words, report, fault);
      return true;
    case "stickysession": {
      const [cookie = "", parameter] = value.split("|");
      if (isCookieName(cookie)) words.sticky = parameter === undefined ? cookie : value;
      else fault("Names no cookie; write its name, such as JSESSIONID|jsessionid");
      return true;
    }
    case "stickysessionsep":
      if (/^off$/i.test(value)) words.separator = "";
      else if (value !== "" && isSeparator(value)) words.separator = value;
      else fault("Cannot be a separator; write one character, or Off");
      return true;
    case "scolonpathdelim":
      set(words, "semicolonEnds", flag());
      return true;
    case "nofailover":
      set(words, "strict", flag());
      return true;
    case "forcerecovery":
      set(balancer, "forceRecovery", flag());
      return true;
    case "failontimeout":
      set(balancer, "failOnTimeout", flag());
      return true;
    case "maxattempts":
      set(balancer, "attempts", take(readNumber(value, 0, 99)));
      return true;
    case "failonstatus": {
      const statuses = value.split(",").map((text) => text.trim()).filter((text) => text !== "");
      if (statuses.length > 0 && statuses.every((text) => /^[1-5]\d\d$/.test(text))) {
        balancer.failOnStatus = statuses.map(Number);
      } else fault("Names no statuses; write them as in 500,503");
      return true;
    }
    case "lbmethod":
      if (value.toLowerCase() === "heartbeat") report.withoutEffect(`${key}=${value}`, "changes");
      else if (METHODS[value.toLowerCase()] === undefined) {
        fault("Names no method; write byrequests, bytraffic or bybusyness");
      } else balancer.method = METHODS[value.toLowerCase()]!;
      return true;
  }
  if (!key.startsWith("hc") || !BALANCING_WORDS.includes(key)) return false;
  if (isCheckWord(key, value, take, report)) words.check[key] = value;
  return true;
}

function isCheckWord(
  key: string,
  value: string,
  take: <T>(reading: Reading<T>) => T | undefined,
  report: ParameterReport,
): boolean {
  switch (key) {
    case "hcmethod":
      if (CHECKS.includes(value.toLowerCase())) return true;
      if (/^(cping|provider)$/i.test(value)) report.withoutEffect(`${key}=${value}`, "changes");
      else take({ fault: "Names no method; write TCP, OPTIONS, HEAD or GET" });
      return false;
    case "hcinterval":
      return take(readTime(value)) !== undefined;
    case "hcpasses":
    case "hcfails":
      return take(readNumber(value, 0, 1_000)) !== undefined;
    case "hcuri":
      if (/^[!-~]*$/.test(value)) return true;
      take({ fault: "Is no path; write one without spaces" });
      return false;
  }
  return true;
}

/** `+H`, `D`, `+I-E`: letters are set, or behind a minus taken back. */
function readStatus(
  value: string,
  { member }: BalancingWords,
  report: ParameterReport,
  fault: (message: string) => void,
): void {
  let on = true;
  for (const letter of value.toUpperCase()) {
    switch (letter) {
      case "+":
      case "-":
        on = letter === "+";
        break;
      case "D":
      case "S":
        member.disabled = on;
        break;
      case "H":
      case "R":
        if (on) member.role = letter === "H" ? "standby" : "spare";
        else delete member.role;
        break;
      case "N":
        member.draining = on;
        break;
      case "I":
        member.ignoreErrors = on;
        break;
      case "E":
        // httpd takes the error for one of 1970, and tries the member at once.
        break;
      case "C":
        if (on) report.withoutEffect(`status=${value}`, "changes");
        break;
      default:
        return fault(
          `Found the letter ${quote(letter)}; write some of D, S, I, H, R, N and E, + before them`,
        );
    }
  }
}
