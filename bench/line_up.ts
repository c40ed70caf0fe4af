/** An HTTP server with a JavaScript handler, and the proxies in front of it. */

import { type Absent, denoServe, enter, type Entry, takesPart } from "./contenders.ts";
import { apacheProxy, haproxy, nginxProxy, type ProxyOptions } from "./peers.ts";
import type { Stage } from "./stage.ts";

/** What everybody answers in the workloads with small answers. */
export const HELLO = "hello\n";

/** The server alone, and each proxy in front of that one server: only one of them is asked at a time. */
export interface ServerAndProxies {
  readonly deno: Entry;
  readonly nginx: Entry;
  readonly haproxy: Entry;
  readonly apache: Entry;
}

/**
 * Starts `Deno.serve` and the proxies.
 *
 * @param options `program`: the server in bench/apps; the others are for the proxies
 */
export async function serverAndProxies(
  stage: Stage,
  { program, ...proxy }: ProxyOptions & { readonly program?: string } = {},
): Promise<ServerAndProxies> {
  const deno = await enter(stage, "deno", "Deno.serve alone", HELLO, () => denoServe(stage, program));
  const titles = {
    nginx: "nginx → Deno.serve",
    haproxy: "haproxy → Deno.serve",
    apache: "Apache → Deno.serve",
  };
  if (!takesPart(deno)) {
    const absent = (id: string, title: string): Absent => ({ id, title, why: deno.why });
    return {
      deno,
      nginx: absent("nginx", titles.nginx),
      haproxy: absent("haproxy", titles.haproxy),
      apache: absent("apache-http", titles.apache),
    };
  }
  const server = deno.behind[0]!;
  const { port } = deno;
  return {
    deno,
    nginx: await enter(stage, "nginx", titles.nginx, HELLO, () => nginxProxy(stage, server, port, proxy)),
    haproxy: await enter(stage, "haproxy", titles.haproxy, HELLO, () => haproxy(stage, server, port, proxy)),
    apache: await enter(stage, "apache-http", titles.apache, HELLO, () => apacheProxy(stage, server, port)),
  };
}
