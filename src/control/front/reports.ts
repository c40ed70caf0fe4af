/** What a data plane reports, in sentences. */

import type { Log } from "../log/log.ts";
import { logOutput } from "../log/log_output.ts";
import type { Report } from "../../front/plan.ts";

/** Writes a report to the log, if it is one for people. */
export function logReport(log: Log, report: Report): void {
  switch (report.type) {
    case "backend-found":
      if (report.protocol === "apache") {
        return log.info(
          "backend-found",
          "backend {backend} found at {socket}: its socket is SOCK_STREAM, so it gets hand-offs as Apache sends them",
          {
            ...report,
          },
        );
      }
      return log.info("backend-found", "backend {backend} found at {socket}, process {process}", {
        ...report,
      });
    case "backend-lost":
      return log.warn("backend-lost", "backend {backend} lost at {socket}: {reason}", { ...report });
    case "backend-awaited":
      return log.warn(
        "backend-awaited",
        "backend {backend} cannot be reached at {socket}: {reason}; trying on",
        { ...report },
      );
    case "backend-restless":
      return log.warn(
        "backend-restless",
        "backend {backend} at {socket} comes and goes, {count} times since the last word of it: {reason}",
        {
          ...report,
        },
      );
    case "handoff-refused":
      return log.warn("handoff-refused", "backend {backend} refused a connection: {reason}{times}", {
        ...report,
        times: timesOf(report),
      });
    case "request-refused":
      if (report.status === 0) {
        return log.info(
          "request-refused",
          "closed a connection of {client} unanswered, because {why}{times}",
          {
            ...report,
            client: report.client ?? "a client",
            times: timesOf(report),
          },
        );
      }
      return log.info("request-refused", "answered {client} {status}{request}, because {why}{times}", {
        ...report,
        client: report.client ?? "a client",
        request: report.target ? ` for ${report.host || "no host"} ${report.target}` : "",
        times: timesOf(report),
      });
    case "output-failed":
    case "output-works":
    case "output-stays":
      return logOutput(log, report);
    case "made-room":
      return log.warn(
        "made-room",
        "few descriptors are left: closed {count} {what} connections of {client}",
        {
          ...report,
        },
      );
    case "response-broken-off":
      return log.warn(
        "response-broken-off",
        "broke a response off whose head was sent already, because {why}",
        { ...report },
      );
    case "descriptors":
      if (report.exhausted) {
        return log.error(
          "descriptors-exhausted",
          "out of descriptors: accepting nothing new for now; raise the limit (ulimit -n, LimitNOFILE=)",
        );
      }
      return log.info("descriptors-free", "descriptors are free again: accepting");
    case "backend-processes":
    case "reason":
    case "counters":
    case "channel":
    case "ready":
    case "applied":
    case "drained":
      return;
  }
}

function timesOf({ count }: { readonly count: number }): string {
  return count === 1 ? "" : `, ${count} times`;
}
