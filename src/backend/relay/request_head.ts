/** What an upstream is sent as the head of a request. */

import type { Forwarded } from "../../config/config.ts";
import type { Upstream } from "../../config/upstream.ts";
import { endToEnd, type HeaderField, listOf, upgradeProtocols, valuesOf } from "../../http/hop_by_hop.ts";
import { announcedTrailers, relayedTrailers, takesTrailers } from "../../http/trailers.ts";
import { normalizePath } from "../../route/path.ts";
import { mappedAsWritten } from "../../route/raw_path.ts";
import { isTraceparent } from "../log/identity.ts";
import type { Exchange } from "../http/exchange.ts";
import type { RequestBody } from "../http/request_body.ts";

/** How requests are rewritten. */
export interface RewriteOptions {
  readonly upstream: Upstream;
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
  readonly framing: RequestFraming;
  /** Host that the upstream is told. */
  readonly authority: string;
  /** Whether it is asked to change the protocol. */
  readonly upgrade: boolean;
  /** Whether it is told that trailer fields are welcome, as the client has said. */
  readonly takesTrailers: boolean;
  /** The lines of the trailer section that go with it. @param body has been read to its end */
  trailers(body: RequestBody): string;
  /** Whether the client waits for 100 (Continue), and the upstream is to say it. */
  readonly expectsContinue: boolean;
}

/** Fields that are said anew here, whatever rules say. */
const OWN: readonly string[] = ["host", "expect", "max-forwards", "via"];
/** Those that are said anew unless rules say them. */
const OWN_UNLESS_SAID: readonly string[] = ["traceparent", "x-request-id"];
/** What a client says of all of them is not passed on. */
const REPLACED: ReadonlySet<string> = new Set([...OWN, ...OWN_UNLESS_SAID]);

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
export function answeredHere(method: string, fields: readonly HeaderField[]): 204 | 508 | undefined {
  if (method === "OPTIONS" && forwardsLeft(fields) === 0) return 204;
  // A member is protocol, pseudonym and perhaps a comment (RFC 9110, 7.6.3).
  const own = listOf(fields, "via").filter((member) => pseudonymOf(member) === PSEUDONYM);
  return own.length >= MOST_RELAYS ? 508 : undefined;
}

/** The second word of a member of Via. */
function pseudonymOf(member: string): string {
  const [, second = ""] = member.replaceAll("\t", " ").split(" ").filter((word) => word !== "");
  return second;
}

/** How much further a request is to go; undefined where nothing is said, or nothing that is a number. */
function forwardsLeft(fields: readonly HeaderField[]): number | undefined {
  const [value, other] = valuesOf(fields, "max-forwards");
  return value !== undefined && other === undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

/** The field as it is passed on: counted down for OPTIONS; other methods may leave it alone, and do. */
function maxForwards(method: string, fields: readonly HeaderField[]): HeaderField[] {
  const left = method === "OPTIONS" ? forwardsLeft(fields) : undefined;
  if (left !== undefined) return [["Max-Forwards", String(Math.max(0, left - 1))]];
  return valuesOf(fields, "max-forwards").map((value) => ["Max-Forwards", value]);
}

/**
 * Tells whether a field of the client's may be shown to a server behind this: not `Proxy`, which no standard knows and CGI makes
 * HTTP_PROXY, where programs look for the way that their own requests take; and, as nginx has it, no name with an
 * underscore. For CGI, WSGI and their like `X_Forwarded_For` is the same name as `X-Forwarded-For`, which is said here.
 */
function passing(underscores: boolean): (name: string) => boolean {
  return (name) => name.toLowerCase() !== "proxy" && (underscores || !name.includes("_"));
}

/** The head of the request that an exchange is for, as its upstream gets it. @param all the fields of the request */
export function relayedRequest(
  exchange: Exchange,
  all: readonly HeaderField[],
  options: RewriteOptions,
): RelayedRequest {
  const { upstream, preserveHost, underscoresInHeaders } = options;
  const { rules } = exchange;
  const isPassed = passing(underscoresInHeaders);
  // What rules say nobody else may say, at the end of the request either.
  const mayPass = rules === undefined ? isPassed : (name: string) => isPassed(name) && !rules.says(name);
  const fields = all.filter(([name]) => isPassed(name));
  const framing = framingOf(fields);
  // A request that changes the protocol and has content at once is possible and unheard of: it is served unchanged.
  const asked = exchange.minor === 1 && (framing ?? 0) === 0 ? upgradeProtocols(fields) : "";
  const protocols = allowed(asked, options.upgrade);
  const expectsContinue = exchange.body.unasked && !exchange.body.done;
  const authority = authorityOf(exchange, upstream, preserveHost);
  // Fields that Connection names end here; those of rules are put in behind that, so that no client can name them away.
  const endToEndFields = endToEnd(fields, REPLACED);
  const told = rules === undefined ? endToEndFields : rules.request(endToEndFields);
  const added = forwarding(exchange, fields, told, options.forwarded);
  const anew = saidAnew(exchange, options.forwarded);
  let head = `${exchange.method} ${targetOf(exchange, options)} HTTP/1.1\r\nHost: ${authority}\r\n`;
  const begins = !isTraceparent(valuesOf(fields, "traceparent")[0]);
  for (const [name, value] of told) {
    const lower = name.toLowerCase();
    // What others have noted of a trace is of no use to another one (W3C Trace Context, 3.3).
    if (begins && lower === "tracestate") continue;
    if (!anew.has(lower) && !OWN.includes(lower)) head += `${name}: ${value}\r\n`;
  }
  for (const [name, value] of maxForwards(exchange.method, fields)) head += `${name}: ${value}\r\n`;
  for (const [name, value] of added) head += `${name}: ${value}\r\n`;
  if (rules?.says("x-request-id") !== true) head += `X-Request-Id: ${exchange.requestId}\r\n`;
  if (rules?.says("traceparent") !== true) head += `Traceparent: ${exchange.traceparent}\r\n`;
  head += `Via: ${appended(fields, "via", `1.${exchange.minor} ${PSEUDONYM}`)}\r\n`;
  const announced = framing === "chunked" ? announcedTrailers(fields, mayPass) : "";
  if (announced !== "") head += `Trailer: ${announced}\r\n`;
  if (framing === "chunked") head += "Transfer-Encoding: chunked\r\n";
  else if (framing !== undefined) head += `Content-Length: ${framing}\r\n`;
  if (expectsContinue) head += "Expect: 100-continue\r\n";
  const upgrade = protocols !== "";
  // TE is for this hop, so Connection names it (RFC 9110, 10.1.4).
  const trailersWanted = !upgrade && exchange.minor === 1 && takesTrailers(fields);
  if (upgrade) head += `Connection: Upgrade\r\nUpgrade: ${protocols}\r\n`;
  else if (trailersWanted) head += "TE: trailers\r\nConnection: TE\r\n";
  return {
    head: head + "\r\n",
    framing,
    authority,
    upgrade,
    takesTrailers: trailersWanted,
    trailers: (body) => relayedTrailers(body.trailers, all, mayPass),
    expectsContinue,
  };
}

/** Those of the protocols asked for that the upstream may be asked for. */
function allowed(protocols: string, upgrade: string | undefined): string {
  if (upgrade === undefined || protocols === "") return protocols;
  return protocols.split(",").map((one) => one.trim()).filter((one) => one.toLowerCase() === upgrade).join(
    ", ",
  );
}

/** The request parser has refused what is framed in two ways, or in none that is known. */
function framingOf(fields: readonly HeaderField[]): RequestFraming {
  if (listOf(fields, "transfer-encoding").length > 0) return "chunked";
  const [length] = valuesOf(fields, "content-length");
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
function targetOf(exchange: Exchange, { upstream, preservePath }: RewriteOptions): string {
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

/** Fields about who asks that are said here, by sort; those that rules say are said by them. */
const ABOUT_CLIENT: Readonly<Record<Forwarded, readonly string[]>> = {
  all: ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded"],
  legacy: ["x-forwarded-for", "x-forwarded-host", "x-forwarded-server"],
  none: [],
};

/** The names of fields that stand in {@linkcode forwarding} alone. */
function saidAnew({ rules, asker: { proxies } }: Exchange, forwarded: Forwarded): ReadonlySet<string> {
  // Those that go on take what a rule has said into their list.
  const goesOn = (name: string) => name === "x-forwarded-for" || forwarded === "legacy";
  // Where it is known whose words count, the scheme is said to everybody who is told anything.
  const names = proxies === undefined || forwarded === "none"
    ? ABOUT_CLIENT[forwarded]
    : [...new Set([...ABOUT_CLIENT[forwarded], "x-forwarded-proto"])];
  return new Set(names.filter((name) => goesOn(name) || rules?.says(name) !== true));
}

/**
 * Who the request is from and what it was for (RFC 7239, and the fields that were there before it).
 *
 * @param sent those that the client has sent
 * @param told those that are passed on, rules obeyed
 */
function forwarding(
  exchange: Exchange,
  sent: readonly HeaderField[],
  told: readonly HeaderField[],
  forwarded: Forwarded,
): HeaderField[] {
  const anew = saidAnew(exchange, forwarded);
  const { local, transfer: { site } } = exchange.connection;
  const { client: { hostname }, scheme, asker: { proxies, trusted } } = exchange;
  const client = hostname === "" ? "unknown" : hostname;
  const { authority } = exchange;
  const listed = (name: string, member: string): HeaderField => {
    const lower = name.toLowerCase();
    // It is known who asks. What the list has said before is the client's own word, or that of those we have asked through.
    const isOver = proxies !== undefined && (lower === "x-forwarded-for" || lower === "forwarded");
    if (isOver && exchange.rules?.says(lower) !== true) return [name, member];
    return [name, appended(exchange.rules?.says(lower) ? told : sent, lower, member)];
  };
  const node = client.includes(":") ? `"[${client}]"` : client;
  const host = authority === "" ? "" : `;host="${authority}"`;
  const server = site || local.hostname;
  const all: (HeaderField | undefined)[] = [
    listed("X-Forwarded-For", client),
    ["X-Forwarded-Proto", scheme],
    authority === ""
      ? undefined
      : forwarded === "legacy"
      ? listed("X-Forwarded-Host", authority)
      : ["X-Forwarded-Host", trusted ? listOf(sent, "x-forwarded-host").join(", ") || authority : authority],
    server === "" ? undefined : listed("X-Forwarded-Server", server),
    listed("Forwarded", `for=${node}${host};proto=${scheme}`),
  ];
  return all.filter((field): field is HeaderField => field !== undefined && anew.has(field[0].toLowerCase()));
}

/** One list of what came and one more member: some servers look at a single field line only. */
function appended(fields: readonly HeaderField[], name: string, member: string): string {
  return [...valuesOf(fields, name).filter((value) => value !== ""), member].join(", ");
}
