/** The options of the kind `exec`. */

import { Option } from "commander";
import { UsageError } from "../../control/failure.ts";
import { duration, wholeNumber } from "../values.ts";
import type { KindOptions } from "./kind.ts";

export const execOptions: KindOptions = {
  choice: new Option(
    "--exec",
    "run a program per connection, its stdin and stdout the socket: --exec -- CMD ARG…",
  ),
  more: [
    new Option("--cgi", "run the program per request instead, by CGI/1.1"),
    new Option("--named", "run the file that the front names, with --cgi (started by fdpass)"),
    new Option("--max-programs <n>", "programs that run at a time at most (default: 100)")
      .argParser(wholeNumber(1, 65_535)),
    new Option("--program-timeout <time>", "what a program may take (default: no limit; 5m with --cgi)")
      .argParser(duration),
  ],
  takesOperands: true,
  read(values, operands) {
    const [program] = operands;
    const isNamed = values.named === true && values.cgi === true;
    if (!isNamed && (program === undefined || program === "")) {
      throw new UsageError(
        "Cannot tell what to run: write the program and its arguments at the end, behind --",
      );
    }
    const maxPrograms = values.maxPrograms as number | undefined;
    const programTimeout = values.programTimeout as number | undefined;
    if (programTimeout === 0) {
      throw new UsageError("Cannot use --program-timeout 0; leave it out for no limit");
    }
    return {
      kind: "exec",
      command: operands,
      ...values.cgi === true ? { cgi: true } : {},
      ...maxPrograms === undefined ? {} : { maxPrograms },
      ...programTimeout === undefined ? {} : { programTimeout },
    };
  },
};
