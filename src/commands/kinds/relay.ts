/** The options of the kind `relay`. */

import { Option } from "commander";
import { formatUpstream, readUpstream } from "../../config/upstream.ts";
import { UsageError } from "../../control/failure.ts";
import { absolute, duration } from "../values.ts";
import type { KindOptions } from "./kind.ts";

export const relayOptions: KindOptions = {
  choice: new Option("--upstream <url>", "relay to an HTTP server: http://host:port/base or unix:/path"),
  more: [
    new Option("--preserve-host", "tell the upstream the Host that the client means, not its own"),
    new Option("--upstream-timeout <time>", "silence that the upstream may have (default: 60s)")
      .argParser(duration),
  ],
  read(values) {
    const reading = readUpstream(values.upstream as string, absolute);
    if ("fault" in reading) throw new UsageError(reading.fault);
    const timeout = values.upstreamTimeout as number | undefined;
    return {
      kind: "relay",
      upstream: formatUpstream(reading.value),
      ...values.preserveHost === true ? { preserveHost: true } : {},
      ...timeout === undefined ? {} : { timeout },
    };
  },
};
