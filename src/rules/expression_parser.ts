/** Reads expressions of httpd, https://httpd.apache.org/docs/2.4/expr.html; what is not understood is refused. */

import { PatternError } from "../pattern/pattern.ts";
import { type Condition, type Part, patternOf, type Template } from "./expression.ts";

/** Why an expression cannot be used. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
}

/** Functions that are understood. */
const FUNCTIONS = new Set(
  "req http req_novary resp reqenv env osenv note tolower toupper escape unescape base64 unbase64".split(" "),
);
const COMPARISONS =
  /^(==|!=|<=|>=|<|>|=(?![~=])|-?(?:eq|ne|lt|le|gt|ge)\b|-ipmatch\b|-strmatch\b|-strcmatch\b|-fnmatch\b)/;
const TESTS = /^-([nzTRfdesLhlxF])(?![A-Za-z])/;

/** How PCRE's spelling becomes the one that is understood here; throws with a sentence for what has none. */
export type ReadPattern = (source: string) => string;

/** Reads a condition: `%{HTTP_HOST} == 'example.com' && -n %{QUERY_STRING}`. @throws {ExpressionError} */
export function parseCondition(text: string, readPattern: ReadPattern): Condition {
  const parser = new Parser(text, readPattern);
  const condition = parser.or();
  parser.end();
  return condition;
}

/** Reads a text with gaps: `https://%{HTTP_HOST}%{REQUEST_URI}`. @throws {ExpressionError} */
export function parseTemplate(text: string): Template {
  return new Parser(text, (source) => source).template(undefined);
}

class Parser {
  #at = 0;

  constructor(readonly text: string, readonly readPattern: ReadPattern) {}

  get #rest(): string {
    return this.text.slice(this.#at);
  }

  #space(): void {
    while (/\s/.test(this.text[this.#at] ?? "")) this.#at++;
  }

  #take(pattern: RegExp): string | undefined {
    this.#space();
    const found = pattern.exec(this.#rest)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #fail(): never {
    const rest = this.#rest.trim();
    throw new ExpressionError(rest === "" ? "it ends too early" : `"${rest.slice(0, 30)}" is not understood`);
  }

  end(): void {
    this.#space();
    if (this.#at < this.text.length) this.#fail();
  }

  or(): Condition {
    const of = [this.#and()];
    while (this.#take(/^\|\|/) !== undefined) of.push(this.#and());
    return of.length === 1 ? of[0]! : { kind: "or", of };
  }

  #and(): Condition {
    const of = [this.#not()];
    while (this.#take(/^&&/) !== undefined) of.push(this.#not());
    return of.length === 1 ? of[0]! : { kind: "and", of };
  }

  #not(): Condition {
    if (this.#take(/^!(?![=~])/) !== undefined) return { kind: "not", of: this.#not() };
    if (this.#take(/^\(/) !== undefined) {
      const inner = this.or();
      if (this.#take(/^\)/) === undefined) this.#fail();
      return inner;
    }
    const constant = this.#take(/^(true|false)\b/);
    if (constant !== undefined) return { kind: "constant", value: constant === "true" };
    const test = this.#take(TESTS);
    if (test !== undefined) return { kind: "test", operator: test, of: this.#word() };
    return this.#comparison(this.#word());
  }

  #comparison(left: Template): Condition {
    const negated = this.#take(/^!~/) !== undefined;
    if (negated || this.#take(/^=~/) !== undefined) {
      const match = this.#pattern(left);
      return negated ? { kind: "not", of: match } : match;
    }
    if (this.#take(/^(-in|in)\s*\{/) !== undefined) {
      const list = [this.#word()];
      while (this.#take(/^,/) !== undefined) list.push(this.#word());
      if (this.#take(/^\}/) === undefined) this.#fail();
      return { kind: "in", left, list };
    }
    const operator = this.#take(COMPARISONS);
    if (operator === undefined) return this.#fail();
    return { kind: "compare", operator, left, right: this.#word() };
  }

  #pattern(of: Template): Condition {
    this.#space();
    const open = /^(?:m([^\w\s])|(\/))/.exec(this.#rest);
    if (open === null) return this.#fail();
    const close = open[1] ?? "/";
    let at = this.#at + open[0].length;
    let source = "";
    for (; at < this.text.length && this.text[at] !== close; at++) {
      if (this.text[at] === "\\" && this.text[at + 1] === close) at++;
      source += this.text[at] === "\\" ? this.text[at]! + (this.text[++at] ?? "") : this.text[at]!;
    }
    if (at >= this.text.length) throw new ExpressionError("a regular expression has no end");
    this.#at = at + 1;
    const flags = /^[a-zA-Z]*/.exec(this.#rest)![0];
    this.#at += flags.length;
    const ignoreCase = flags.includes("i");
    const pattern = this.readPattern(source);
    try {
      patternOf(pattern, ignoreCase);
    } catch (error) {
      if (error instanceof PatternError) throw new ExpressionError(error.message);
      throw error;
    }
    return { kind: "match", of, pattern, ...ignoreCase ? { ignoreCase } : {} };
  }

  /** A value: in quotes, a number, a variable, a function; several joined by dots. */
  #word(): Template {
    const parts: Part[] = [...this.#value()];
    while (this.#take(/^\.(?!\d)/) !== undefined) parts.push(...this.#value());
    return parts;
  }

  #value(): Template {
    this.#space();
    const quote = this.text[this.#at] ?? "";
    if (quote === '"' || quote === "'") {
      this.#at++;
      const parts = this.template(quote);
      if (this.text[this.#at] !== quote) throw new ExpressionError("a quote is not closed");
      this.#at++;
      return parts;
    }
    const number = this.#take(/^-?\d+(\.\d+)*(\/\d+)?/);
    if (number !== undefined) return [number];
    if (this.#rest.startsWith("%{")) return [this.#variable()];
    const group = this.#take(/^\$\d/);
    if (group !== undefined) return [{ group: Number(group[1]) }];
    const name = this.#take(/^[A-Za-z_]\w*\s*\(/);
    if (name !== undefined) {
      const call = name.slice(0, -1).trim();
      if (!FUNCTIONS.has(call)) throw new ExpressionError(`the function ${call} is not known here`);
      const argument = this.#word();
      if (this.#take(/^\)/) === undefined) this.#fail();
      return [{ call, argument }];
    }
    return this.#fail();
  }

  /** @param end the quote that ends it; undefined for the end of the text */
  template(end: string | undefined): Template {
    const parts: Part[] = [];
    let plain = "";
    const flush = () => {
      if (plain !== "") parts.push(plain);
      plain = "";
    };
    while (this.#at < this.text.length && this.text[this.#at] !== end) {
      const character = this.text[this.#at]!;
      if (character === "%" && this.text[this.#at + 1] === "{") {
        flush();
        parts.push(this.#variable());
      } else if (character === "$" && /\d/.test(this.text[this.#at + 1] ?? "")) {
        flush();
        parts.push({ group: Number(this.text[this.#at + 1]) });
        this.#at += 2;
      } else {
        if (character === "\\" && this.#at + 1 < this.text.length) this.#at++;
        plain += this.text[this.#at++]!;
      }
    }
    flush();
    return parts;
  }

  /** `%{NAME}` or `%{function:argument}`. */
  #variable(): Part {
    const found = /^%\{(?:([A-Za-z_]\w*):)?([^{}]*)\}/.exec(this.#rest);
    if (found === null) return this.#fail();
    this.#at += found[0].length;
    const [, call, name = ""] = found;
    if (call === undefined) return { variable: name };
    if (call === "HTTP" || call === "ENV") return { variable: `${call}:${name}` };
    if (!FUNCTIONS.has(call)) throw new ExpressionError(`the function ${call} is not known here`);
    return { call, argument: [name] };
  }
}
