/** One Apache, or one fdpass, for many configurations, each on a port of its own. */

import { freePort } from "../../support/ports.ts";
import { RawClient } from "../../support/raw_client.ts";
import type { Configuration, Request } from "./configuration.ts";
import type { Echo, EchoServers } from "./echo_servers.ts";

/** What became of a request: who answered what, or with which status. */
export type Outcome =
  | { readonly echo: Echo }
  | { readonly status: number };

/** A configuration on a port. */
export interface Placed {
  readonly configuration: Configuration;
  readonly port: number;
}

/** Gives each configuration a port that nobody listens on, at any address of this host. */
export function place(configurations: readonly Configuration[]): Placed[] {
  return configurations.map((configuration) => ({ configuration, port: freePort() }));
}

/** The configuration of a server for all of them, at one address. */
export function configurationAt(address: string, all: readonly Placed[], echo: EchoServers): string {
  return all.map(({ configuration: { text, whole }, port }) => {
    const body = whole ? text : `<VirtualHost *:PORT>\nServerName one.test\n${text}\n</VirtualHost>`;
    const here = body.replaceAll("PORT", String(port)).replaceAll("ADDRESS", address)
      .replaceAll("GROUP", `group${port}`).replaceAll(/@([a-d])/g, (_, name) => echo.url(name));
    return `Listen ${address}:${port}\n${here}\n`;
  }).join("");
}

/** The bytes of a request, in Latin-1. */
function textOf(request: Request, port: number): string {
  const text = "raw" in request
    ? request.raw
    : `GET ${request.target} HTTP/1.1\r\nHost: ${request.host ?? "one.test"}\r\nConnection: close\r\n\r\n`;
  return text.replaceAll("PORT", String(port));
}

/** Sends a request as it stands. */
export async function ask(address: string, port: number, request: Request): Promise<Outcome> {
  using client = await RawClient.connect(port, address);
  await client.write(Uint8Array.from(textOf(request, port), (character) => character.charCodeAt(0)));
  const text = new TextDecoder("latin1").decode(await client.rest());
  const status = Number(/^HTTP\/1\.[01] (\d{3}) /.exec(text)?.[1]);
  const echo = /^X-Echo: (.*)$/im.exec(text)?.[1];
  return echo === undefined ? { status } : { echo: JSON.parse(echo) };
}
