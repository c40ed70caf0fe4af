/** Many commands that end by themselves, in one process: its start takes far longer than one of them. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Program } from "./processes.ts";

const PROGRAM = fileURLToPath(new URL("./command_lines_program.ts", import.meta.url));

/** How one of them ended. */
export interface CommandEnding {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs command lines one after the other, as `fdpass` runs one. There is no standard input for them.
 *
 * @param lines the arguments of each
 * @param permissions flags of `deno run`, for all of them
 */
export async function runCommandLines(
  lines: readonly (readonly string[])[],
  permissions: readonly string[],
): Promise<CommandEnding[]> {
  await using program = new Program([], { permissions, program: PROGRAM, input: JSON.stringify(lines) });
  const { code, stdout, stderr } = await program.end();
  const [outputs, errors] = [stdout.split("\0"), stderr.split("\0")];
  // What a line has written, its code, and so on; nothing behind the last.
  const ends = [code, outputs.length, errors.length, outputs.at(-1), errors.at(-1)];
  assert.deepEqual(ends, [0, 2 * lines.length + 1, 2 * lines.length + 1, "", ""], `${stdout}${stderr}`);
  return lines.map((_, line) => ({
    code: Number(outputs[2 * line + 1]),
    stdout: outputs[2 * line]!,
    stderr: errors[2 * line]!,
  }));
}
