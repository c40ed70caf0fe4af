/** What the demo tells: who answered, who accepted, whose connection it is. */

import type { RequestInfo } from "../backend/fetch/handler.ts";
import { NAME as FILES } from "./files.ts";
import { type Address, descriptorOf, siblingOf, socketNumber } from "./proc.ts";

/** Everything that the page, its text version and `/whoami` say about one request. */
export interface Facts {
  readonly answeredBy: {
    readonly backend: string;
    readonly process: number;
    /** The process number of `fdpass demo` itself. */
    readonly parent: number;
    readonly secondsUp: number;
    /** Connections that the process has taken so far. */
    readonly connections: number;
  };
  readonly acceptedBy: { readonly name: string; readonly process: number };
  /** The other backend; null where that cannot be found out. */
  readonly files: { readonly backend: string; readonly process: number | null };
  readonly client: Address;
  readonly connectedTo: Address;
  /** What a terminal is told to run to ask again, as far as the path: `curl http://127.0.0.1:8080`. */
  readonly command: string;
  /** The kernel's number for the socket, and the descriptor here; null where that cannot be found out. */
  readonly socket: { readonly number: number; readonly descriptor: number } | null;
  /** Names of fields that proxies add, where the client sent any. None is ever used. */
  readonly proxyFields: readonly string[];
}

const PROXY_FIELDS = ["forwarded", "via", "x-forwarded-for", "x-real-ip"];

/** Clients of which it is remembered that their connection has been counted. */
const REMEMBERED = 1_024;

/** Counts connections. A handler is told of requests, so those from one client address and port count once. */
export class Census {
  connections = 0;
  readonly #recent = new Set<string>();

  /** Takes note of a request's connection. */
  take({ hostname, port }: Address): void {
    const key = `${hostname} ${port}`;
    if (!this.#recent.delete(key)) this.connections++;
    this.#recent.add(key);
    // The one that was heard of longest ago is the first.
    if (this.#recent.size > REMEMBERED) this.#recent.delete(this.#recent.values().next().value!);
  }
}

/** Whole and tenth seconds since this process started. */
export function secondsUp(): number {
  return Math.round(performance.now() / 100) / 10;
}

/** Collects the facts about a request. @param backend what this backend is called */
export function factsOf(backend: string, request: Request, info: RequestInfo, census: Census): Facts {
  const client = { hostname: info.remoteAddr.hostname, port: info.remoteAddr.port };
  const connectedTo = { hostname: info.localAddr.hostname, port: info.localAddr.port };
  const number = socketNumber(connectedTo, client);
  const descriptor = number === undefined ? undefined : descriptorOf(Deno.pid, number);
  return {
    answeredBy: {
      backend,
      process: Deno.pid,
      parent: Deno.ppid,
      secondsUp: secondsUp(),
      connections: census.connections,
    },
    acceptedBy: { name: info.front.name, process: info.front.process },
    files: { backend: FILES, process: siblingOf(Deno.ppid, FILES) ?? null },
    client,
    connectedTo,
    // Nobody has signed the certificate of the demo.
    command: `${info.tls ? "curl -k https" : "curl http"}://${connectedTo.hostname}:${connectedTo.port}`,
    socket: number === undefined || typeof descriptor !== "number" ? null : { number, descriptor },
    proxyFields: PROXY_FIELDS.filter((name) => request.headers.has(name)),
  };
}
