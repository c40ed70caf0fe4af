/** The kind `relay` as a process. */

import type { Balancing } from "../../config/balancing.ts";
import type { PlainRelayEvent } from "../../backend/relay/plain_relay.ts";
import type { RelayEvent } from "../../backend/relay/relay_handler.ts";
import type { Plain, Relay } from "../../config/config.ts";
import { nameToResolve, readUpstream, type Upstream } from "../../config/upstream.ts";
import type { UpstreamTls } from "../../config/upstream_tls.ts";
import type { Securing } from "../../backend/relay/secured.ts";
import { openSslPaths } from "../../../ffi/openssl/paths.ts";
import { UsageError } from "../failure.ts";
import type { KindLog, KindProgram } from "./program.ts";
import type { AboutSite } from "../../logs/rules.ts";

export const relayProgram: KindProgram<Relay> = {
  arguments: ({ upstream, ...options }) => [
    "--upstream",
    upstream,
    ...options.tls === undefined ? [] : ["--upstream-tls", JSON.stringify(options.tls)],
    ...options.preserveHost ? ["--preserve-host"] : [],
    ...options.preservePath ? ["--preserve-path"] : [],
    ...options.upgrade === undefined ? [] : ["--upgrade", options.upgrade],
    ...options.encodedSlashes === undefined ? [] : ["--encoded-slashes", options.encodedSlashes],
    ...options.underscoresInHeaders ? ["--underscores-in-headers"] : [],
    ...options.forwarded === undefined ? [] : ["--forwarded", options.forwarded],
    ...time("--upstream-timeout", options.timeout),
    ...time("--connect-timeout", options.connectTimeout),
    ...options.maxUpstream === undefined ? [] : ["--max-upstream", String(options.maxUpstream)],
    ...options.balancing === undefined ? [] : ["--balancing", JSON.stringify(options.balancing)],
    ...options.reverse?.length === 0 ? ["--reverse", "off"] : [],
    ...words("--reverse", options.reverse?.map(({ path, url }) => [path, url])),
    ...words("--cookie-domain", options.cookieDomains?.map(({ from, to }) => [from, to])),
    ...words("--cookie-path", options.cookiePaths?.map(({ from, to }) => [from, to])),
    ...plain(options.plain),
    ...options.errorPages === undefined ? [] : ["--error-pages", JSON.stringify(options.errorPages)],
    ...options.errorOverride === undefined ? [] : ["--error-override", String(options.errorOverride)],
  ],
  permissions({ upstream, balancing }) {
    // Sockets are opened by libc; what remains of the network is finding the addresses of names.
    const names = upstreamsOf(upstream, balancing).flatMap((one) => nameToResolve(one) ?? []);
    return names.length === 0 ? [] : [`--allow-net=${[...new Set(names)].join(",")}`];
  },
  libraries: ({ upstream, balancing }) =>
    upstreamsOf(upstream, balancing).some(({ tls }) => tls) ? Object.values(openSslPaths()) : [],
  reloads: false,
  async serve({ upstream, kind: _, plain, tls, ...options }, log) {
    const reading = readUpstream(upstream, (path) => path);
    if ("fault" in reading) throw new UsageError(reading.fault);
    const speaksTls = upstreamsOf(upstream, options.balancing).some((one) => one.tls);
    const securing = speaksTls ? { securing: await securingBy(tls) } : {};
    const common = { ...options, ...securing, upstream: reading.value, report: reportTo(log, upstream) };
    if (plain !== undefined) {
      const { PlainRelay } = await import("../../backend/relay/plain_relay.ts");
      return new PlainRelay({ ...common, plain });
    }
    const { RelayRequestHandler } = await import("../../backend/relay/relay_handler.ts");
    const { httpServer } = await import("./http.ts");
    const { BOUNDED_CONTENT } = await import("../../backend/http/content_terms.ts");
    return httpServer(new RelayRequestHandler(common), log, BOUNDED_CONTENT);
  },
  serveForApache:
    "Cannot relay with --apache: Apache has read the request by then, and there is none to pass on; " +
    "have Apache proxy to the server itself (ProxyPass), or hand over by fdpass front",
};

/** All servers of a relay, as far as they can be read. */
function upstreamsOf(upstream: string, balancing: Balancing | undefined): Upstream[] {
  return (balancing?.members ?? [{ upstream }]).flatMap((one) => upstreamOf(one.upstream) ?? []);
}

function upstreamOf(text: string): Upstream | undefined {
  const reading = readUpstream(text, (path) => path);
  return "value" in reading ? reading.value : undefined;
}

/** Opens OpenSSL. @throws {Error} where it is not there, or does not take something: why, and the way out */
async function securingBy(settings: UpstreamTls = {}): Promise<Securing> {
  const { TlsSecuring } = await import("../../backend/relay/tls/tls_securing.ts");
  return new TlsSecuring(settings);
}

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

/** Tells people what a relay has to say of its upstream. */
export function reportTo(
  serving: KindLog,
  upstream: string,
): (event: RelayEvent | PlainRelayEvent, about?: AboutSite) => void {
  return (event, about) => {
    const log = serving.about(about);
    switch (event.type) {
      case "upstream-back":
        return log.info("upstream-back", "{upstream} can be reached again", { upstream });
      case "upstream-away":
        return log.error(
          "upstream-away",
          "{upstream} is away: {reason}; requests get {status} until it is back",
          {
            upstream,
            ...event,
          },
        );
      case "upstream-down":
        return log.error("upstream-down", "{upstream} is left out: {reason}", event);
      case "upstream-up":
        return log.info("upstream-up", "{upstream} is used again", event);
      case "upstreams-down":
        return log.error("upstreams-down", "no server can be used; requests get 503 until one is back", {});
      case "upstream-failed":
        return log.warn("upstream-failed", "{request} was not answered by {upstream}: {reason}", {
          upstream,
          ...event,
        });
      case "not-whole":
        return log.error(
          "relay-not-whole",
          "refused connections of the route {route}, on which some requests belong elsewhere: a plain relay takes " +
            "whole connections; give it a site that is alone on its addresses and has one route, /",
          { route: event.route },
        );
      case "error":
        return log.error("connection-failed", "a connection failed: {error}", { error: event.error });
    }
  };
}
