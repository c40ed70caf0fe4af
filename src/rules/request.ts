/** A request as rules see it, and what they make of it. */

import { decodedPath } from "./bytes.ts";
import { type Address, formatAddress } from "./networks.ts";

/** What a client has sent, and how it has come. Texts are bytes. */
export interface RequestView {
  readonly method: string;
  /** As it was sent. */
  readonly target: string;
  readonly minor: 0 | 1;
  /** The path in its normal form, still encoded. */
  readonly path: string;
  /** Whether there was one, and which: without the `?`. */
  readonly query: string | undefined;
  /** Host, with a port where the client has sent one. */
  readonly host: string;
  readonly client: Address;
  readonly clientPort: number;
  readonly local: Address;
  readonly localPort: number;
  readonly https: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** All values of a field as one list; undefined where there is none. @param name in lower case */
  field(name: string): string | undefined;
  /** What is known of TLS, by mod_ssl's names; undefined where nothing is. */
  tls(name: string): string | undefined;
  /** All of them, as they stand. */
  fields(): readonly (readonly [name: string, value: string])[];
}

/** What the system is asked: whether something is at a path. */
export interface Files {
  is(kind: "file" | "directory" | "link" | "executable" | "notEmpty", path: string): boolean;
}

/** An error whose page is asked for in its place. */
export interface ErrorFound {
  readonly status: number;
  /** What the request was that it was found for. */
  readonly method: string;
  /** Fields that belong to the error. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** What went before, of a request that goes all the way again. */
export interface Before {
  readonly variables: ReadonlyMap<string, string>;
  readonly query: string | undefined;
  /** The error that the new one is the page of; undefined for any other path. */
  readonly insteadOf?: ErrorFound;
  /** The path; undefined where the new one stands for the same thing, as an index does. */
  readonly from?: string;
}

/** A request on its way through the rules. */
export class RequestState {
  /** Variables, by their names. */
  readonly variables = new Map<string, string>();
  /** The decoded path that routes and sections are looked for by; rewriting may change it. */
  path: string;
  query: string | undefined;
  /** What would be the name of a file. */
  fileName: string;
  /** The whole name of the file that it is for, a character for each byte; undefined for what is proxied. */
  file: string | undefined;
  /** Who has shown who they are. */
  user = "";
  /** Whether it has had another path. */
  hasMoved = false;
  /** The error that it is the page of. */
  insteadOf: ErrorFound | undefined;

  constructor(
    readonly view: RequestView,
    readonly site: { readonly serverName?: string; readonly documentRoot?: string },
    readonly files: Files,
  ) {
    this.path = this.fileName = decodedPath(view.path);
    this.query = view.query;
  }

  /** Takes over what was before it went all the way again: as httpd has it, under other names. */
  inherit({ variables, query, from, insteadOf }: Before): void {
    this.hasMoved = true;
    this.insteadOf = insteadOf;
    for (const [name, value] of variables) {
      // What no rule can set is about one way only.
      if (!name.startsWith(":")) this.variables.set(from === undefined ? name : `REDIRECT_${name}`, value);
    }
    if (from === undefined) return;
    this.variables.set("REDIRECT_STATUS", `${insteadOf?.status ?? 200}`);
    if (insteadOf !== undefined) this.variables.set("REDIRECT_REQUEST_METHOD", insteadOf.method);
    this.variables.set("REDIRECT_URL", from);
    if (query !== undefined) this.variables.set("REDIRECT_QUERY_STRING", query);
  }

  /** The name of the server, as the client calls it. */
  get serverName(): string {
    return hostName(this.view.host) || (this.site.serverName ?? formatAddress(this.view.local));
  }

  /** The value of a server variable (`%{NAME}`); empty for one that is not set. */
  variable(name: string): string {
    const { view } = this;
    if (name.startsWith("HTTP:")) return view.field(name.slice(5).toLowerCase()) ?? "";
    if (name.startsWith("ENV:")) return this.variables.get(name.slice(4)) ?? "";
    if (name.startsWith("SSL")) return view.tls(name.replace(/^SSL:/, "")) ?? "";
    if (name.startsWith("LA-")) return "";
    switch (name.toUpperCase()) {
      case "REQUEST_URI":
      case "DOCUMENT_URI":
        return this.path;
      case "REQUEST_FILENAME":
      case "SCRIPT_FILENAME":
        return this.fileName;
      case "QUERY_STRING":
        return this.query ?? "";
      case "REQUEST_METHOD":
        return view.method;
      case "THE_REQUEST":
        return `${view.method} ${view.target} HTTP/1.${view.minor}`;
      case "SERVER_PROTOCOL":
        return `HTTP/1.${view.minor}`;
      case "HTTPS":
        return view.https ? "on" : "off";
      case "REQUEST_SCHEME":
        return view.https ? "https" : "http";
      case "HTTP_HOST":
        return view.field("host") ?? view.host;
      case "SERVER_NAME":
        return this.serverName;
      case "SERVER_PORT":
        return /:(\d+)$/.exec(view.host)?.[1] ??
          (view.host === "" ? String(view.localPort) : view.https ? "443" : "80");
      case "SERVER_ADDR":
        return formatAddress(view.local);
      case "REMOTE_ADDR":
      case "CONN_REMOTE_ADDR":
      case "REMOTE_HOST":
        return formatAddress(view.client);
      case "REMOTE_PORT":
        return String(view.clientPort);
      case "REMOTE_USER":
        return this.user;
      case "AUTH_TYPE":
        return this.user === "" ? "" : "Basic";
      case "DOCUMENT_ROOT":
        return this.site.documentRoot ?? "";
      case "IS_SUBREQ":
        return "false";
      case "API_VERSION":
      case "SERVER_SOFTWARE":
        return "";
      case "IPV6":
        return view.client.subarray(0, 10).every((byte) => byte === 0) ? "off" : "on";
      case "TIME":
      case "TIME_YEAR":
      case "TIME_MON":
      case "TIME_DAY":
      case "TIME_HOUR":
      case "TIME_MIN":
      case "TIME_SEC":
      case "TIME_WDAY":
        return timePart(name.toUpperCase(), view.now);
    }
    const field = /^HTTP_(USER_AGENT|REFERER|COOKIE|FORWARDED|ACCEPT|PROXY_CONNECTION)$/.exec(name);
    if (field !== null) return view.field(field[1]!.toLowerCase().replaceAll("_", "-")) ?? "";
    return "";
  }
}

/** The name in a Host, without the port. */
export function hostName(host: string): string {
  return host.replace(/:\d*$/, "").toLowerCase();
}

function timePart(name: string, now: number): string {
  // In UTC, as the data plane knows no other zone.
  const digits = new Date(now).toISOString().replace(/[^\d]/g, "").slice(0, 14);
  const parts: Record<string, string> = {
    TIME: digits,
    TIME_YEAR: digits.slice(0, 4),
    TIME_MON: digits.slice(4, 6),
    TIME_DAY: digits.slice(6, 8),
    TIME_HOUR: digits.slice(8, 10),
    TIME_MIN: digits.slice(10, 12),
    TIME_SEC: digits.slice(12, 14),
    TIME_WDAY: String(new Date(now).getUTCDay()),
  };
  return parts[name]!;
}
