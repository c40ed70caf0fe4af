/** The kind `fastcgi` as a process. */

import type { FastCgi } from "../../config/config.ts";
import { readFastCgiUpstream } from "../../config/fastcgi_upstream.ts";
import { nameToResolve } from "../../config/upstream.ts";
import { UsageError } from "../failure.ts";
import { VERSION } from "../version.ts";
import type { KindProgram } from "./program.ts";
import { reportTo } from "./relay.ts";

export const fastcgiProgram: KindProgram<FastCgi> = {
  arguments: ({ upstream, root, ...options }) => [
    "--fastcgi",
    upstream,
    "--root",
    root,
    ...word("--index", options.index),
    ...word("--fallback", options.fallback),
    ...word("--document-root", options.documentRoot),
    ...options.hideAuthorization ? ["--hide-authorization"] : [],
    ...word("--upstream-timeout", options.timeout && `${options.timeout}ms`),
    ...word("--connect-timeout", options.connectTimeout && `${options.connectTimeout}ms`),
    ...word("--max-upstream", options.maxUpstream),
    ...word("--keep-upstream", options.keepUpstream),
  ],
  permissions({ upstream }) {
    const reading = readFastCgiUpstream(upstream, (path) => path);
    const name = "value" in reading ? nameToResolve(reading.value) : undefined;
    return name === undefined ? [] : [`--allow-net=${name}`];
  },
  reloads: false,
  async serve({ upstream, kind: _, hideAuthorization, keepUpstream, ...options }, log) {
    const reading = readFastCgiUpstream(upstream, (path) => path);
    if ("fault" in reading) throw new UsageError(reading.fault);
    const report = reportTo(log, upstream);
    const { FastCgiRequestHandler } = await import("../../backend/fastcgi/fastcgi_handler.ts");
    const { httpServer } = await import("./http.ts");
    const { BOUNDED_CONTENT } = await import("../../backend/http/content_terms.ts");
    const handler = new FastCgiRequestHandler({
      ...options,
      upstream: reading.value,
      software: `fdpass/${VERSION}`,
      authorization: !hideAuthorization,
      maxIdle: keepUpstream ?? 0,
      report(event, about) {
        if (event.type !== "upstream-said") return report(event, about);
        log.about(about).warn("upstream-said", "{upstream} said of {request}: {line}", {
          upstream,
          ...event,
        });
      },
    });
    return httpServer(handler, log, BOUNDED_CONTENT);
  },
  serveForApache:
    "Cannot pass requests on with --apache: Apache has read the request by then, and there is none to pass on; " +
    "have Apache proxy to the application itself (ProxyPass fcgi://…), or hand over by fdpass front",
};

function word(option: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [option, String(value)];
}
