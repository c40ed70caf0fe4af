/** What every configuration syntax reports: places, and what is wrong there. */

/** What messages call a configuration that was piped in. */
export const STANDARD_INPUT = "standard input";

/** One thing that is wrong with a configuration. */
export interface Problem {
  /** The file, where it is another one than the configuration's own: one that it includes. */
  readonly source?: string;
  /** Counted from 1; 0 where the trouble is with the file as a whole. */
  readonly line: number;
  /** Counted from 1 in UTF-16 code units, as editors do; 0 where `line` is. */
  readonly column: number;
  /** The way to the faulty value, such as `sites[0].routes[1].to`; empty for the document itself. */
  readonly path: string;
  /** One sentence without its period: what is wrong; what would be right. */
  readonly message: string;
}

/**
 * A configuration that cannot be used. Its message has one line for each problem, in document order:
 * `fdpass.json:12:9: sites[0].routes[1].to: …`.
 */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** The file as the user named it, or `standard input`. */
  readonly source: string;
  /** Never empty. */
  readonly problems: readonly Problem[];

  /**
   * @param source The file as the user named it, or `standard input`.
   * @param problems Everything that is wrong, in document order.
   * @param options The cause, where there is one.
   */
  constructor(source: string, problems: readonly Problem[], options?: ErrorOptions) {
    super(problems.map((problem) => formatProblem(source, problem)).join("\n"), options);
    this.source = source;
    this.problems = problems;
  }
}

/**
 * The line that a user reads for one problem.
 *
 * @param source The file as the user named it.
 * @param problem What is wrong, and where.
 * @returns `source:line:column: path: message`, without the parts that the problem does not have.
 */
export function formatProblem(source: string, problem: Problem): string {
  const file = problem.source ?? source;
  const place = problem.line > 0 ? `${file}:${problem.line}:${problem.column}` : file;
  return [place, problem.path, problem.message].filter((part) => part !== "").join(": ");
}

/**
 * A {@linkcode ConfigError} about the file as a whole, or about one place in it.
 *
 * @param source The file as the user named it.
 * @param message What is wrong; what would be right.
 * @param options The place, when it is known, and the cause.
 * @returns The error, to be thrown by the caller.
 */
export function configError(
  source: string,
  message: string,
  options: { line?: number; column?: number; cause?: unknown } = {},
): ConfigError {
  const { line = 0, column = 0, cause } = options;
  const problem = { line, column, path: "", message };
  return new ConfigError(source, [problem], cause === undefined ? undefined : { cause });
}
