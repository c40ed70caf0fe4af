/** `fdpass demo`. */

import { type Command, Option } from "commander";
import type { Run } from "./command.ts";
import { wholeNumber } from "./values.ts";

export function addDemo(program: Command, run: Run): void {
  const port = new Option("--port <n>", "the port to try first").default(8080).argParser(
    wholeNumber(1, 65_535),
  );
  program.command("demo").description("serve a page that shows what happens").addOption(port)
    .option("--tls", "over HTTPS, with a certificate made for it").action(run(demo));
}

async function demo(options: { readonly port: number; readonly tls?: true }): Promise<number> {
  const { configureLog } = await import("../control/log/log.ts");
  configureLog();
  const { runDemo } = await import("../demo/demo.ts");
  return await runDemo(options.port, options.tls ?? false);
}
