/** `fdpass schema`. */

import type { Command } from "commander";
import type { Run } from "./command.ts";
import { write } from "./output.ts";

export function addSchema(program: Command, run: Run): void {
  program.command("schema").description("print the JSON Schema of the configuration").action(run(schema));
}

async function schema(): Promise<number> {
  const { jsonSchema } = await import("../config/json/schema.ts");
  write(JSON.stringify(jsonSchema(), null, 2) + "\n");
  return 0;
}
