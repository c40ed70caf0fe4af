/** What an upstream is told of who asks (RFC 7239, and the fields that were there before it). */

import type { Forwarded } from "../../config/config.ts";
import { type HeaderField, valuesOf } from "../../http/hop_by_hop.ts";
import type { NotedFields } from "../../http/noted_fields.ts";
import type { Exchange } from "../http/exchange.ts";

/** Fields about who asks that are said here, by sort; those that rules say are said by them. */
const ABOUT_CLIENT: Readonly<Record<Forwarded, ReadonlySet<string>>> = {
  all: new Set(["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded"]),
  legacy: new Set(["x-forwarded-for", "x-forwarded-host", "x-forwarded-server"]),
  none: new Set(),
};

/** The names of fields that stand in {@linkcode aboutClient} alone. */
export function saidAnew({ rules, proxies }: Exchange, forwarded: Forwarded): ReadonlySet<string> {
  // Where it is known whose words count, the scheme is said to everybody who is told anything.
  const names = proxies === undefined || forwarded === "none"
    ? ABOUT_CLIENT[forwarded]
    : new Set([...ABOUT_CLIENT[forwarded], "x-forwarded-proto"]);
  if (rules === undefined) return names;
  // Those that go on take what a rule has said into their list.
  const goesOn = (name: string) => name === "x-forwarded-for" || forwarded === "legacy";
  return new Set([...names].filter((name) => goesOn(name) || !rules.says(name)));
}

/**
 * Who the request is from and what it was for.
 *
 * @param sent those that the client has sent
 * @param told those that are passed on, where rules have been obeyed
 * @param anew the names of those that are said here
 * @returns the lines, each with its CRLF
 */
export function aboutClient(
  exchange: Exchange,
  sent: NotedFields,
  told: readonly HeaderField[] | undefined,
  forwarded: Forwarded,
  anew: ReadonlySet<string>,
): string {
  const { authority, proxies, rules, scheme, connection: { local, transfer: { site } } } = exchange;
  const { client: { hostname } } = exchange;
  const client = hostname === "" ? "unknown" : hostname;
  const listed = (lower: string, member: string): string => {
    const isSaid = rules?.says(lower) === true;
    // It is known who asks. What the list has said before is the client's own word, or that of those we have asked through.
    const isOver = proxies !== undefined && (lower === "x-forwarded-for" || lower === "forwarded");
    if (isOver && !isSaid) return member;
    return appended(isSaid ? valuesOf(told ?? [], lower) : sent.values(lower), member);
  };
  let lines = "";
  if (anew.has("x-forwarded-for")) lines += `X-Forwarded-For: ${listed("x-forwarded-for", client)}\r\n`;
  if (anew.has("x-forwarded-proto")) lines += `X-Forwarded-Proto: ${scheme}\r\n`;
  if (anew.has("x-forwarded-host") && authority !== "") {
    const host = forwarded === "legacy"
      ? listed("x-forwarded-host", authority)
      : exchange.trusted && sent.list("x-forwarded-host").join(", ") || authority;
    lines += `X-Forwarded-Host: ${host}\r\n`;
  }
  const server = site || local.hostname;
  if (anew.has("x-forwarded-server") && server !== "") {
    lines += `X-Forwarded-Server: ${listed("x-forwarded-server", server)}\r\n`;
  }
  if (anew.has("forwarded")) {
    const node = client.includes(":") ? `"[${client}]"` : client;
    const host = authority === "" ? "" : `;host="${authority}"`;
    lines += `Forwarded: ${listed("forwarded", `for=${node}${host};proto=${scheme}`)}\r\n`;
  }
  return lines;
}

/** One list of what came and one more member: some servers look at a single field line only. */
export function appended(values: readonly string[], member: string): string {
  return values.length === 0 ? member : [...values.filter((value) => value !== ""), member].join(", ");
}
