/** The kind `exec` as a process. */

import { initialDescriptorLimit } from "../../../ffi/mod.ts";
import type { ExecOptions } from "../../backend/exec/exec_server.ts";
import type { ProgramEvent } from "../../backend/exec/programs.ts";
import { type Exec, EXEC_DEFAULTS } from "../../config/config.ts";
import { formatDuration } from "../../config/quantity.ts";
import { UsageError } from "../failure.ts";
import { VERSION } from "../version.ts";
import type { KindLog, KindProgram } from "./program.ts";
import { aboutSite } from "../../backend/log/about_site.ts";

export const execProgram: KindProgram<Exec> = {
  arguments: ({ command, cgi, maxPrograms, programTimeout }) => [
    "--exec",
    ...cgi ? ["--cgi"] : [],
    ...command.length === 0 ? ["--named"] : [],
    ...maxPrograms === undefined ? [] : ["--max-programs", String(maxPrograms)],
    ...programTimeout === undefined ? [] : ["--program-timeout", `${programTimeout}ms`],
  ],
  operands: ({ command }) => command,
  // Programs are started by libc.
  permissions: () => [],
  reloads: false,
  async serve(kind, log) {
    const options = await optionsOf(kind, log);
    if (!kind.cgi) {
      const { ExecServer } = await import("../../backend/exec/exec_server.ts");
      return new ExecServer(options);
    }
    const { CgiRequestHandler } = await import("../../backend/exec/cgi/cgi_handler.ts");
    const { withoutRequest } = await import("../../backend/exec/cgi/meta_variables.ts");
    const { httpServer } = await import("./http.ts");
    const handler = new CgiRequestHandler({
      timeout: EXEC_DEFAULTS.cgiTimeout,
      ...options,
      environment: withoutRequest(options.environment),
      software: `fdpass/${VERSION}`,
      onFault: ({ method, target, connection }, process, why) => {
        const request = `${method} ${target}`;
        log.about(aboutSite(connection)).error(
          "program-unanswered",
          "{request} was not answered by program {process}: {why}",
          {
            request,
            process,
            why,
          },
        );
      },
    });
    const { BOUNDED_CONTENT } = await import("../../backend/http/content_terms.ts");
    return httpServer(handler, log, BOUNDED_CONTENT);
  },
  // The program writes the content of a response whose head is sent, and cannot know what was asked.
  async serveForApache(kind, log) {
    if (kind.cgi) throw new UsageError("Cannot use --cgi with --apache, which hands over no requests");
    const { ExecServer } = await import("../../backend/exec/exec_server.ts");
    return new ExecServer(await optionsOf(kind, log));
  },
};

async function optionsOf(kind: Exec, log: KindLog): Promise<ExecOptions> {
  const { findCommand } = await import("../../backend/exec/command.ts");
  const { baseEnvironment } = await import("../../backend/exec/environment.ts");
  const environment = baseEnvironment();
  return {
    ...kind.command.length === 0 ? {} : { command: findCommand(kind.command, environment) },
    environment,
    most: kind.maxPrograms ?? EXEC_DEFAULTS.maxPrograms,
    ...kind.programTimeout === undefined ? {} : { timeout: kind.programTimeout },
    descriptors: initialDescriptorLimit(),
    report: (event, about) => logEvent(log.about(about), event),
  };
}

function logEvent(log: KindLog, event: ProgramEvent): void {
  switch (event.type) {
    case "said":
      return log.warn("program-said", "program {process}: {line}", { ...event });
    case "unsaid":
      return log.warn(
        "program-too-much",
        "program {process} wrote too much: {bytes} bytes of its standard error are left out",
        {
          ...event,
        },
      );
    case "ended":
      return log.warn("program-ended", "program {process} ended: {how}", { ...event });
    case "late":
      return log.warn("program-late", "program {process} has run for {time} and is ended", {
        process: event.process,
        time: formatDuration(event.milliseconds),
      });
    case "failed":
      return log.error("program-failed", "{reason}", { ...event });
  }
}
