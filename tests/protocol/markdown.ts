/** Reads tables and hexadecimal examples out of a page. */

/** A table and the heading that it stands under. */
export interface Table {
  readonly heading: string;
  /** Column names, in lower case. */
  readonly columns: readonly string[];
  /** Cells by column name, without backticks. */
  readonly rows: readonly Readonly<Record<string, string>>[];
}

/** Every table of a page, in order. */
export function tables(page: string): Table[] {
  const found: Table[] = [];
  let heading = "";
  let columns: string[] | undefined;
  let rows: Record<string, string>[] = [];
  const end = () => {
    if (columns !== undefined) found.push({ heading, columns, rows });
    columns = undefined;
    rows = [];
  };
  for (const line of page.split("\n")) {
    if (!line.startsWith("|")) {
      end();
      heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading;
      continue;
    }
    const cells = line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", ""));
    if (columns === undefined) columns = cells.map((cell) => cell.toLowerCase());
    else if (!/^-+$/.test(cells[0]!)) {
      rows.push(Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? ""])));
    }
  }
  end();
  return found;
}

/** Every block that is marked as hex, as bytes. What stands behind two spaces is a comment. */
export function hexBlocks(page: string): Uint8Array<ArrayBuffer>[] {
  return [...page.matchAll(/^```hex\n([^`]*)^```$/gm)].map(([, block]) =>
    Uint8Array.from(
      block!.trimEnd().split("\n").flatMap((line) => {
        const digits = line.split("  ")[0]!.trim();
        if (!/^[0-9a-f]{2}( [0-9a-f]{2})*$/.test(digits)) throw new Error(`Cannot read "${line}" as bytes`);
        return digits.split(" ").map((pair) => parseInt(pair, 16));
      }),
    )
  );
}
