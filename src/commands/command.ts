/** What a command is to the program that runs it. */

/**
 * Turns what a command does into the action that commander calls.
 *
 * @param command gets arguments and options as commander hands them over, and returns the exit code
 */
// deno-lint-ignore no-explicit-any -- commander hands over whatever the options make of the arguments
export type Run = (command: (...args: any[]) => Promise<number>) => (...args: unknown[]) => Promise<void>;
