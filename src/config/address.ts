/** Where the front listens and which Host it answers to: addresses and site names, as users write them. */

import type { ListenAddress } from "./config.ts";
import { hasControls, quote, type Reading } from "./reading.ts";

const EXAMPLE = `"127.0.0.1:8080"`;

/**
 * Reads a listening address: `127.0.0.1:8080`, `[::1]:8080`, or a port alone (`8080`, `:8080`), which
 * means every address of the host, IPv4 and IPv6 (`::`). Names are not resolved: what a name means can
 * change between two starts, and which of its addresses was meant is anybody's guess.
 *
 * @param text The address.
 * @returns The address with its host in the one canonical spelling.
 */
export function readAddress(text: string): Reading<ListenAddress> {
  const cannot = `Cannot listen on ${quote(text)}`;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    return { fault: `${cannot}, which is a URL; write the address alone, such as ${EXAMPLE}` };
  }
  if (text.startsWith("/") || /^unix:/i.test(text)) {
    return { fault: `${cannot}, which is no TCP address; write an address such as ${EXAMPLE}` };
  }
  const alone = /^:?(\d+)$/.exec(text);
  const bracketed = /^\[([^[\]]*)\](?::(.*))?$/.exec(text);
  const plain = /^([^:[\]]*)(?::([^:]*))?$/.exec(text);
  if (alone) return withPort(cannot, "::", alone[1]);
  if (bracketed) {
    const host = canonicalIpv6(bracketed[1] ?? "");
    if (host === undefined) {
      return {
        fault: `${cannot}, which has no IPv6 address in its brackets; write one, such as "[::1]:8080"`,
      };
    }
    return withPort(cannot, host, bracketed[2]);
  }
  if (!plain) {
    return { fault: `${cannot}; write an IPv6 address in brackets and a port, such as "[::1]:8080"` };
  }
  const host = plain[1] ?? "";
  if (host === "*") {
    return { fault: `${cannot}; write a port alone for every address of this host, such as ":8080"` };
  }
  if (isIpv4(host)) return withPort(cannot, host, plain[2]);
  if (/^[\d.]+$/.test(host)) {
    return { fault: `${cannot}, which is no IPv4 address; write four numbers up to 255, as in ${EXAMPLE}` };
  }
  if (host === "") return { fault: `${cannot}; write an IP address and a port, such as ${EXAMPLE}` };
  return { fault: `${cannot}, for host names are not resolved; write an IP address, such as ${EXAMPLE}` };
}

function withPort(cannot: string, host: string, port: string | undefined): Reading<ListenAddress> {
  if (port === undefined) {
    const complete = formatAddress({ host, port: 8080 });
    return { fault: `${cannot}, which has no port; write one behind a colon, as in "${complete}"` };
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    return { fault: `${cannot}, for ${quote(port)} is no port; write a number from 0 to 65535` };
  }
  return { value: { host, port: Number(port) } };
}

/**
 * Writes an address as users write it.
 *
 * @param address A listening address.
 * @returns `127.0.0.1:8080` or `[::1]:8080`.
 */
export function formatAddress(address: ListenAddress): string {
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

// Leading zeros are refused: some programs read 010 as eight.
function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

// The URL parser knows every spelling of an IPv6 address and has one canonical form for each.
function canonicalIpv6(text: string): string | undefined {
  if (!/^[0-9a-f:.]+$/i.test(text)) return undefined;
  return URL.parse(`http://[${text}]/`)?.hostname.slice(1, -1);
}

/**
 * Reads a name of a site: a host name, `*.` and a host name, or an IP address (IPv6 in brackets, as in a
 * Host header).
 *
 * @param text The name.
 * @returns The name in lower case.
 */
export function readSiteName(text: string): Reading<string> {
  const cannot = `Cannot use ${quote(text)} as the name of a site`;
  if (text === "*" || text === "_" || text === "") {
    return { fault: `${cannot}; leave out "names" for a site that takes every Host` };
  }
  if (hasControls(text) || /\s/.test(text)) {
    return { fault: `${cannot}, for names have no spaces; write several names as a list of strings` };
  }
  if (/[/?#@]/.test(text)) {
    return { fault: `${cannot}; write the host name alone, such as "example.com"` };
  }
  if (text.startsWith("[")) {
    const host = /^\[([^[\]]*)\]$/.exec(text)?.[1];
    const address = host === undefined ? undefined : canonicalIpv6(host);
    if (address !== undefined) return { value: `[${address}]` };
    return { fault: `${cannot}; write an IPv6 address in brackets without a port, such as "[::1]"` };
  }
  if (text.includes(":")) {
    return { fault: `${cannot}, for names have no port; write "listen" in the site to choose its addresses` };
  }
  const name = text.toLowerCase();
  // deno-lint-ignore no-control-regex -- the range is ASCII
  if (/[^\x00-\x7f]/.test(name)) {
    const encoded = URL.parse(`http://${name}/`)?.hostname;
    const instead = encoded === undefined ? "its ASCII form, which starts with xn--" : `"${encoded}"`;
    return { fault: `${cannot}, for a Host header is ASCII; write ${instead}` };
  }
  const base = name.startsWith("*.") ? name.slice(2) : name;
  if (base.includes("*")) {
    return { fault: `${cannot}; write a "*" only as the whole first label, as in "*.example.com"` };
  }
  if (base.endsWith(".")) return { fault: `${cannot}; write it without the dot at its end` };
  const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;
  if (base.length > 253 || !base.split(".").every((part) => label.test(part))) {
    return { fault: `${cannot}; write letters, digits and hyphens, and dots between labels of 1 to 63` };
  }
  return { value: name };
}
