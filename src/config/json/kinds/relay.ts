/** The keys of the kind `relay`. */

import { readDuration } from "../../quantity.ts";
import { formatUpstream, readUpstream } from "../../upstream.ts";
import { duration, flag, text } from "../shapes.ts";
import type { KindKeys } from "./kind.ts";

export const relayKeys: KindKeys = {
  choice: "upstream",
  advice: "add the URL of the server",
  shape: {
    upstream: text(`write the URL of an HTTP server, such as "http://127.0.0.1:3000"`, {
      pattern: "^([hH][tT][tT][pP]://|[uU][nN][iI][xX]:)[^ ?#]+$",
      examples: ["http://127.0.0.1:3000", "http://localhost:3000/base", "unix:/run/app.sock"],
    }).optional().meta({
      description:
        "An HTTP server that knows nothing of hand-offs: requests are relayed to it, below the path " +
        "of the URL. fdpass up runs the relay, not the server.",
    }),
    preserveHost: flag(false, "Whether the upstream is told the Host that the client means, not its own."),
    upstreamTimeout: duration(
      60_000,
      "Silence that the upstream may have while it owes a response, or the rest of one; 504 after that.",
    ),
  },
  read(entry, { path, report, resolve }) {
    const { upstream: url, preserveHost, upstreamTimeout: time } = entry;
    if (typeof url !== "string") return undefined;
    const upstream = report.take(readUpstream(url, resolve), [...path, "upstream"]);
    const timeout = typeof time === "number" || typeof time === "string"
      ? report.take(readDuration(time, { least: 1 }), [...path, "upstreamTimeout"])
      : undefined;
    if (upstream === undefined) return undefined;
    return {
      kind: "relay",
      upstream: formatUpstream(upstream),
      ...preserveHost === true ? { preserveHost } : {},
      ...timeout === undefined ? {} : { timeout },
    };
  },
};
