/** Rewriting (mod_rewrite): rules with conditions, evaluated in the order in which httpd does. */

import { bytesOf, decoded, escapeUri, escapeWord } from "./bytes.ts";
import { groupsOf, holds, patternOf } from "./expression.ts";
import type { RewriteCondition, RewriteMap, RewriteRule, Rewriting } from "./model.ts";
import type { RequestState } from "./request.ts";

/** What rules have made of a request. */
export type Rewritten =
  /** Nothing that changes where it goes. */
  | { readonly kind: "same" }
  /** A path to look for routes by, or, without `passThrough`, the name of a file. */
  | { readonly kind: "path"; readonly path: string; readonly passThrough: boolean; readonly end: boolean }
  | { readonly kind: "answer"; readonly status: number }
  | { readonly kind: "redirect"; readonly status: number; readonly to: string }
  /** The site's target with this index, and what it is asked for, decoded unless `raw`. */
  | {
    readonly kind: "proxy";
    readonly target: number;
    readonly path: string;
    readonly query: string | undefined;
    readonly raw: boolean;
  };

/** Rounds of the flag N that are gone at most. */
const MOST_ROUNDS = 32;
/** Expansions within expansions. */
const DEEPEST = 8;
/** Longer than that a path becomes by rules that go round only. */
const LONGEST = 65_536;

/** Applies rules. @param subject what the first pattern is compared with */
export function rewrite(rewriting: Rewriting, state: RequestState, subject: string): Rewritten {
  return new Rewriter(rewriting, state, subject).run();
}

class Rewriter {
  #subject: string;
  #rule: readonly string[] = [];
  #condition: readonly string[] = [];
  #raw = false;

  constructor(readonly rewriting: Rewriting, readonly state: RequestState, subject: string) {
    this.#subject = subject;
  }

  run(): Rewritten {
    const { rules } = this.rewriting;
    let changed = false;
    let status: number | undefined;
    let last: RewriteRule | undefined;
    let rounds = 0;
    for (let at = 0; at < rules.length; at++) {
      const rule = rules[at]!;
      if (!this.#matches(rule)) {
        // A chain is broken with its first link.
        while (rules[at]?.chain && at + 1 < rules.length) at++;
        continue;
      }
      this.#setVariables(rule);
      const isSame = rule.substitution === "-";
      if (isSame && rule.proxy === undefined) {
        const { status } = rule;
        if (status !== undefined && !(rule.redirect && status >= 300 && status < 400)) {
          return { kind: "answer", status };
        }
      } else {
        const result = this.#substitute(rule);
        if (result !== undefined) return result;
        changed = true;
        this.#raw = rule.noEscape === true;
        if (rule.redirect || isAbsolute(this.#subject)) status = rule.status ?? status ?? 302;
      }
      last = rule;
      if (rule.skip !== undefined) at += rule.skip;
      else if (rule.next && ++rounds < MOST_ROUNDS) at = -1;
      else if (rule.last || rule.end || rule.passThrough && changed) break;
      if (this.#subject.length > LONGEST) return { kind: "answer", status: 500 };
    }
    if (!changed) return { kind: "same" };
    if (status !== undefined || isAbsolute(this.#subject)) return this.#redirect(status ?? 302);
    return {
      kind: "path",
      path: this.#subject,
      passThrough: last?.passThrough === true,
      end: last?.end === true,
    };
  }

  /** Whether a rule's pattern and conditions hold; their groups are left behind. */
  #matches(rule: RewriteRule): boolean {
    let subject = this.#subject;
    const { directory } = this.rewriting;
    if (directory !== undefined && subject.startsWith(directory)) subject = subject.slice(directory.length);
    const found = patternOf(rule.pattern, rule.ignoreCase).exec(subject);
    if ((found === undefined) !== (rule.negated === true)) return false;
    this.#rule = found === undefined ? [] : groupsOf(subject, found);
    this.#condition = [];
    const { conditions } = rule;
    for (let at = 0; at < conditions.length; at++) {
      const condition = conditions[at]!;
      if (this.#holds(condition)) {
        // The others of the same choice need not hold.
        while (conditions[at]!.orNext && at + 1 < conditions.length) at++;
      } else if (!condition.orNext) return false;
    }
    return true;
  }

  #holds(condition: RewriteCondition): boolean {
    const { pattern, negated = false, ignoreCase, expression } = condition;
    if (expression !== undefined) {
      const around = { state: this.state, groups: this.#condition };
      const result = holds(expression, around);
      if (result) this.#condition = around.groups;
      return result !== negated;
    }
    const text = this.#expand(condition.test);
    const test = /^-(?:([fdslLhFUx])$|(eq|ne|lt|le|gt|ge)(.+)$)/.exec(pattern);
    if (test !== null) return this.#tests(text, test) !== negated;
    const compared = /^(<=|>=|=|<|>)(.*)$/s.exec(pattern);
    if (compared !== null) {
      return this.#compares(text, compared[1]!, compared[2]!, ignoreCase === true) !== negated;
    }
    const found = patternOf(pattern, ignoreCase).exec(text);
    if ((found !== undefined) === negated) return false;
    if (found !== undefined) this.#condition = groupsOf(text, found);
    return true;
  }

  #tests(text: string, [, kind, comparison, number]: RegExpExecArray): boolean {
    if (comparison !== undefined) {
      const [a, b] = [Number.parseInt(text, 10) || 0, Number.parseInt(this.#expand(number!), 10) || 0];
      const order = { eq: a === b, ne: a !== b, lt: a < b, le: a <= b, gt: a > b, ge: a >= b };
      return order[comparison as keyof typeof order];
    }
    const { files } = this.state;
    switch (kind) {
      case "f":
      case "F":
        return files.is("file", text);
      case "d":
        return files.is("directory", text);
      case "s":
        return files.is("notEmpty", text);
      case "x":
        return files.is("executable", text);
      case "U":
        return true;
      default:
        return files.is("link", text);
    }
  }

  #compares(text: string, operator: string, other: string, ignoreCase: boolean): boolean {
    const plain = other === '""' ? "" : this.#expand(other);
    const [a, b] = ignoreCase ? [text.toLowerCase(), plain.toLowerCase()] : [text, plain];
    switch (operator) {
      case "=":
        return a === b;
      case "<":
        return a < b;
      case ">":
        return a > b;
      case "<=":
        return a <= b;
      default:
        return a >= b;
    }
  }

  #setVariables(rule: RewriteRule): void {
    for (const text of rule.variables ?? []) {
      if (text.startsWith("!")) {
        this.state.variables.delete(text.slice(1));
        continue;
      }
      const [, name = "", value = ""] = /^([^:]*):?(.*)$/s.exec(text)!;
      this.state.variables.set(this.#expand(name), this.#expand(value));
    }
  }

  /** Puts the substitution in place of what has been there; returns what ends the matter. */
  #substitute(rule: RewriteRule): Rewritten | undefined {
    let text = rule.substitution === "-" ? this.#subject : this.#expand(rule.substitution, rule.escapeGroups);
    // A client's %3F must not begin a query that the rule does not have (CVE-2024-38474).
    if (/%3f/i.test(this.state.view.path) && count(text, "?") > count(rule.substitution, "?")) {
      return { kind: "answer", status: 403 };
    }
    const mark = text.indexOf("?");
    if (rule.substitution !== "-" && mark >= 0) {
      const given = text.slice(mark + 1);
      text = text.slice(0, mark);
      const { query } = this.state;
      const joined = rule.appendQuery && query !== undefined && query !== ""
        ? given === "" ? query : `${given}&${query}`
        : given;
      this.state.query = joined === "" ? undefined : joined;
    } else if (rule.dropQuery) this.state.query = undefined;
    const { base, directory } = this.rewriting;
    if (directory !== undefined && rule.proxy === undefined && !text.startsWith("/") && !isAbsolute(text)) {
      text = (base?.replace(/\/?$/, "/") ?? directory) + text;
    }
    if (rule.proxy !== undefined) {
      const path = text.startsWith("/") || text === "" ? text || "/" : `/${text}`;
      return {
        kind: "proxy",
        target: rule.proxy,
        path,
        query: this.state.query,
        raw: rule.noEscape === true,
      };
    }
    this.#subject = text;
    if (!isAbsolute(text)) this.state.fileName = text;
    return undefined;
  }

  #redirect(status: number): Rewritten {
    if (status < 300 || status >= 400) return { kind: "answer", status };
    const { query } = this.state;
    let to = isAbsolute(this.#subject) ? this.#subject : ownUrl(this.state, this.#subject);
    if (!this.#raw) to = escapeAbsolute(to);
    if (query !== undefined && query !== "") {
      const isGiven = this.#raw || query === this.state.view.query;
      to += `?${isGiven ? query : escapeUri(query)}`;
    }
    return { kind: "redirect", status, to };
  }

  /** `$1` of the rule, `%1` of the condition before, `%{VARIABLE}`, `${map:key|default}`. */
  #expand(text: string, escapeGroups = false, depth = 0): string {
    if (depth > DEEPEST) return "";
    const source = depth === 0 ? bytesOf(text) : text;
    let result = "";
    for (let at = 0; at < source.length; at++) {
      const character = source[at]!;
      const next = source[at + 1] ?? "";
      if (character === "\\" && next !== "") {
        result += next;
        at++;
      } else if ((character === "$" || character === "%") && next === "{") {
        const end = closing(source, at + 1);
        if (end < 0) {
          result += character;
          continue;
        }
        const inner = source.slice(at + 2, end);
        result += character === "%"
          ? this.state.variable(this.#expand(inner, false, depth + 1))
          : this.#map(inner, depth + 1);
        at = end;
      } else if ((character === "$" || character === "%") && /\d/.test(next)) {
        const group = (character === "$" ? this.#rule : this.#condition)[Number(next)] ?? "";
        result += escapeGroups ? escapeWord(group) : group;
        at++;
      } else result += character;
    }
    return result;
  }

  #map(text: string, depth: number): string {
    const [, name = "", key = "", , or = ""] = /^([^:]*):((?:[^|{]|\{[^}]*\})*)(\|(.*))?$/s.exec(text) ?? [];
    const map: RewriteMap | undefined = this.rewriting.maps?.[name];
    const looked = this.#expand(key, false, depth);
    switch (map?.kind) {
      case "table":
        return Object.hasOwn(map.entries, looked)
          ? bytesOf(map.entries[looked]!)
          : this.#expand(or, false, depth);
      case "toupper":
        return looked.toUpperCase();
      case "tolower":
        return looked.toLowerCase();
      case "escape":
        return escapeUri(looked);
      case "unescape":
        return decoded(looked);
      case undefined:
        return this.#expand(or, false, depth);
    }
  }
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

/** Where a brace that opens at an offset is closed, those within counted. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === "{") depth++;
    if (text[at] === "}" && --depth === 0) return at;
  }
  return -1;
}

function isAbsolute(text: string): boolean {
  return /^(https?|ftp|wss?|ldaps?|fcgi|scgi|ajp|balancer|unix):/i.test(text) && /^[a-z]+:\/?\/?/i.test(text);
}

/** The URL of a path of this site, as the client calls it. */
export function ownUrl(state: RequestState, path: string): string {
  const { view } = state;
  const scheme = view.https ? "https" : "http";
  const port = /:(\d+)$/.exec(view.host)?.[1] ?? (view.host === "" ? String(view.localPort) : "");
  const isDefault = port === "" || port === (view.https ? "443" : "80");
  const name = state.serverName;
  return `${scheme}://${name}${isDefault ? "" : `:${port}`}${path.startsWith("/") ? "" : "/"}${path}`;
}

/** Encodes what follows the authority of a URL. */
function escapeAbsolute(url: string): string {
  const [, start = "", rest = ""] = /^([a-z][a-z0-9+.-]*:\/\/[^/]*)?(.*)$/is.exec(url)!;
  const hash = rest.indexOf("#");
  return hash < 0
    ? start + escapeUri(rest)
    : `${start}${escapeUri(rest.slice(0, hash))}#${escapeUri(rest.slice(hash + 1))}`;
}
