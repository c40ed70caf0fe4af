/** What a CGI program is told of its request (RFC 3875, 4.1), as `NAME=value` texts whose characters are bytes. */

import { normalizePath } from "../../../route/path.ts";
import type { Exchange, Field } from "../../http/exchange.ts";
import { toldHost, toldPath } from "../../http/told.ts";
import { connectionEnvironment } from "../environment.ts";

/** A request as a program gets it. It differs from the client's after a local redirect (6.2.2). */
export interface CgiRequest {
  readonly method: string;
  /** As the client, or the redirect, has it. */
  readonly path: string;
  readonly query: string;
  /** Bytes of content; undefined where there is none. */
  readonly contentLength: number | undefined;
}

/** Why a request cannot be put into variables. */
export interface Unspeakable {
  readonly status: 400 | 404;
  readonly why: string;
}

/** In the environment of the process, these would be taken for what the client has said. */
const OF_A_REQUEST =
  /^(HTTP_\w*|AUTH_TYPE|CONTENT_(LENGTH|TYPE)|GATEWAY_INTERFACE|PATH_(INFO|TRANSLATED)|QUERY_STRING|REMOTE_(IDENT|USER)|REQUEST_(METHOD|SCHEME|URI)|SCRIPT_NAME|SERVER_(ADDR|NAME|PORT|PROTOCOL|SOFTWARE))=/;

/** The environment of a process without what stands for a request in it. */
export function withoutRequest(environment: readonly string[]): string[] {
  return environment.filter((entry) => !OF_A_REQUEST.test(entry));
}

/**
 * Fields that no program gets as they came: those with a variable of their own, those about this connection and its framing (4.1.18),
 * credentials for somebody else, and `Proxy`, which as HTTP_PROXY would send the program's own requests elsewhere.
 */
const NOT_PASSED = new Set([
  "authorization",
  "connection",
  "content-length",
  "content-type",
  "expect",
  "keep-alive",
  "proxy",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "traceparent",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "x-request-id",
]);

/** Names that only one variable can stand for: an underscore would be taken for a hyphen. */
const PLAIN = /^[A-Za-z0-9-]+$/;

/**
 * The variables of a request, and those of its connection.
 *
 * @param software what SERVER_SOFTWARE says
 * @param placed what is the script's name and what is its to interpret, where that is not the route's prefix and the rest
 */
export function metaVariables(
  exchange: Exchange,
  request: CgiRequest,
  software: string,
  placed: (place: Place) => Place = (place) => place,
): readonly string[] | Unspeakable {
  const { connection } = exchange;
  const { local, transfer: { site, route } } = connection;
  const { client, scheme } = exchange;
  // Whoever stands in front does TLS: HTTPS is all that is known of it.
  const saidHttps = scheme === "https" && connection.tls === undefined;
  const found = placeOf(exchange, request.path);
  if ("status" in found) return found;
  const place = placed(found);
  const fields = exchange.fields();
  const told = fieldVariables(fields);
  const type = fields.find(([name]) => name.toLowerCase() === "content-type")?.[1];
  const variables = [
    "GATEWAY_INTERFACE=CGI/1.1",
    `SERVER_SOFTWARE=${software}`,
    `SERVER_PROTOCOL=HTTP/1.${exchange.minor}`,
    `SERVER_NAME=${serverName(exchange)}`,
    `SERVER_PORT=${saidHttps ? portOf(toldHost(exchange)) : local.port}`,
    ...local.hostname === "" ? [] : [`SERVER_ADDR=${local.hostname}`],
    `REQUEST_SCHEME=${scheme}`,
    ...saidHttps ? ["HTTPS=on"] : [],
    `REQUEST_METHOD=${request.method}`,
    `REQUEST_URI=${toldTarget(request.path)}${request.query === "" ? "" : `?${request.query}`}`,
    `SCRIPT_NAME=${place.script}`,
    ...place.info === "" ? [] : [`PATH_INFO=${place.info}`],
    `QUERY_STRING=${queryOf(exchange, request)}`,
    ...request.contentLength === undefined ? [] : [`CONTENT_LENGTH=${request.contentLength}`],
    ...request.contentLength === undefined || type === undefined ? [] : [`CONTENT_TYPE=${type}`],
    `UNIQUE_ID=${exchange.requestId}`,
    `HTTP_X_REQUEST_ID=${exchange.requestId}`,
    `HTTP_TRACEPARENT=${exchange.traceparent}`,
    ...told,
    ...ruleVariables(exchange).filter((entry) => !told.some((field) => isSameName(field, entry))),
    ...connectionEnvironment({ client, local, site, route, path: place.mapped, tls: connection.tls }),
  ];
  // Field values and paths of well-formed requests have none; this is what would cut a variable short.
  if (variables.some((variable) => variable.includes("\0"))) {
    return { status: 400, why: "it contains a NUL" };
  }
  return variables;
}

/** What rules of the front have put in place of the client's query, or that. */
function queryOf({ connection: { transfer: { target } } }: Exchange, { query }: CgiRequest): string {
  if (target === undefined) return query;
  const mark = target.indexOf("?");
  return mark < 0 ? "" : target.slice(mark + 1);
}

/** Variables of the configuration, and who has shown who they are; none that stands for a part of the request. */
function ruleVariables({ rules }: Exchange): string[] {
  return Object.entries(rules?.variables ?? {}).flatMap(([name, value]) => {
    const entry = `${name}=${value}`;
    // A field that the client has not sent may be said by the configuration: `SetEnvIf Authorization "(.*)" HTTP_AUTHORIZATION=$1`.
    const isSaid = name === "REMOTE_USER" || name === "AUTH_TYPE" || /^HTTP_(?!PROXY$)/.test(name);
    return /^\w+$/.test(name) && (isSaid || !OF_A_REQUEST.test(entry)) ? [entry] : [];
  });
}

function isSameName(one: string, other: string): boolean {
  return one.startsWith(other.slice(0, other.indexOf("=") + 1));
}

/** The parts of a path. */
export interface Place {
  /** SCRIPT_NAME. */
  readonly script: string;
  /** PATH_INFO. */
  readonly info: string;
  /** What PATH_INFO is made of, still encoded. */
  readonly mapped: string;
}

/**
 * What is the program's name and what is its to interpret: the route's prefix and the rest, both decoded (4.1.5, 4.1.13).
 */
function placeOf(exchange: Exchange, path: string): Place | Unspeakable {
  const { guard, connection: { transfer } } = exchange;
  const mapped = transfer.target?.split("?", 1)[0] ?? guard.mapped(path) ?? transfer.path;
  // A separator for the program that was none for whoever has decided about the path, "..%2F" for example.
  if (/%2f/i.test(mapped)) return { status: 404, why: "an encoded slash is not passed to a program" };
  // A route by an expression has no prefix: all of the path is the program's to interpret.
  const script = transfer.route.startsWith("/") ? decodeBytes(transfer.route.replace(/\/$/, "")) : "";
  // `/app` is the program itself, and `/app/` something below it.
  const self = mapped === "/" && !(normalizePath(path) ?? "/").endsWith("/");
  return { script, info: self ? "" : decodeBytes(mapped), mapped };
}

/** The path for programs that go by REQUEST_URI. Two slashes at its beginning would be a host to them. */
function toldTarget(path: string): string {
  return path.startsWith("//") ? normalizePath(path) ?? path : path === "*" ? path : toldPath(path);
}

/** Percent-encoding undone, byte by byte. */
export function decodeBytes(path: string): string {
  return path.replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}

/** The host that the client means, or is told, without a port. */
function serverName(exchange: Exchange): string {
  const host = toldHost(exchange);
  return (host.endsWith("]") ? host : host.slice(0, portAt(host))) || "localhost";
}

/** The port of a URL by https. */
function portOf(host: string): string {
  return (host.endsWith("]") ? "" : host.slice(portAt(host) + 1)) || "443";
}

/** Where the port of a host begins, with its colon; at the end where there is none. */
function portAt(host: string): number {
  const colon = host.lastIndexOf(":");
  return colon < 0 ? host.length : colon;
}

/** HTTP_*: fields of one name are one variable, their values in one list (4.1.18). */
function fieldVariables(fields: readonly Field[]): string[] {
  const values = new Map<string, string>();
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    if (NOT_PASSED.has(lower) || !PLAIN.test(name)) continue;
    const variable = `HTTP_${name.toUpperCase().replaceAll("-", "_")}`;
    const before = values.get(variable);
    // Cookies are the one list with another separator (RFC 6265, 5.4).
    values.set(variable, before === undefined ? value : before + (lower === "cookie" ? "; " : ", ") + value);
  }
  return [...values].map(([name, value]) => `${name}=${value}`);
}
