/** Debian's promtool, which has the last word on what Prometheus takes. */

import { isInstalled } from "../support/other_programs.ts";

/** Whether it is there. */
export const PROMTOOL = isInstalled("promtool", "--version");

/** Runs promtool; what it complains of. */
export async function promtool(args: readonly string[], input = ""): Promise<string> {
  const child = new Deno.Command("promtool", {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  return code === 0 && args[1] === "metrics" ? said : code === 0 ? "" : said;
}
