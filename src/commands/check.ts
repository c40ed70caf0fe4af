/** `fdpass check`. */

import type { Command } from "commander";
import { ConfigError } from "../config/error.ts";
import { EXIT_USAGE } from "../control/failure.ts";
import type { Run } from "./command.ts";
import { write, writeError } from "./output.ts";
import { ignoreAccessOption, runDirectoryOption } from "./shared_options.ts";
import { CONFIG_ARGUMENT, load, sourceOf, warn } from "./source.ts";

export function addCheck(program: Command, run: Run): void {
  program.command("check").description("validate a configuration and print what it means")
    .argument(...CONFIG_ARGUMENT).option("--route <url>", "say where one request would go")
    .option("--json", "print what is wrong, and what to know, for programs")
    .addOption(runDirectoryOption()).addOption(ignoreAccessOption()).action(run(check));
}

interface CheckOptions {
  readonly route?: string;
  readonly json?: true;
  readonly ignoreAccessControl?: true;
  readonly runDir?: string;
}

async function check(argument: string | undefined, options: CheckOptions): Promise<number> {
  const source = sourceOf(argument, "check");
  if (options.json) return await checkForPrograms(source, options);
  const config = await load(source, options);
  warn(config, source);
  const { checkCertificates } = await import("../control/tls/check_certificates.ts");
  const certificates = await checkCertificates(config);
  for (const warning of certificates.warnings) writeError(`fdpass: ${warning}\n`);
  const { describe, describePaths } = await import("../config/describe.ts");
  const { describeMappings } = await import("../route/example.ts");
  if (options.route === undefined) {
    write(describe(config) + describeMappings(config));
    if (certificates.lines.length > 0) write(`\nCertificates\n  ${certificates.lines.join("\n  ")}\n`);
    return 0;
  }
  const { resolve } = await import("../route/resolve_url.ts");
  const answer = resolve(config.listeners, options.route);
  if (!answer.found) {
    writeError(`fdpass: ${answer.reason}\n`);
    return 1;
  }
  const { site, route, rest } = answer;
  write(`site      ${site.names.join(", ") || "(every Host)"}\n`);
  write(`route     ${describePaths(route)}\n`);
  write(`path      ${rest}\n`);
  write(`backends  ${route.backends.join(", ")}\n`);
  return 0;
}

/** One JSON document, whatever is wrong with the configuration. */
async function checkForPrograms(source: string, options: CheckOptions): Promise<number> {
  try {
    const config = await load(source, options);
    const { checkCertificates } = await import("../control/tls/check_certificates.ts");
    const certificates = (await checkCertificates(config)).warnings.map((message) => ({
      sort: "changes",
      source,
      line: 0,
      subject: "certificate",
      message,
    }));
    const warnings = [...config.warnings ?? [], ...certificates];
    write(`${JSON.stringify({ valid: true, problems: [], warnings }, undefined, 2)}\n`);
    return 0;
  } catch (error) {
    const problems = error instanceof ConfigError
      ? error.problems.map((problem) => ({ source: error.source, ...problem }))
      : error instanceof Error && error.name === "OpenSslError"
      ? [{ source, line: 0, column: 0, path: "", message: error.message }]
      : undefined;
    if (problems === undefined) throw error;
    write(`${JSON.stringify({ valid: false, problems, warnings: [] }, undefined, 2)}\n`);
    return EXIT_USAGE;
  }
}
