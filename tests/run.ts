/**
 * Runs the tests in several processes at a time: `deno task test [PATH…]`. Not by the runner's own `--parallel`, whose
 * threads share one process: many tests look at which descriptors their process has open. With `--no-check`, types are not
 * checked once more.
 */

import { type Counts, countsOf, durationsOf, processorSeconds } from "./support/test_output.ts";

/** Files that a process runs, one after the other: enough that its start is worth it. */
const FILES_EACH = 5;
/** What is run by a task of its own. */
const APART = ["tests/binary/", "tests/kernel_tls/"];
/** Begun first, so that no process is left with them alone in the end. */
const LONG = ["tests/e2e/", "tests/linear/"];
/** Files that are named in the end for the time that they took. */
const SLOWEST = 15;
/** For runs whose types have been checked before. */
const NO_CHECK = "--no-check";

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
  const isLong = (file: string) => LONG.some((directory) => file.startsWith(directory));
  const ordered = [...files.filter(isLong), ...files.filter((file) => !isLong(file))];
  return Array.from(
    { length: Math.ceil(ordered.length / FILES_EACH) },
    (_, index) => ordered.slice(index * FILES_EACH, (index + 1) * FILES_EACH),
  );
}

/** What one process has done. */
interface Outcome {
  readonly success: boolean;
  /** Output and errors through one pipe, in the order in which they came. */
  readonly text: string;
  /** Seconds of processors, with all that it has started and waited for. */
  readonly processor: number;
}

/** What stands between the output of a process and what the shell says of it. */
const OVER = "\n--- used:\n";

/** Runs Deno. */
async function run(...args: string[]): Promise<Outcome> {
  const script = `"$0" "$@" 2>&1; code=$?; printf '${OVER.replaceAll("\n", "\\n")}'; times; exit $code`;
  const { success, stdout } = await new Deno.Command("sh", {
    args: ["-c", script, Deno.execPath(), ...args],
    stdin: "null",
    // What it says is read here.
    env: { NO_COLOR: "1" },
  }).output();
  const output = decoder.decode(stdout);
  const end = output.lastIndexOf(OVER);
  if (end < 0) return { success, text: output.trim(), processor: 0 };
  return { success, text: output.slice(0, end).trim(), processor: processorSeconds(output.slice(end)) };
}

/** What all processes have done together. */
class Totals {
  readonly failures: string[] = [];
  readonly #counts: Counts = { passed: 0, steps: 0, failed: 0, ignored: 0 };
  readonly #durations = new Map<string, number>();
  readonly #begun = performance.now();
  #processor = 0;

  get success(): boolean {
    return this.#counts.failed === 0;
  }

  add({ success, text, processor }: Outcome): void {
    const counts = countsOf(text);
    for (const key of Object.keys(this.#counts) as (keyof Counts)[]) this.#counts[key] += counts?.[key] ?? 0;
    // Without a failed test, something else went wrong: a file that cannot be read, or a process that was ended.
    if (!success && !counts?.failed) this.#counts.failed++;
    if (!success) this.failures.push(text.slice(Math.max(0, text.indexOf("\n ERRORS \n"))));
    for (const [file, duration] of durationsOf(text)) this.#durations.set(file, duration);
    this.#processor += processor;
  }

  /** Where the time went: the files that took the longest, and whether processors were waited for. */
  get #times(): string {
    const slowest = [...this.#durations].sort(([, left], [, right]) => right - left).slice(0, SLOWEST);
    const seconds = (milliseconds: number) => (milliseconds / 1_000).toFixed(1).padStart(7);
    const lines = slowest.map(([file, duration]) => `${seconds(duration)} s  ${file}`);
    const all = (performance.now() - this.#begun) / 1_000 * navigator.hardwareConcurrency;
    const share = 100 * this.#processor / all;
    const busy = `${Math.round(this.#processor)} s of processors, which were busy for ${Math.round(share)} %`;
    return `the slowest files:\n${lines.join("\n")}\n${busy}`;
  }

  /** The end of what a run says. */
  toString(): string {
    const { passed, steps, failed, ignored } = this.#counts;
    const seconds = Math.round((performance.now() - this.#begun) / 1_000);
    const parts = [
      this.success ? "ok" : "FAILED",
      steps === 0 ? `${passed} passed` : `${passed} passed (${steps} steps)`,
      `${failed} failed`,
      ...(ignored === 0 ? [] : [`${ignored} ignored`]),
    ];
    const closing = `${parts.join(" | ")} (${Math.floor(seconds / 60)}m${seconds % 60}s)`;
    return `\n${this.#times}\n\n${closing}`;
  }
}

async function main(args: readonly string[]): Promise<number> {
  const named = args.filter((argument) => argument !== NO_CHECK);
  const paths = named.length === 0 ? ["tests/"] : named;
  if (!args.includes(NO_CHECK)) {
    // All at once: each process would check the types of nearly the same files for itself.
    const types = await run("check", "--quiet", ...paths);
    if (!types.success) {
      say(types.text);
      return 1;
    }
  }
  const totals = new Totals();
  const files = [...new Set(paths.flatMap((path) => [...testFiles(path)]))];
  const waiting = batches(files);
  const work = async () => {
    for (let files = waiting.shift(); files !== undefined; files = waiting.shift()) {
      const outcome = await run("test", "-A", "--quiet", "--no-check", ...files);
      say(outcome.text);
      totals.add(outcome);
    }
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, work));
  // Once more, where people look: what has failed is far up by now.
  for (const failure of totals.failures) say(`\n${failure}`);
  say(`${totals}`);
  return totals.success ? 0 : 1;
}

Deno.exit(await main(Deno.args));
