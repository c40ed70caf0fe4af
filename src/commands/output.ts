/** What commands print. */

const encoder = new TextEncoder();

/** Prints to standard output. */
export function write(text: string): void {
  Deno.stdout.writeSync(encoder.encode(text));
}

/** Prints to standard error. */
export function writeError(text: string): void {
  Deno.stderr.writeSync(encoder.encode(text));
}
