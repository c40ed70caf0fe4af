/** RewriteEngine, RewriteCond, RewriteRule, RewriteBase, RewriteMap, RewriteOptions (mod_rewrite). */

import type { RewriteCondition, RewriteMap, RewriteRule } from "../../../rules/model.ts";
import { isHandlerType } from "../../handlers.ts";
import { quote } from "../../reading.ts";
import { onOrOff } from "../directives.ts";
import type { Faults } from "../faults.ts";
import type { Directive } from "../tree.ts";
import { readCondition, readPattern } from "./reading.ts";

/** A rule whose target, if it has one, is still a URL. */
export type DraftRule = Omit<RewriteRule, "proxy"> & {
  readonly spot: Directive;
  /** Scheme and authority of the server that the flag P leads to. */
  readonly proxyUrl?: string;
};

/** What one server or section says. */
export class RewriteReader {
  engine: boolean | undefined;
  base: string | undefined;
  inherits = false;
  readonly rules: DraftRule[] = [];
  readonly maps: Record<string, RewriteMap> = {};
  #conditions: RewriteCondition[] = [];

  /** @param read the text of a file; throws with the reason where there is none */
  constructor(readonly faults: Faults, readonly read: (path: string) => string) {}

  /** Takes a directive in. @returns whether it is one of these */
  directive(directive: Directive): boolean {
    switch (directive.name.toLowerCase()) {
      case "rewriteengine":
        this.engine = onOrOff(directive, this.faults);
        return true;
      case "rewritebase":
        this.base = directive.args[0]!;
        return true;
      case "rewriteoptions":
        this.inherits ||= directive.args.some((word) => /^inherit(before)?$/i.test(word));
        if (directive.args.some((word) => /^inheritdown/i.test(word))) {
          this.faults.notDone(directive, `${directive.name} ${directive.args.join(" ")}`, "changes");
        }
        return true;
      case "rewritemap":
        this.#map(directive);
        return true;
      case "rewritecond":
        this.#condition(directive);
        return true;
      case "rewriterule":
        this.#rule(directive);
        return true;
    }
    return false;
  }

  /** Warns of conditions without a rule behind them. */
  end(): void {
    this.#conditions = [];
  }

  #condition(directive: Directive): void {
    const [test = "", text = "", flags = ""] = directive.args;
    const negated = text.startsWith("!") ? { negated: true as const } : {};
    const source = negated.negated ? text.slice(1) : text;
    const given = flagsOf(flags);
    const unknown = given.find(([name]) => !/^(nc|nocase|or|ornext|nv|novary)$/i.test(name));
    if (unknown !== undefined) {
      return this.faults.add(directive, `Found the flag ${quote(unknown[0])}; write NC or OR`);
    }
    const common = {
      test,
      ...negated,
      ...has(given, "nc", "nocase") ? { ignoreCase: true as const } : {},
      ...has(given, "or", "ornext") ? { orNext: true as const } : {},
    };
    if (test.toLowerCase() === "expr") {
      const expression = this.faults.take(readCondition(source), directive);
      if (expression !== undefined) this.#conditions.push({ ...common, pattern: "", expression });
      return;
    }
    const isTest = /^-(?:[fdslLhFUx]$|(?:eq|ne|lt|le|gt|ge).)|^[<>=]/.test(source);
    const pattern = isTest ? source : readPattern(source, directive, this.faults);
    if (pattern !== undefined) this.#conditions.push({ ...common, pattern });
  }

  #rule(directive: Directive): void {
    const conditions = this.#conditions;
    this.#conditions = [];
    const [text = "", substitution = "", words = ""] = directive.args;
    const negated = text.startsWith("!") ? { negated: true as const } : {};
    const pattern = readPattern(negated.negated ? text.slice(1) : text, directive, this.faults);
    const flags = this.#flags(directive, flagsOf(words));
    if (pattern === undefined || flags === undefined) return;
    const { proxied, ...rest } = flags;
    const common = { spot: directive, pattern, ...negated, conditions, ...rest };
    if (!proxied) {
      const isUrl = /^(https?|ftp):\/\//i.test(substitution);
      this.rules.push({
        ...common,
        substitution,
        ...isUrl && rest.status === undefined ? { redirect: true } : {},
      });
      return;
    }
    const target = /^((?:unix:[^|$%]*\|)?[a-z][a-z0-9+.-]*:\/\/[^/$%?]*)([^]*)$/i.exec(substitution);
    // The path of a socket is all of it.
    const socket = /^fd:\/\/[^$%]*/i.exec(substitution);
    if (socket !== null) return void this.rules.push({ ...common, proxyUrl: socket[0], substitution: "-" });
    if (target === null || /^(%|\$)[^/]*/.test(target[2]!) && !/^%\{REQUEST_URI\}|^\$\d/i.test(target[2]!)) {
      return this.faults.add(
        directive,
        `Cannot proxy to ${quote(substitution)}, for which server that is depends on the request; ` +
          `write a rule for each server`,
      );
    }
    this.rules.push({ ...common, proxyUrl: target[1]!, substitution: target[2] === "" ? "/" : target[2]! });
  }

  #flags(
    directive: Directive,
    flags: readonly Flag[],
  ): Partial<RewriteRule> & { readonly proxied?: true } | undefined {
    let result: Partial<RewriteRule> & { readonly proxied?: true } = {};
    const variables: string[] = [];
    for (const [name, value] of flags) {
      const read = this.#flag(directive, name, value, variables);
      if (read === undefined) return undefined;
      result = { ...result, ...read };
    }
    return { ...result, ...variables.length > 0 ? { variables } : {} };
  }

  #flag(
    directive: Directive,
    name: string,
    value: string,
    variables: string[],
  ): Partial<RewriteRule> & { readonly proxied?: true } | undefined {
    switch (name.toLowerCase()) {
      case "p":
      case "proxy":
        return { proxied: true };
      case "r":
      case "redirect": {
        const words: Readonly<Record<string, number>> = { permanent: 301, temp: 302, seeother: 303 };
        const status = value === "" ? 302 : words[value.toLowerCase()] ?? Number(value);
        if (status >= 200 && status <= 599) return { redirect: true, status };
        this.faults.add(directive, `Found the status ${quote(value)}; write one from 300 to 399`);
        return undefined;
      }
      case "f":
      case "forbidden":
        return { status: 403, last: true };
      case "g":
      case "gone":
        return { status: 410, last: true };
      case "l":
      case "last":
        return { last: true };
      case "end":
        return { end: true };
      case "pt":
      case "passthrough":
        return { passThrough: true };
      case "c":
      case "chain":
        return { chain: true };
      case "n":
      case "next":
        return { next: true };
      case "s":
      case "skip":
        return { skip: Number(value) || 0 };
      case "nc":
      case "nocase":
        return { ignoreCase: true };
      case "qsa":
      case "qsappend":
        return { appendQuery: true };
      case "qsd":
      case "qsdiscard":
        return { dropQuery: true };
      case "ne":
      case "noescape":
        return { noEscape: true };
      case "b":
      case "bnp":
        return { escapeGroups: true };
      case "e":
      case "env":
        variables.push(value);
        return {};
      case "ns":
      case "nosubreq":
      case "nv":
      case "qsl":
      case "qslast":
      case "dpi":
      case "discardpath":
      case "unsafeallow3f":
      case "unsafeprefixstat":
      case "unc":
      case "bctls":
      case "bne":
        return {};
      case "t":
      case "type":
      case "h":
      case "handler": {
        const isHandler = name.toLowerCase().startsWith("h");
        if (isHandler ? !/^(default-handler|none)$/i.test(value) : isHandlerType(value)) {
          // A program that is not run, whose source is not for clients.
          this.faults.warn(directive, `what would be handed to ${quote(value)} gets 403`, "changes");
          return { status: 403, last: true };
        }
        this.faults.notDone(directive, `${directive.name} [${name}=…]`, "changes");
        return {};
      }
      case "co":
      case "cookie":
        this.faults.notDone(directive, `${directive.name} [${name}=…]`, "changes");
        return {};
    }
    this.faults.add(
      directive,
      `Found the flag ${quote(name)}; write those of mod_rewrite, such as [R=301,L]`,
    );
    return undefined;
  }

  #map(directive: Directive): void {
    const [name = "", source = ""] = directive.args;
    const [, kind = "", rest = ""] = /^(?:"?)([a-z]+):(.*)$/i.exec(source) ?? [];
    if (/^int$/i.test(kind) && /^(toupper|tolower|escape|unescape)$/i.test(rest)) {
      this.maps[name] = { kind: rest.toLowerCase() as "toupper" };
      return;
    }
    if (!/^txt$/i.test(kind)) {
      return this.faults.add(
        directive,
        `Cannot use a map such as ${quote(source)}; write one of txt: or int:`,
      );
    }
    try {
      this.maps[name] = { kind: "table", entries: readTable(this.read(rest)) };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.faults.add(directive, `Cannot read ${quote(rest)} (${reason}); write the path of a file`);
    }
  }
}

/** A file of keys and values, a line each; of several lines for one key the first counts. */
function readTable(text: string): Record<string, string> {
  const entries: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const [key, value] = line.trim().split(/\s+/);
    if (key === undefined || key === "" || key.startsWith("#") || value === undefined) continue;
    if (!Object.hasOwn(entries, key)) entries[key] = value;
  }
  return entries;
}

type Flag = readonly [name: string, value: string];

/** `[R=301,L]` */
function flagsOf(text: string): Flag[] {
  const inner = /^\[([^]*)\]$/.exec(text)?.[1] ?? text;
  return inner.split(",").map((part) => part.trim()).filter((part) => part !== "").map((part) => {
    const [, name = "", value = ""] = /^([^=]*)=?([^]*)$/.exec(part)!;
    return [name, value];
  });
}

function has(flags: readonly Flag[], ...names: readonly string[]): boolean {
  return flags.some(([name]) => names.includes(name.toLowerCase()));
}
