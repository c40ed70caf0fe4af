/** The lines of an Apache configuration file, and the words in them, read as httpd reads them. */

/** Where something stands. */
export interface Place {
  /** The file, as messages name it. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/** What counts as one line: several, where a backslash ends all but the last. */
export interface Line extends Place {
  /** Without the white space at both ends; never empty, never a comment. */
  readonly text: string;
}

/**
 * The lines of a file that say something. A backslash at the end of a line joins it to the next one, in comments too; a
 * comment has a line of its own.
 *
 * @param text the whole file
 * @param file what messages call it
 */
export function* linesOf(text: string, file: string): Generator<Line> {
  const physical = text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/);
  for (let index = 0; index < physical.length; index++) {
    const line = index + 1;
    let joined = physical[index]!;
    while (joined.endsWith("\\") && index + 1 < physical.length) {
      joined = joined.slice(0, -1) + physical[++index]!;
    }
    const trimmed = joined.trim();
    if (trimmed !== "" && !trimmed.startsWith("#")) yield { file, line, text: trimmed };
  }
}

/** The words of a line, or what is wrong with its quotes. */
export type Words = { readonly words: readonly string[] } | { readonly fault: string };

/**
 * Splits arguments into words: by white space, but for what stands in single or double quotes, where a backslash before
 * the quote takes its meaning away. Two backslashes are one, in quotes or not. A quote within a word is a character like
 * any other.
 */
export function wordsOf(text: string): Words {
  const words: string[] = [];
  let at = 0;
  while (true) {
    while (at < text.length && isSpace(text[at]!)) at++;
    if (at >= text.length) return { words };
    const quote = text[at]!;
    if (quote !== '"' && quote !== "'") {
      const start = at;
      while (at < text.length && !isSpace(text[at]!)) at++;
      words.push(text.slice(start, at).replaceAll("\\\\", "\\"));
      continue;
    }
    let word = "";
    for (at++; at < text.length && text[at] !== quote; at++) {
      const next = text[at + 1];
      if (text[at] === "\\" && (next === "\\" || next === quote)) at++;
      word += text[at]!;
    }
    if (at >= text.length) {
      return { fault: `Found a ${quote} that is not closed; write another one behind it` };
    }
    at++;
    words.push(word);
  }
}

function isSpace(character: string): boolean {
  return /\s/.test(character);
}
