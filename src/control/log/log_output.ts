/** What people are told of an access log. */

import type { OutputEvent } from "../../output/line_file.ts";
import type { Log } from "./log.ts";

/** Says what has become of it. */
export function logOutput(log: Log, event: OutputEvent): void {
  switch (event.type) {
    case "output-failed":
      return log.error(
        "log-failed",
        "the access log {path} cannot be written: {reason}; requests are served without",
        {
          ...event,
        },
      );
    case "output-works":
      return log.warn(
        "log-works",
        "the access log {path} lacks {dropped} lines of the time in which it could not be written",
        {
          ...event,
        },
      );
    case "output-stays":
      return log.error(
        "log-stays",
        "the access log {path} cannot be opened anew: {reason}; what is open stays in use",
        {
          ...event,
        },
      );
  }
}
