/** SetEnvIf, BrowserMatch, SetEnv and their like (mod_setenvif, mod_env). */

import type { VariableRule } from "../../../rules/model.ts";
import type { Faults } from "../faults.ts";
import type { Directive } from "../tree.ts";
import { readCondition, readPattern } from "./reading.ts";

/** Reads one of them. @param environment what PassEnv passes */
export function readVariables(
  directive: Directive,
  environment: (name: string) => string | undefined,
  faults: Faults,
): VariableRule[] {
  const { args } = directive;
  switch (directive.name.toLowerCase()) {
    case "setenv":
      return [{ kind: "set", name: args[0]!, value: args[1] ?? "" }];
    case "unsetenv":
      return args.map((name) => ({ kind: "unset", name }));
    case "passenv":
      return args.flatMap((name) => {
        const value = environment(name);
        return value === undefined ? [] : [{ kind: "set" as const, name, value }];
      });
    case "setenvifexpr": {
      const condition = faults.take(readCondition(args[0]!), directive);
      return condition === undefined
        ? []
        : [{ kind: "expression", condition, set: readAssignments(args.slice(1)) }];
    }
  }
  const isBrowser = directive.name.toLowerCase().startsWith("browsermatch");
  const [attribute, source, ...words] = isBrowser ? ["User-Agent", ...args] : args;
  if (source === undefined || words.length === 0) {
    faults.add(directive, "Takes an expression and variables; write both");
    return [];
  }
  if (/^oid\(/i.test(attribute!)) {
    faults.warn(directive, "certificates of clients are not looked into", "changes");
    return [];
  }
  const pattern = readPattern(source, directive, faults);
  if (pattern === undefined) return [];
  const ignoreCase = directive.name.toLowerCase().endsWith("nocase");
  return [{
    kind: "if",
    attribute: attribute!,
    pattern,
    ...ignoreCase ? { ignoreCase } : {},
    set: readAssignments(words),
  }];
}

/** `NAME`, `NAME=value`, `!NAME`. */
function readAssignments(words: readonly string[]): (readonly [string, string | undefined])[] {
  return words.map((word) => {
    if (word.startsWith("!")) return [word.slice(1), undefined] as const;
    const [, name = "", value = ""] = /^([^=]*)(?:=(.*))?$/s.exec(word)!;
    return [name, value || "1"] as const;
  });
}
