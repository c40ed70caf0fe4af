/** What a configuration says that does not keep it from running, and that people should know all the same. */

/**
 * How much it matters:
 * - `opens`: somebody is let in whom Apache would have kept out;
 * - `changes`: clients or servers get something else than from Apache;
 * - `none`: nobody notices.
 */
export type WarningSort = "opens" | "changes" | "none";

/** The sorts, the dangerous first, and what people call them. */
export const WARNING_SORTS: Readonly<Record<WarningSort, string>> = {
  opens: "opens what Apache closes",
  changes: "changes answers",
  none: "no effect here",
};

/** One of them. */
export interface Warning {
  readonly sort: WarningSort;
  /** The file, as messages name it. */
  readonly source: string;
  /** Counted from 1; 0 where it is about the file as a whole. */
  readonly line: number;
  /** What it is about: the name of a directive, mostly; may be empty. */
  readonly subject: string;
  /** A sentence without its period; empty where all is said by the sort. */
  readonly message: string;
}

/**
 * The lines that people read: one for each warning that has a sentence; those without one stand together, one line a
 * sort, every line of the files named.
 *
 * @param source the configuration's own file, which need not be named beside each of its lines
 */
export function formatWarnings(warnings: readonly Warning[], source: string): string[] {
  return (Object.keys(WARNING_SORTS) as WarningSort[]).flatMap((sort) => {
    const own = warnings.filter((warning) => warning.sort === sort);
    const sentences = own.filter(({ message }) => message !== "").map((warning) => formatWarning(warning));
    const rest = own.filter(({ message }) => message === "");
    return rest.length === 0
      ? sentences
      : [...sentences, `${source}: ${WARNING_SORTS[sort]}: ${listOf(rest, source)}`];
  });
}

function formatWarning({ sort, source, line, subject, message }: Warning): string {
  const place = line > 0 ? `${source}:${line}` : source;
  // What nobody notices need not be called so in front of a sentence that says it.
  const what = sort === "none" ? "" : WARNING_SORTS[sort];
  return [place, what, subject, message].filter((part) => part !== "").join(": ");
}

/** `ErrorLog (lines 2, 9), CustomLog (line 3)` */
function listOf(warnings: readonly Warning[], source: string): string {
  const bySubject = new Map<string, Map<string, number[]>>();
  for (const { subject, source, line } of warnings) {
    const files = bySubject.get(subject) ?? new Map<string, number[]>();
    bySubject.set(subject, files);
    files.set(source, [...files.get(source) ?? [], line]);
  }
  return [...bySubject].map(([subject, files]) => {
    const places = [...files].map(([file, lines]) =>
      `${file === source ? "" : `${file} `}line${lines.length > 1 ? "s" : ""} ${lines.join(", ")}`
    );
    return `${subject} (${places.join("; ")})`;
  }).join(", ");
}
