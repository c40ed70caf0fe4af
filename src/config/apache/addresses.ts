/** Addresses of Listen and VirtualHost, and which virtual hosts answer where. */

import { formatAddress, readAddress } from "../address.ts";
import type { ListenAddress } from "../config.ts";
import { quote, type Reading } from "../reading.ts";
import type { Server } from "./server.ts";
import type { Servers } from "./servers.ts";

/** An address of a virtual host. */
interface HostAddress {
  /** An IP address; undefined for every one. */
  readonly host: string | undefined;
  /** undefined for every port. */
  readonly port: number | undefined;
}

/** A place where fdpass listens, and the servers that answer there, in order. */
export interface Place {
  readonly address: ListenAddress;
  readonly servers: readonly Server[];
}

/** Reads an address of VirtualHost: `*:80`, `_default_:80`, `192.0.2.1:80`, `[2001:db8::1]:80`; the port may be missing or `*`. */
export function readHostAddress(text: string): Reading<HostAddress> {
  const [, name = "", port] = /^(.*?)(?::(\d+|\*))?$/.exec(text)!;
  const number = port === undefined || port === "*" ? undefined : Number(port);
  if (name === "*" || /^_default_$/i.test(name)) {
    if (number !== undefined && (number < 1 || number > 65_535)) {
      return { fault: `Found the port ${quote(port!)}; write a number from 1 to 65535` };
    }
    return { value: { host: undefined, port: number } };
  }
  const address = readAddress(`${name}:${number ?? 80}`);
  if ("fault" in address) {
    return {
      fault: `Cannot use ${quote(text)}; write *:80, or an IP address and a port, as names are not resolved`,
    };
  }
  return { value: { host: address.value.host, port: number } };
}

/** Reads Listen: a port, or an address and a port; a protocol may follow, which says what virtual hosts say better. */
export function readListen(args: readonly string[]): Reading<ListenAddress> {
  const [text = "", protocol = "http"] = args;
  if (!/^https?$/i.test(protocol)) {
    return { fault: `Found the protocol ${quote(protocol)}; write http or https, or nothing` };
  }
  return readAddress(text.replace(/^\*:/, ""));
}

/**
 * Puts listeners and virtual hosts together. On each listener the virtual hosts answer that name its address, or, where
 * none does, those for every address; of both, those that name its port, or else those for every port. Where there are
 * none either, the main server answers. One that is named for one address of
 * several gets a listener of its own: the kernel prefers the more specific one.
 */
export function placesOf(servers: Servers): Place[] {
  const { faults, hosts, main } = servers;
  const claims = hosts.flatMap((server) =>
    server.addresses.flatMap((text) => {
      const address = faults.take(readHostAddress(text), server.spot!);
      return address === undefined ? [] : [{ server, text, ...address }];
    })
  );
  const listens = listensOf(servers, claims);
  const places = new Map<string, Place>();
  const reached = new Set<unknown>();
  const add = (address: ListenAddress) => {
    const key = formatAddress(address);
    if (places.has(key)) return;
    const chosen = [address.host, undefined].flatMap((wanted) => {
      const here = claims.filter(({ host }) => host === wanted);
      return [
        here.filter(({ port }) => port === address.port),
        here.filter(({ port }) => port === undefined),
      ];
    }).find((group) => group.length > 0) ?? [];
    for (const claim of chosen) reached.add(claim);
    const answering = [...new Set(chosen.map(({ server }) => server))];
    places.set(key, { address, servers: answering.length > 0 ? answering : [main] });
  };
  for (const address of listens) add(address);
  for (const wildcard of listens.filter(isWildcard)) {
    for (const { host, port } of claims) {
      if (
        host === undefined || port !== undefined && port !== wildcard.port || isWildcard({ host, port: 0 })
      ) continue;
      if (wildcard.host === "::" || !host.includes(":")) add({ host, port: wildcard.port });
    }
  }
  for (const claim of claims) {
    if (reached.has(claim)) continue;
    const port = claim.port ?? 80;
    faults.warn(
      claim.server.spot!,
      `nothing listens where ${quote(claim.text)} says; write Listen ${port} outside of sections`,
    );
  }
  return [...places.values()];
}

/** What Listen says; without any, the ports of the virtual hosts, or 80. */
function listensOf(
  { faults, listens }: Servers,
  claims: readonly { readonly port: number | undefined }[],
): ListenAddress[] {
  if (listens.length === 0) {
    const ports = new Set(claims.map(({ port }) => port ?? 80));
    return [...(ports.size === 0 ? [80] : ports)].map((port) => ({ host: "::", port }));
  }
  const found = new Map<string, ListenAddress>();
  for (const directive of listens) {
    const address = faults.take(readListen(directive.args), directive);
    if (address === undefined) continue;
    const key = formatAddress(address);
    if (found.has(key)) faults.add(directive, `Found ${quote(key)} twice; write each address once`);
    found.set(key, address);
  }
  return [...found.values()];
}

function isWildcard({ host }: ListenAddress): boolean {
  return host === "::" || host === "0.0.0.0";
}
