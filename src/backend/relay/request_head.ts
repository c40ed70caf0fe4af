/** What an upstream is sent as the head of a request. */

import type { Upstream } from "../../config/upstream.ts";
import { endToEnd, type HeaderField, listOf, upgradeProtocols, valuesOf } from "../../http/hop_by_hop.ts";
import type { Exchange } from "../http/exchange.ts";

/** How requests are rewritten. */
export interface RewriteOptions {
  readonly upstream: Upstream;
  /** Whether the upstream is told the Host that the client means, not its own. */
  readonly preserveHost: boolean;
}

/** The content of a request as it is framed (RFC 9112, 6): bytes of it, "chunked", or undefined for none. */
export type RequestFraming = number | "chunked" | undefined;

/** What an upstream is asked. */
export interface RelayedRequest {
  /** Latin-1, blank line and all. */
  readonly head: string;
  readonly framing: RequestFraming;
  /** Host that the upstream is told. */
  readonly authority: string;
  /** Whether it is asked to change the protocol. */
  readonly upgrade: boolean;
  /** Whether the client waits for 100 (Continue), and the upstream is to say it. */
  readonly expectsContinue: boolean;
}

/** Fields that are said anew here. */
const REPLACED: ReadonlySet<string> = new Set([
  "host",
  "expect",
  "forwarded",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
]);

/** How this program names itself in Via (RFC 9110, 7.6.3). */
export const PSEUDONYM = "fdpass";

/** The head of the request that an exchange is for, as its upstream gets it. */
export function relayedRequest(exchange: Exchange, options: RewriteOptions): RelayedRequest {
  const { upstream, preserveHost } = options;
  const fields = exchange.fields();
  const framing = framingOf(fields);
  // A request that changes the protocol and has content at once is possible and unheard of: it is served unchanged.
  const protocols = exchange.minor === 1 && (framing ?? 0) === 0 ? upgradeProtocols(fields) : "";
  const expectsContinue = exchange.body.unasked && !exchange.body.done;
  const authority = preserveHost && exchange.authority !== "" ? exchange.authority : upstream.authority;
  let head = `${exchange.method} ${targetOf(exchange, upstream)} HTTP/1.1\r\nHost: ${authority}\r\n`;
  for (const [name, value] of endToEnd(fields, REPLACED)) head += `${name}: ${value}\r\n`;
  for (const [name, value] of forwarding(exchange, fields)) head += `${name}: ${value}\r\n`;
  if (framing === "chunked") head += "Transfer-Encoding: chunked\r\n";
  else if (framing !== undefined) head += `Content-Length: ${framing}\r\n`;
  if (expectsContinue) head += "Expect: 100-continue\r\n";
  if (protocols !== "") head += `Connection: Upgrade\r\nUpgrade: ${protocols}\r\n`;
  return { head: head + "\r\n", framing, authority, upgrade: protocols !== "", expectsContinue };
}

/** The request parser has refused what is framed in two ways, or in none that is known. */
function framingOf(fields: readonly HeaderField[]): RequestFraming {
  if (listOf(fields, "transfer-encoding").length > 0) return "chunked";
  const [length] = valuesOf(fields, "content-length");
  return length === undefined ? undefined : Number(length);
}

/** The upstream's base and what is below the route's prefix: nothing leads out of either, as paths are normalised. */
function targetOf(exchange: Exchange, upstream: Upstream): string {
  if (exchange.target === "*") return "*";
  const path = upstream.base + exchange.mappedPath;
  // "/a?" and "/a" may be two resources, so an empty query stays one.
  return exchange.target.includes("?") ? `${path}?${exchange.query}` : path;
}

/** Who the request is from and what it was for (RFC 7239, and the fields that were there before it). */
function forwarding(exchange: Exchange, fields: readonly HeaderField[]): HeaderField[] {
  const { hostname } = exchange.connection.client;
  const client = hostname === "" ? "unknown" : hostname;
  const added: HeaderField[] = [
    ["X-Forwarded-For", appended(fields, "x-forwarded-for", client)],
    ["X-Forwarded-Proto", "http"],
  ];
  const node = client.includes(":") ? `"[${client}]"` : client;
  let forwarded = `for=${node}`;
  if (exchange.authority !== "") {
    added.push(["X-Forwarded-Host", exchange.authority]);
    forwarded += `;host="${exchange.authority}"`;
  }
  added.push(["Forwarded", appended(fields, "forwarded", `${forwarded};proto=http`)]);
  added.push(["Via", appended(fields, "via", `1.${exchange.minor} ${PSEUDONYM}`)]);
  return added;
}

/** One list of what came and one more member: some servers look at a single field line only. */
function appended(fields: readonly HeaderField[], name: string, member: string): string {
  return [...valuesOf(fields, name).filter((value) => value !== ""), member].join(", ");
}
