/**
 * Runs the tests in several processes at a time: `deno task test [PATH…]`. Not by the runner's own `--parallel`, whose
 * threads share one process: many tests look at which descriptors their process has open.
 */

/** Files that a process runs, one after the other: enough that its start is worth it. */
const FILES_EACH = 5;
/** What is run by a task of its own. */
const APART = ["tests/binary/", "tests/kernel_tls/"];
/** Run one after the other when all else has ended: they compare how long things take. */
const ALONE = "tests/linear/";
/** Begun first, so that no process is left with them alone in the end. */
const LONG = "tests/e2e/";

/** What the runner's closing line counts. */
interface Counts {
  passed: number;
  steps: number;
  failed: number;
  ignored: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function say(text: string): void {
  const bytes = encoder.encode(`${text}\n`);
  for (let written = 0; written < bytes.length;) written += Deno.stdout.writeSync(bytes.subarray(written));
}

/** The tests' files at and below a path, neighbours beside each other. */
function* testFiles(path: string): Generator<string> {
  if (Deno.statSync(path).isFile) {
    // Patterns of a shell name what helps tests as well.
    if (path.endsWith("_test.ts")) yield path;
    return;
  }
  const directory = path.replace(/\/*$/, "/");
  if (APART.includes(directory)) return;
  const entries = [...Deno.readDirSync(directory)].sort((left, right) => left.name < right.name ? -1 : 1);
  for (const { name, isDirectory } of entries) {
    if (isDirectory) yield* testFiles(directory + name);
    else if (name.endsWith("_test.ts")) yield directory + name;
  }
}

/** The files in the order in which they are begun, as many as one process runs at a time. */
function batches(files: readonly string[]): string[][] {
  const ordered = [
    ...files.filter((file) => file.startsWith(LONG)),
    ...files.filter((file) => !file.startsWith(LONG)),
  ];
  return Array.from(
    { length: Math.ceil(ordered.length / FILES_EACH) },
    (_, index) => ordered.slice(index * FILES_EACH, (index + 1) * FILES_EACH),
  );
}

/** Runs Deno, and returns what it has said: output and errors through one pipe, in the order in which they came. */
async function run(...args: string[]): Promise<{ success: boolean; text: string }> {
  const { success, stdout } = await new Deno.Command("sh", {
    args: ["-c", 'exec "$0" "$@" 2>&1', Deno.execPath(), ...args],
    stdin: "null",
    // What it says is read here.
    env: { NO_COLOR: "1" },
  }).output();
  return { success, text: decoder.decode(stdout).trim() };
}

/** What a closing line such as `ok | 3 passed (9 steps) | 0 failed | 1 ignored (47s)` counts; undefined without one. */
function countsOf(text: string): Counts | undefined {
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

async function main(paths: readonly string[]): Promise<number> {
  const begun = performance.now();
  // All at once: each process would check the types of nearly the same files for itself.
  const types = await run("check", "--quiet", ...paths);
  if (!types.success) {
    say(types.text);
    return 1;
  }
  const sum: Counts = { passed: 0, steps: 0, failed: 0, ignored: 0 };
  const failures: string[] = [];
  const files = [...new Set(paths.flatMap((path) => [...testFiles(path)]))];
  const work = async (waiting: string[][]) => {
    for (let files = waiting.shift(); files !== undefined; files = waiting.shift()) {
      const { success, text } = await run("test", "-A", "--quiet", "--no-check", ...files);
      say(text);
      const counts = countsOf(text);
      for (const key of Object.keys(sum) as (keyof Counts)[]) sum[key] += counts?.[key] ?? 0;
      // Without a failed test, something else went wrong: a file that cannot be read, or a process that was ended.
      if (!success && !counts?.failed) sum.failed++;
      if (!success) failures.push(text.slice(Math.max(0, text.indexOf("\n ERRORS \n"))));
    }
  };
  const beside = batches(files.filter((file) => !file.startsWith(ALONE)));
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, () => work(beside)));
  await work(batches(files.filter((file) => file.startsWith(ALONE))));
  // Once more, where people look: what has failed is far up by now.
  // Once more, where people look: what has failed is far up by now.
  for (const failure of failures) say(`\n${failure}`);
  const seconds = Math.round((performance.now() - begun) / 1_000);
  const verdict = sum.failed === 0 ? "ok" : "FAILED";
  const parts = [
    verdict,
    sum.steps === 0 ? `${sum.passed} passed` : `${sum.passed} passed (${sum.steps} steps)`,
    `${sum.failed} failed`,
    ...(sum.ignored === 0 ? [] : [`${sum.ignored} ignored`]),
  ];
  say(`\n${parts.join(" | ")} (${Math.floor(seconds / 60)}m${seconds % 60}s)`);
  return sum.failed === 0 ? 0 : 1;
}

Deno.exit(await main(Deno.args.length === 0 ? ["tests/"] : Deno.args));
