/** The page that lists a directory (`Options Indexes`). */

import type { DirectoryEntry } from "../../../ffi/mod.ts";

/** Names that nobody wants to see in a list: hidden ones, and copies that editors leave. */
const LEFT_OUT = /^\.|~$|^#/;

/**
 * The page, in HTML.
 *
 * @param path of the directory, decoded, with a slash at its end; like names a character for each byte
 * @param isShown whether a name may be seen
 */
export function listing(
  path: string,
  entries: readonly DirectoryEntry[],
  isShown: (name: string) => boolean,
): string {
  const title = `Index of ${escaped(textOf(path))}`;
  const shown = entries.filter(({ name }) => !LEFT_OUT.test(name) && isShown(name))
    .toSorted((a, b) => Number(b.isDirectory) - Number(a.isDirectory) || (a.name < b.name ? -1 : 1));
  const lines = shown.map(({ name, isDirectory }) => {
    const slash = isDirectory ? "/" : "";
    // With a dot in front no name is a scheme, or another host.
    return `<li><a href="./${encoded(name)}${slash}">${escaped(textOf(name))}${slash}</a></li>\n`;
  });
  const up = path === "/" ? "" : '<li><a href="../">Parent directory</a></li>\n';
  return `<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>${title}</title></head>
<body><h1>${title}</h1>
<ul>
${up}${lines.join("")}</ul>
</body></html>
`;
}

/** The text whose UTF-8 these characters are. */
function textOf(bytes: string): string {
  return new TextDecoder().decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0)));
}

function encoded(bytes: string): string {
  return bytes.replace(
    /[^A-Za-z0-9._~-]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
