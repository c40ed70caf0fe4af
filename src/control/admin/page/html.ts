/** HTML in template strings: what is put in is text, and escaped, unless it is HTML already. */

/** Text that is HTML. */
export class Html {
  constructor(readonly text: string) {}
}

/** What may stand in a template. */
export type Part = string | number | Html | readonly Html[];

/** Puts HTML together. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((text, string, index) => text + textOf(parts[index - 1]!) + string));
}

function textOf(part: Part): string {
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(({ text }) => text).join("");
  return String(part).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
