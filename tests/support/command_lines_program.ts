/** Runs command lines one after the other, each by the function that cli.ts runs its own with (command_lines.ts). */

import { main } from "../../cli.ts";

const encoder = new TextEncoder();

for (const args of JSON.parse(await new Response(Deno.stdin.readable).text()) as string[][]) {
  const code = await main(args);
  const end = encoder.encode(`\0${code}\0`);
  Deno.stdout.writeSync(end);
  Deno.stderr.writeSync(end);
}
