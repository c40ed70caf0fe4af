/** The keys of the kind `exec`. */

import { z } from "zod";
import { EXEC_DEFAULTS } from "../../config.ts";
import { readFilePath } from "../../path.ts";
import { readDuration } from "../../quantity.ts";
import { duration, expect, flag, whole } from "../shapes.ts";
import type { KindKeys } from "./kind.ts";

const COMMAND = `write a program and its arguments, such as ["./greet", "--politely"]`;

export const execKeys: KindKeys = {
  choice: "exec",
  advice: "add a program and its arguments",
  shape: {
    exec: z.array(z.string({ error: expect(COMMAND) }), { error: expect(COMMAND) })
      .min(1, { error: () => `Found an empty list; ${COMMAND}` }).optional().meta({
        description:
          "A program and its arguments. It is run for each connection, its standard input and output " +
          "the socket. A program with a slash is a path relative to this file; others are looked for in PATH. " +
          "fdpass up runs it.",
        examples: [["./greet"], ["python3", "-u", "/srv/app.py"]],
      }),
    cgi: flag(false, "Whether the program is run for each request instead, by CGI/1.1."),
    maxPrograms: whole(1, 65_535).optional().meta({
      description: "Programs of one process that run at a time; more connections go elsewhere, or wait.",
      default: EXEC_DEFAULTS.maxPrograms,
    }),
    programTimeout: duration(
      EXEC_DEFAULTS.cgiTimeout,
      "What a program may take before it is ended. Unless given, there is no limit for a program per connection.",
    ),
  },
  read(entry, { path, report, resolve }) {
    const { exec, cgi, maxPrograms, programTimeout: time } = entry;
    if (!Array.isArray(exec) || !exec.every((word) => typeof word === "string")) return undefined;
    const [program, ...args] = exec as string[];
    if (program === undefined) return undefined;
    if (program === "") {
      report.value([...path, "exec", 0], `Cannot run an empty name; ${COMMAND}`);
      return undefined;
    }
    const command = program.includes("/")
      ? report.take(readFilePath(program, resolve), [...path, "exec", 0])
      : program;
    args.forEach((word, index) => {
      if (word.includes("\0")) {
        report.value([...path, "exec", index + 1], "Cannot pass on a NUL; leave it out");
      }
    });
    const programTimeout = typeof time === "number" || typeof time === "string"
      ? report.take(readDuration(time, { least: 1 }), [...path, "programTimeout"])
      : undefined;
    if (command === undefined) return undefined;
    return {
      kind: "exec",
      command: [command, ...args],
      ...cgi === true ? { cgi } : {},
      ...typeof maxPrograms === "number" ? { maxPrograms } : {},
      ...programTimeout === undefined ? {} : { programTimeout },
    };
  },
};
