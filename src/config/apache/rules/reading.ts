/** What all directives about rules have in common: expressions and texts with gaps, read with their faults. */

import type { Condition, Template } from "../../../rules/expression.ts";
import { ExpressionError, parseCondition, parseTemplate } from "../../../rules/expression_parser.ts";
import { quote, type Reading } from "../../reading.ts";
import { isKnownTlsVariable } from "../../../protocol/tls_variables.ts";
import { readExpression } from "../expressions.ts";
import type { Faults } from "../faults.ts";
import type { Directive } from "../tree.ts";

/** Reads a condition of httpd. */
export function readCondition(text: string): Reading<Condition> {
  return reading(text, () => parseCondition(text, translated));
}

/** Reads a text with `%{…}` in it. */
export function readTemplate(text: string): Reading<Template> {
  return reading(text, () => parseTemplate(text));
}

function reading<T>(text: string, read: () => T): Reading<T> {
  try {
    return { value: read() };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return { fault: `Cannot use the expression ${quote(text)} (${error.message}); write it in another way` };
  }
}

function translated(source: string): string {
  const read = readExpression(source);
  if ("fault" in read) throw new ExpressionError(read.fault);
  return read.value;
}

/** Reads a regular expression, which may be negated. */
export function readPattern(text: string, directive: Directive, faults: Faults): string | undefined {
  return faults.take(readExpression(text), directive);
}

/** Values of `%{…}e` and its like in Header and RequestHeader. */
export function readFormat(text: string, directive: Directive, faults: Faults): Template {
  const expression = /^expr=([^]*)$/i.exec(text);
  if (expression !== null) return faults.take(readTemplate(expression[1]!), directive) ?? [];
  const parts: Template[number][] = [];
  for (const [part] of text.matchAll(/%%|%\{[^}]*\}[es]|%[tDlib]|[^%]+|%/g)) {
    const named = /^%\{([^}]*)\}([es])$/.exec(part);
    if (named !== null) parts.push(named[2] === "e" ? { environment: named[1]! } : { tls: named[1]! });
    else if (part === "%%") parts.push("%");
    else if (part === "%t" || part === "%D") parts.push({ time: part === "%t" ? "t" : "D" });
    else if (/^%[lib]$/.test(part)) {
      faults.warn(directive, `the load in ${quote(part)} is not known here`, "changes");
    } else parts.push(part);
  }
  return parts;
}

/** Says which of mod_ssl's variables a directive asks for in vain. */
export function tellOfUnknownTls(directive: Directive, faults: Faults): void {
  const names = directive.args.flatMap((text) =>
    [...text.matchAll(/%\{(?:SSL:|LA-U:)?(SSL_\w+)\}/g)].map(([, name]) => name!)
  );
  const unknown = [...new Set(names)].filter((name) => !isKnownTlsVariable(name));
  if (unknown.length > 0) {
    faults.warn(
      directive,
      `${unknown.join(" and ")} is not known here, and as if it were not set`,
      "changes",
    );
  }
}
