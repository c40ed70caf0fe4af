/** Expressions as httpd has them (ap_expr), of the common sort: data, and what they are worth for a request. */

import { Pattern } from "../pattern/pattern.ts";
import { bytesOf, decoded, escapeUri, escapeWord } from "./bytes.ts";
import { isIn, readAddress, readNetwork } from "./networks.ts";
import type { RequestState } from "./request.ts";

/** A text with gaps. */
export type Template = readonly Part[];

export type Part =
  | string
  /** A server variable. */
  | { readonly variable: string }
  /** `%{name}e` and `%{name}s` of mod_headers: `(null)` where it is not set. */
  | { readonly environment: string }
  | { readonly tls: string }
  | { readonly time: "t" | "D" }
  | { readonly call: string; readonly argument: Template }
  /** What a group of the last expression has matched. */
  | { readonly group: number };

/** What is true or not. */
export type Condition =
  | { readonly kind: "constant"; readonly value: boolean }
  /** Whether a variable is set, to whatever. */
  | { readonly kind: "set"; readonly variable: string }
  | { readonly kind: "not"; readonly of: Condition }
  | { readonly kind: "and" | "or"; readonly of: readonly Condition[] }
  | { readonly kind: "compare"; readonly operator: string; readonly left: Template; readonly right: Template }
  | { readonly kind: "in"; readonly left: Template; readonly list: readonly Template[] }
  | { readonly kind: "match"; readonly of: Template; readonly pattern: string; readonly ignoreCase?: true }
  | { readonly kind: "test"; readonly operator: string; readonly of: Template };

/** What a response says, where a condition asks about it. */
export interface ResponseView {
  readonly status: number;
  field(name: string): string | undefined;
}

/** What expressions are worth something in. */
export interface Surroundings {
  readonly state: RequestState;
  readonly response?: ResponseView;
  /** Groups of the last match. */
  groups: readonly string[];
}

const patterns = new Map<string, Pattern>();
/** As many compiled expressions are kept. */
const KEPT = 4_096;

/** An expression of the configuration, compiled once. */
export function patternOf(source: string, ignoreCase = false): Pattern {
  const key = `${ignoreCase} ${source}`;
  let pattern = patterns.get(key);
  if (pattern === undefined) {
    if (patterns.size >= KEPT) patterns.clear();
    patterns.set(key, pattern = new Pattern(bytesOf(source), { ignoreCase }));
  }
  return pattern;
}

/** The texts of groups, of nothing where one has not matched. */
export function groupsOf(text: string, offsets: readonly number[]): string[] {
  return Array.from({ length: offsets.length / 2 }, (_, group) => {
    const start = offsets[2 * group]!;
    return start < 0 ? "" : text.slice(start, offsets[2 * group + 1]);
  });
}

/** Variables that mod_proxy_balancer sets: known to the relay that has a balancer's members, and to nobody before it. */
export const OF_ANSWERER = /^(?:ENV:)?BALANCER_/;

/** Whether a condition asks about the response, or for what only whoever answers knows. */
export function asksAnswerer(condition: Condition): boolean {
  const text = JSON.stringify(condition);
  return /"call":"(resp|rw?esp)|"variable":"(REQUEST_STATUS|CONTENT_TYPE|HANDLER)"/.test(text) ||
    /"(?:variable|environment)":"(?:ENV:)?BALANCER_|"argument":\["BALANCER_/.test(text);
}

/** Whether a gap is for a variable that only whoever answers knows. */
export function isOfAnswerer(part: Part): boolean {
  if (typeof part === "string") return false;
  if ("environment" in part) return OF_ANSWERER.test(part.environment);
  if ("variable" in part) return OF_ANSWERER.test(part.variable);
  if (!("call" in part)) return false;
  const isVariable = part.call === "reqenv" || part.call === "env" || part.call === "note";
  return part.argument.some((own) =>
    typeof own === "string" ? isVariable && OF_ANSWERER.test(own) : isOfAnswerer(own)
  );
}

/** Whether what something is worth depends on the request. */
export function isConstant(template: Template): boolean {
  return template.every((part) => typeof part === "string");
}

/** The text of a template. */
export function fill(template: Template, around: Surroundings): string {
  return template.map((part) => typeof part === "string" ? bytesOf(part) : partOf(part, around)).join("");
}

function partOf(part: Exclude<Part, string>, around: Surroundings): string {
  const { state, response } = around;
  if ("variable" in part) {
    if (part.variable === "REQUEST_STATUS") return response === undefined ? "" : String(response.status);
    if (part.variable === "CONTENT_TYPE") return response?.field("content-type") ?? "";
    return state.variable(part.variable);
  }
  if ("environment" in part) return state.variables.get(part.environment) ?? "(null)";
  if ("tls" in part) return state.variable(part.tls) || "(null)";
  if ("time" in part) return part.time === "t" ? `t=${state.view.now * 1_000}` : "D=0";
  if ("group" in part) return around.groups[part.group] ?? "";
  return call(part.call, fill(part.argument, around), around);
}

function call(name: string, argument: string, { state, response }: Surroundings): string {
  switch (name) {
    case "req":
    case "http":
    case "req_novary":
      return state.view.field(argument.toLowerCase()) ?? "";
    case "resp":
      return response?.field(argument.toLowerCase()) ?? "";
    case "reqenv":
    case "env":
    case "osenv":
    case "note":
      return name === "osenv" ? "" : state.variables.get(argument) ?? "";
    case "tolower":
      return argument.toLowerCase();
    case "toupper":
      return argument.toUpperCase();
    case "escape":
      return escapeUri(argument);
    case "unescape":
      return decoded(argument);
    case "escape_word":
      return escapeWord(argument);
    case "base64":
      return btoa(argument);
    case "unbase64":
      try {
        return atob(argument);
      } catch {
        return "";
      }
  }
  return "";
}

/** Whether a condition holds. A match leaves its groups behind. */
export function holds(condition: Condition, around: Surroundings): boolean {
  switch (condition.kind) {
    case "constant":
      return condition.value;
    case "set":
      return around.state.variables.has(condition.variable);
    case "not":
      return !holds(condition.of, around);
    case "and":
      return condition.of.every((part) => holds(part, around));
    case "or":
      return condition.of.some((part) => holds(part, around));
    case "compare":
      return compare(condition.operator, fill(condition.left, around), fill(condition.right, around));
    case "in": {
      const value = fill(condition.left, around);
      return condition.list.some((item) => fill(item, around) === value);
    }
    case "match": {
      const text = fill(condition.of, around);
      const found = patternOf(condition.pattern, condition.ignoreCase).exec(text);
      if (found !== undefined) around.groups = groupsOf(text, found);
      return found !== undefined;
    }
    case "test":
      return test(condition.operator, fill(condition.of, around), around);
  }
}

function compare(operator: string, left: string, right: string): boolean {
  switch (operator) {
    case "==":
    case "=":
      return left === right;
    case "!=":
      return left !== right;
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
    case "-ipmatch": {
      const [address, network] = [readAddress(left), readNetwork(right)];
      return address !== undefined && network !== undefined && isIn(address, network);
    }
    case "-strmatch":
    case "-fnmatch":
      return wildcard(right, false).test(left);
    case "-strcmatch":
      return wildcard(right, true).test(left);
  }
  const [a, b] = [Number.parseInt(left, 10) || 0, Number.parseInt(right, 10) || 0];
  switch (operator.replace("-", "")) {
    case "eq":
      return a === b;
    case "ne":
      return a !== b;
    case "lt":
      return a < b;
    case "le":
      return a <= b;
    case "gt":
      return a > b;
    case "ge":
      return a >= b;
  }
  return false;
}

/** The expression of a pattern with `*` and `?`. */
export function wildcard(text: string, ignoreCase: boolean): Pattern {
  const source = text.replace(/[\\^$.+()[\]{}|]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".");
  return patternOf(`^${source}$`, ignoreCase);
}

function test(operator: string, text: string, { state }: Surroundings): boolean {
  switch (operator) {
    case "-n":
      return text !== "";
    case "-z":
      return text === "";
    case "-T":
      return !["", "0", "off", "false", "no"].includes(text.toLowerCase());
    case "-R": {
      const network = readNetwork(text);
      return network !== undefined && isIn(state.view.client, network);
    }
    case "-f":
    case "-F":
      return state.files.is("file", text);
    case "-d":
      return state.files.is("directory", text);
    case "-e":
      return state.files.is("file", text) || state.files.is("directory", text);
    case "-s":
      return state.files.is("notEmpty", text);
    case "-h":
    case "-L":
    case "-l":
      return state.files.is("link", text);
    case "-x":
      return state.files.is("executable", text);
  }
  return false;
}
