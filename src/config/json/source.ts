/** From text to a JSON value and a report that knows where each part of it stands. */

import {
  createScanner,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";
import { quote } from "../reading.ts";
import { type Path, Report } from "./report.ts";

/** A document that is an object in good syntax. */
export interface JsonSource {
  /** Nothing else is known of it. Objects have no prototype; of a repeated key the first counts. */
  readonly value: unknown;
  /** Takes the problems that are found from here on. */
  readonly report: Report;
}

/** Far more than a configuration has; it keeps recursion, here and in the libraries, off the stack's end. */
const MAX_DEPTH = 32;

const SMALLEST = `{"listen": "127.0.0.1:8080", "sites": [{"to": "fd:///run/app.sock"}]}`;

/**
 * Reads the syntax: JSON, with comments and trailing commas allowed.
 *
 * @param text The document, without a byte order mark.
 * @param name What messages call it.
 * @returns Its value, and a report that holds its repeated keys already.
 * @throws {ConfigError} If the text is not an object in good syntax.
 */
export function readJson(text: string, name: string): JsonSource {
  const early = new Report(name, text);
  checkStart(text, early);
  early.throwIfAny();

  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const lines = new Set<number>();
  for (const error of errors) {
    // What follows on the same line mostly comes from the first mistake there.
    const line = early.lineAt(error.offset);
    if (lines.has(line)) continue;
    lines.add(line);
    early.offset(error.offset, [], explain(error, text));
  }
  early.throwIfAny();

  const report = new Report(name, text, root);
  return { value: root && valueOf(root, [], report), report };
}

/** Looks at tokens alone: how the document begins, and how deep it goes. */
function checkStart(text: string, report: Report): void {
  const scanner = createScanner(text, true);
  // Its kinds of tokens are const enums, which exist for the compiler only; first characters tell as much.
  const next = () => {
    scanner.scan();
    return text[scanner.getTokenOffset()];
  };
  let first = next();
  const start = scanner.getTokenOffset();
  if (first === undefined) {
    return report.offset(0, [], `The configuration is empty; write at least ${SMALLEST}`);
  }
  if (first === "[") {
    return report.offset(start, [], `Found a list; start with { and put the list of sites under "sites"`);
  }
  if (first !== "{") {
    // The first word of another syntax says more than its first token.
    const word = quote(/^\S*/.exec(text.slice(start))?.[0] ?? "");
    return report.offset(
      start,
      [],
      `Found ${word}, but only the JSON syntax is understood; it starts with {`,
    );
  }
  let depth = 0;
  for (; first !== undefined; first = next()) {
    if (first === "{" || first === "[") depth++;
    if (first === "}" || first === "]") depth--;
    if (depth > MAX_DEPTH) {
      const message = `Nested deeper than ${MAX_DEPTH} levels; close the brackets and braces that are done`;
      return report.offset(scanner.getTokenOffset(), [], message);
    }
  }
}

/** What the parser's complaints mean, by their names; `part` is the quoted text that it stumbled over. */
const SENTENCES: Readonly<Record<string, (part: string) => string>> = {
  InvalidSymbol: (part) => `Cannot read ${part}; write keys and texts in double quotes`,
  InvalidNumberFormat: (part) => `Cannot read the number ${part}; write it as 10 or 0.5`,
  PropertyNameExpected: () => "Expected a key; write it in double quotes, then a colon and its value",
  ValueExpected: () => "Expected a value; write a text in double quotes, a number, a list or an object",
  ColonExpected: () => "Expected a colon; write one between a key and its value",
  CommaExpected: () => "Expected a comma; write one between two entries, and } or ] after the last",
  CloseBraceExpected: () => "Expected a closing brace; write } after the last key of the object",
  CloseBracketExpected: () => "Expected a closing bracket; write ] after the last entry of the list",
  EndOfFileExpected: (part) => `Found ${part} after the end of the configuration; move it into the object`,
  UnexpectedEndOfComment: () => "Found a comment without an end; write */ after it",
  UnexpectedEndOfString: () => "Found a text without an end; write a double quote after it, on the same line",
  InvalidEscapeCharacter: () => `Cannot read an escape in this text; write "\\\\" for a backslash`,
  InvalidUnicode: () => `Cannot read an escape in this text; write "\\u" and four hexadecimal digits`,
  InvalidCharacter: () => `Found a control character in this text; write it as an escape, such as "\\t"`,
};

function explain({ error, offset, length }: ParseError, text: string): string {
  const part = quote(text.slice(offset, offset + length));
  return SENTENCES[printParseErrorCode(error)]?.(part) ?? `Cannot read ${part}; write JSON`;
}

/**
 * The value of a node. The parser's own `getNodeValue` is no match for documents with hostile keys (it makes
 * `__proto__` a prototype) and hides repeated ones.
 */
function valueOf(node: Node, path: Path, report: Report): unknown {
  if (node.type === "array") {
    return (node.children ?? []).map((child, index) => valueOf(child, [...path, index], report));
  }
  if (node.type !== "object") return getNodeValue(node);
  const value: Record<string, unknown> = Object.create(null);
  const lines = new Map<string, number>();
  for (const property of node.children ?? []) {
    const [keyNode, valueNode] = property.children ?? [];
    if (!keyNode || !valueNode) continue;
    const key: string = keyNode.value;
    const first = lines.get(key);
    if (first !== undefined) {
      const message = `Given twice, first on line ${first}; keep one of the two`;
      report.offset(keyNode.offset, [...path, key], message);
      continue;
    }
    lines.set(key, report.lineAt(keyNode.offset));
    // Libraries skip this key, so that it would pass unseen.
    if (key === "__proto__") report.offset(keyNode.offset, [...path, key], "Unknown key; remove it");
    else value[key] = valueOf(valueNode, [...path, key], report);
  }
  return value;
}
