/** The kind `relay` as a process. */

import type { RelayOptions } from "../../backend/relay/relay_handler.ts";
import type { Plain, Relay } from "../../config/config.ts";
import { nameToResolve, readUpstream } from "../../config/upstream.ts";
import { UsageError } from "../failure.ts";
import type { KindLog, KindProgram } from "./program.ts";

export const relayProgram: KindProgram<Relay> = {
  arguments: ({ upstream, ...options }) => [
    "--upstream",
    upstream,
    ...options.preserveHost ? ["--preserve-host"] : [],
    ...time("--upstream-timeout", options.timeout),
    ...time("--connect-timeout", options.connectTimeout),
    ...options.maxUpstream === undefined ? [] : ["--max-upstream", String(options.maxUpstream)],
    ...options.reverse?.length === 0 ? ["--reverse", "off"] : [],
    ...words("--reverse", options.reverse?.map(({ path, url }) => [path, url])),
    ...words("--cookie-domain", options.cookieDomains?.map(({ from, to }) => [from, to])),
    ...words("--cookie-path", options.cookiePaths?.map(({ from, to }) => [from, to])),
    ...plain(options.plain),
  ],
  permissions({ upstream }) {
    // Sockets are opened by libc; what remains of the network is finding a name's addresses.
    const reading = readUpstream(upstream, (path) => path);
    const name = "value" in reading ? nameToResolve(reading.value) : undefined;
    return name === undefined ? [] : [`--allow-net=${name}`];
  },
  async serve({ upstream, kind: _, ...options }, log) {
    const reading = readUpstream(upstream, (path) => path);
    if ("fault" in reading) throw new UsageError(reading.fault);
    const { RelayRequestHandler } = await import("../../backend/relay/relay_handler.ts");
    const { httpServer } = await import("./http.ts");
    const report = reportTo(log, upstream);
    return httpServer(new RelayRequestHandler({ ...options, upstream: reading.value, report }), log);
  },
  serveForApache:
    "Cannot relay with --apache: Apache has read the request by then, and there is none to pass on; " +
    "have Apache proxy to the server itself (ProxyPass), or hand over by fdpass front",
};

function time(option: string, milliseconds: number | undefined): string[] {
  return milliseconds === undefined ? [] : [option, `${milliseconds}ms`];
}

/** No part of a rule has a space in it. */
function words(option: string, rules: readonly (readonly string[])[] = []): string[] {
  return rules.flatMap((rule) => [option, rule.join(" ")]);
}

function plain(mode: Plain | undefined): string[] {
  if (mode === undefined) return [];
  return mode === "bare" ? ["--plain"] : ["--proxy-protocol", mode];
}

type Report = NonNullable<RelayOptions["report"]>;

function reportTo(log: KindLog, upstream: string): Report {
  return (event) => {
    if (event.type === "upstream-back") return log.info("{upstream} can be reached again", { upstream });
    if (event.type === "upstream-failed") {
      return log.warn("{request} was not answered by {upstream}: {reason}", { upstream, ...event });
    }
    log.error("{upstream} is away: {reason}; requests get 502 until it is back", { upstream, ...event });
  };
}
