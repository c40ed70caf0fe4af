/** What `deno test` prints, read again by the program that has run it. */

/** What its closing line counts. */
export interface Counts {
  passed: number;
  steps: number;
  failed: number;
  ignored: number;
}

/** What a closing line such as `ok | 3 passed (9 steps) | 0 failed | 1 ignored (47s)` counts; undefined without one. */
export function countsOf(text: string): Counts | undefined {
  const line = text.split("\n").findLast((line) => /^(ok|FAILED) \|/.test(line));
  if (line === undefined) return undefined;
  const count = (pattern: RegExp) => Number(pattern.exec(line)?.[1] ?? 0);
  return {
    passed: count(/ (\d+) passed/),
    steps: count(/\((\d+) steps?\)/),
    failed: count(/ (\d+) failed/),
    ignored: count(/ (\d+) ignored/),
  };
}

/** How long each file's tests have taken together, in milliseconds: not the loading of it, nor what is left out. */
export function durationsOf(text: string): Map<string, number> {
  const durations = new Map<string, number>();
  let file: string | undefined;
  for (const line of text.split("\n")) {
    file = /^running \d+ tests? from (?:\.\/)?(\S+)$/.exec(line)?.[1] ?? file;
    // Steps are indented, and their time is that of their test.
    const duration = /^\S.* \.\.\. .*\((\S+)\)$/.exec(line)?.[1];
    if (file === undefined || duration === undefined) continue;
    durations.set(file, (durations.get(file) ?? 0) + milliseconds(duration));
  }
  return durations;
}

/** `250ms`, `38s` or `1m20s`, in milliseconds; 0 for anything else. */
function milliseconds(duration: string): number {
  const [, minutes, seconds, rest] = /^(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/.exec(duration) ?? [];
  return Number(minutes ?? 0) * 60_000 + Number(seconds ?? 0) * 1_000 + Number(rest ?? 0);
}

/**
 * Seconds of processors that children of a shell have used, with all below them that were waited for.
 *
 * @param text what its `times` prints (POSIX.1-2024, times): its own in one line, its children's in the next
 */
export function processorSeconds(text: string): number {
  const children = text.trim().split("\n").at(-1) ?? "";
  return [...children.matchAll(/(\d+)m(\d+\.\d+)s/g)]
    .reduce((sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds), 0);
}
