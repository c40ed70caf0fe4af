/** What an upstream is sent as the head of a request. */

import type { Forwarded } from "../../config/config.ts";
import type { Upstream } from "../../config/upstream.ts";
import { upgradeProtocols } from "../../http/hop_by_hop.ts";
import type { NotedFields } from "../../http/noted_fields.ts";
import { announcedTrailers, relayedTrailers, takesTrailers } from "../../http/trailers.ts";
import { normalizePath } from "../../route/path.ts";
import { mappedAsWritten } from "../../route/raw_path.ts";
import { isTraceparent } from "../log/identity.ts";
import type { Exchange } from "../http/exchange.ts";
import type { RequestBody } from "../http/request_body.ts";
import { aboutClient, appended } from "./about_client.ts";
import type { RequestFields } from "./request_fields.ts";

/** How requests are rewritten. */
export interface Rewriting {
  /** Whether the upstream is told the Host that the client means, not its own. */
  readonly preserveHost: boolean;
  /** Whether the upstream gets the path as the client wrote it, where that leads to the same. */
  readonly preservePath: boolean;
  /** The protocol that the request may change to, or `none`; any unless given. */
  readonly upgrade?: string | undefined;
  /** Whether fields whose names have underscores are passed on. */
  readonly underscoresInHeaders: boolean;
  /** What the upstream is told of who asks; see `Forwarded` of src/config/config.ts. */
  readonly forwarded: Forwarded;
}

/** The content of a request as it is framed (RFC 9112, 6): bytes of it, "chunked", or undefined for none. */
export type RequestFraming = number | "chunked" | undefined;

/** What an upstream is asked. */
export interface RelayedRequest {
  /** Latin-1, blank line and all. */
  readonly head: string;
  /** What it is made of. */
  readonly fields: RequestFields;
  readonly framing: RequestFraming;
  /** Host that the upstream is told. */
  readonly authority: string;
  /** Whether it is asked to change the protocol. */
  readonly upgrade: boolean;
  /** Whether it is told that trailer fields are welcome, as the client has said. */
  readonly takesTrailers: boolean;
  /** Whether the client waits for 100 (Continue), and the upstream is to say it. */
  readonly expectsContinue: boolean;
}

/** Fields that are said anew here, whatever rules say. */
const OWN: ReadonlySet<string> = new Set(["host", "expect", "max-forwards", "via"]);

/** How this program names itself in Via (RFC 9110, 7.6.3). */
export const PSEUDONYM = "fdpass";

/** Relays of this name that a request may have passed. More are a circle, or might as well be one. */
const MOST_RELAYS = 16;

/**
 * What a relay answers itself, instead of passing the request on: OPTIONS that is to go no further (RFC 9110, 7.6.2), and
 * a request that goes round and round.
 *
 * @returns the status; undefined for a request that is passed on
 */
export function answeredHere(method: string, fields: NotedFields): 204 | 508 | undefined {
  if (method === "OPTIONS" && forwardsLeft(fields) === 0) return 204;
  // A member is protocol, pseudonym and perhaps a comment (RFC 9110, 7.6.3).
  const own = fields.list("via").filter((member) => pseudonymOf(member) === PSEUDONYM);
  return own.length >= MOST_RELAYS ? 508 : undefined;
}

/** The second word of a member of Via. */
function pseudonymOf(member: string): string {
  const [, second = ""] = member.replaceAll("\t", " ").split(" ").filter((word) => word !== "");
  return second;
}

/** How much further a request is to go; undefined where nothing is said, or nothing that is a number. */
function forwardsLeft(fields: NotedFields): number | undefined {
  const [value, other] = fields.values("max-forwards");
  return value !== undefined && other === undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

/** The field as it is passed on: counted down for OPTIONS; other methods may leave it alone, and do. */
function maxForwards(method: string, fields: NotedFields): string {
  const left = method === "OPTIONS" ? forwardsLeft(fields) : undefined;
  if (left !== undefined) return `Max-Forwards: ${Math.max(0, left - 1)}\r\n`;
  return fields.values("max-forwards").map((value) => `Max-Forwards: ${value}\r\n`).join("");
}

/**
 * The head of the request that an exchange is for, as its upstream gets it.
 *
 * @param fields what is passed on of the client's
 */
export function relayedRequest(
  exchange: Exchange,
  fields: RequestFields,
  upstream: Upstream,
  rewriting: Rewriting,
): RelayedRequest {
  const { rules, method, minor } = exchange;
  const { noted, anew } = fields;
  const framing = framingOf(noted);
  // A request that changes the protocol and has content at once is possible and unheard of: it is served unchanged.
  const changes = minor === 1 && (framing ?? 0) === 0 && noted.value("upgrade") !== undefined;
  const protocols = changes ? allowed(upgradeProtocols(noted.all), rewriting.upgrade) : "";
  const expectsContinue = exchange.body.unasked && !exchange.body.done;
  const authority = authorityOf(exchange, upstream, rewriting.preserveHost);
  let head = `${method} ${targetOf(exchange, upstream, rewriting)} HTTP/1.1\r\nHost: ${authority}\r\n`;
  const trace = noted.value("traceparent");
  const begins = !isTraceparent(trace);
  // Otherwise the head would be looked through once more.
  if (trace === undefined && rules === undefined) exchange.beginTrace();
  // Fields that Connection names have ended here; those of rules are put in behind that, so that no client can name them
  // away.
  const told = rules?.request(fields.list);
  if (told === undefined) {
    head += fields.lines;
    // What others have noted of a trace is of no use to another one (W3C Trace Context, 3.3).
    if (!begins) head += fields.traceState;
  } else {
    for (const [name, value] of told) {
      const lower = name.toLowerCase();
      if (begins && lower === "tracestate") continue;
      if (!anew.has(lower) && !OWN.has(lower)) head += `${name}: ${value}\r\n`;
    }
  }
  head += maxForwards(method, noted) + aboutClient(exchange, noted, told, rewriting.forwarded, anew);
  if (rules?.says("x-request-id") !== true) head += `X-Request-Id: ${exchange.requestId}\r\n`;
  if (rules?.says("traceparent") !== true) head += `Traceparent: ${exchange.traceparent}\r\n`;
  head += `Via: ${appended(noted.values("via"), `1.${minor} ${PSEUDONYM}`)}\r\n`;
  if (framing === "chunked") {
    const announced = announcedTrailers(noted.all, (name) => fields.mayTrail(name));
    if (announced !== "") head += `Trailer: ${announced}\r\n`;
    head += "Transfer-Encoding: chunked\r\n";
  } else if (framing !== undefined) head += `Content-Length: ${framing}\r\n`;
  if (expectsContinue) head += "Expect: 100-continue\r\n";
  const upgrade = protocols !== "";
  // TE is for this hop, so Connection names it (RFC 9110, 10.1.4).
  const trailersWanted = !upgrade && minor === 1 && noted.value("te") !== undefined &&
    takesTrailers(noted.all);
  if (upgrade) head += `Connection: Upgrade\r\nUpgrade: ${protocols}\r\n`;
  else if (trailersWanted) head += "TE: trailers\r\nConnection: TE\r\n";
  return {
    head: head + "\r\n",
    fields,
    framing,
    authority,
    upgrade,
    takesTrailers: trailersWanted,
    expectsContinue,
  };
}

/** The lines of the trailer section that go with a request. @param body has been read to its end */
export function requestTrailers({ fields }: RelayedRequest, body: RequestBody): string {
  return relayedTrailers(body.trailers, fields.noted.all, (name) => fields.mayTrail(name));
}

/** Those of the protocols asked for that the upstream may be asked for. */
function allowed(protocols: string, upgrade: string | undefined): string {
  if (upgrade === undefined || protocols === "") return protocols;
  return protocols.split(",").map((one) => one.trim()).filter((one) => one.toLowerCase() === upgrade).join(
    ", ",
  );
}

/** The request parser has refused what is framed in two ways, or in none that is known. */
function framingOf(fields: NotedFields): RequestFraming {
  if (fields.list("transfer-encoding").length > 0) return "chunked";
  const length = fields.value("content-length");
  return length === undefined ? undefined : Number(length);
}

/** Whom the upstream is to take itself for. A rule that says Host is obeyed. */
function authorityOf(exchange: Exchange, upstream: Upstream, preserveHost: boolean): string {
  const given = preserveHost && exchange.authority !== "" ? exchange.authority : upstream.authority;
  if (exchange.rules === undefined || !exchange.rules.says("host")) return given;
  const host = exchange.rules.request([["Host", given]]).find(([name]) => name.toLowerCase() === "host")?.[1];
  return host === undefined || host === "" ? given : host;
}

/** The upstream's base and what is below the route's prefix: nothing leads out of either, as paths are normalised. */
function targetOf(exchange: Exchange, upstream: Upstream, { preservePath }: Rewriting): string {
  const rewrittenTarget = exchange.connection.transfer.target;
  if (rewrittenTarget !== undefined) return upstream.base + rewrittenTarget;
  if (exchange.target === "*") return "*";
  const path = upstream.base + (preservePath && pathAsWritten(exchange) || exchange.mappedPath);
  // "/a?" and "/a" may be two resources, so an empty query stays one.
  return exchange.target.includes("?") ? `${path}?${exchange.query}` : path;
}

/** By a route without a prefix the front alone knows which part of the path is whose. */
function pathAsWritten({ path, connection: { transfer: { route, map } } }: Exchange): string | undefined {
  return route.startsWith("/")
    ? mappedAsWritten(path, normalizePath(route) ?? "/", map || undefined)
    : undefined;
}
