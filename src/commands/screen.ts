/** Text on a screen of a terminal. */

/**
 * As much of a text as there is room for, from its beginning on. What does not fit is cut, and the last line says that there
 * is more; the cursor stays on the last line, so that nothing scrolls.
 *
 * @param rows of the terminal; 0 where it does not say, and then nothing is cut
 */
export function fitted(text: string, rows: number, columns: number): string {
  if (rows < 1 || columns < 1) return text;
  const lines = text.replace(/\n$/, "").split("\n").map((line) => Array.from(line));
  const shown = lines.length <= rows ? lines : [...lines.slice(0, rows - 1), Array.from("…")];
  return shown.map((line) => line.length <= columns ? line : [...line.slice(0, columns - 1), "…"])
    .map((line) => line.join("")).join("\n");
}
