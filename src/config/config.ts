/**
 * The one model behind both configuration syntaxes. Loaders produce it; the front, the supervisor and
 * `fdpass check` read it. Plain data: it crosses to the data-plane Workers by structured clone.
 */

import type { LogWishes } from "../logs/rules.ts";
import type { Admin } from "./admin.ts";
import type { Compression } from "./compression.ts";
import type { BackendKind } from "./kinds.ts";
import type { Limits } from "./limits.ts";
import type { ListenerTls, SiteTls } from "./tls.ts";
import type { SiteRules } from "../rules/model.ts";
import type { ProxyProtocol, Trust } from "../trust/trust.ts";
import type { Warning } from "./warning.ts";

export * from "./kinds.ts";
export { DEFAULT_LIMITS, type Limits } from "./limits.ts";

/** A TCP address to listen on. */
export interface ListenAddress {
  /** An IP address without brackets: `127.0.0.1`, `0.0.0.0`, `::1`, or `::`, which takes IPv4 too. */
  readonly host: string;
  /** 0 lets the kernel choose; 1–65535 otherwise. */
  readonly port: number;
}

/** One listening address and the sites that answer on it. */
export interface Listener extends ListenAddress {
  /** Who does the handshakes of its clients, where those speak TLS. */
  readonly tls?: ListenerTls;
  /** Connections begin with a header of the PROXY protocol: who is in front says there who the client is. */
  readonly proxyProtocol?: ProxyProtocol;
  /** Whose words count about who asks: a place in {@linkcode Config.trust}, counted from 1. Nobody's unless given. */
  readonly trust?: number;
  /** Those whose words count do TLS for all of their clients. */
  readonly scheme?: "https";
  /**
   * In configuration order, at least one. A Host that no site claims goes to the one without names, or to the
   * first where all have names.
   */
  readonly sites: readonly Site[];
}

/** A virtual host: the names it answers to and its routes. */
export interface Site extends LogWishes {
  /** Host names in lower case, `*.example.com` for every name below; none: the site takes every Host. */
  readonly names: readonly string[];
  /**
   * In configuration order. Routes with {@linkcode Route.match} or {@linkcode Route.inOrder} are tried first, one after
   * the other. Of the rest whose path covers a request, the most specific (longest) one takes it.
   */
  readonly routes: readonly Route[];
  /** What stands around the routes: who may ask, what is rewritten, redirected, added to heads. */
  readonly rules?: SiteRules;
  /** Routes that no path leads to, but rules of rewriting by their index. Their paths mean nothing. */
  readonly targets?: readonly Route[];
  /** What the front answers instead of its own text, by status; see {@linkcode ErrorDocuments}. */
  readonly errorDocuments?: ErrorDocuments;
  /** What it shows to clients that speak TLS; `pass` for a site whose backend does that itself, on whole connections. */
  readonly tls?: SiteTls | "pass";
}

/**
 * Texts by status: `{ "404": "Nothing here" }`. One that begins with `<` is sent as HTML, any other as plain text.
 * Statuses that the front does not answer with are allowed, and never asked for.
 */
export type ErrorDocuments = Readonly<Record<string, string>>;

/** A part of a site's path space and the backends that own it. */
export interface Route {
  /**
   * A path prefix that starts with `/`; it covers whole segments: `/a` covers `/a` and `/a/b`, not `/ab`. With
   * {@linkcode Route.match} it is only the name that the route goes by.
   */
  readonly path: string;
  /**
   * A regular expression (JavaScript, with the flag `s`) that has to match somewhere in the path: normalised, then
   * decoded but for `%2F`, which is no separator.
   */
  readonly match?: string;
  /** Tried in order with the `match` routes, not by length: for sites whose prefixes and expressions interleave. */
  readonly inOrder?: true;
  /** Names of {@linkcode Backend}s. Each of them can serve the route. None: nobody does, and clients get 404. */
  readonly backends: readonly string[];
  /** All that it had are taken out for a while: clients get 503. No configuration says that, but `fdpass drain`. */
  readonly drained?: true;
  /**
   * What a backend finds in place of the prefix in the mapped path, character by character: with the prefix `/a/` and
   * `/x`, `/a/foo` is `/xfoo`. Without it, the path goes on below a `/`: with the prefix `/a`, `/a/foo` is `/foo`.
   *
   * With `match` it is a template of the whole mapped path, in which `$0` is what the expression has matched, `$1` to
   * `$9` are its groups, and `$$` is a dollar sign. Without it, the path stays as it is.
   */
  readonly mapTo?: string;
  /**
   * With `match`: the mapped path has what the expression has matched as the client wrote it, where that leads to the same.
   * For relays alone: others are told paths in their normal form.
   */
  readonly preservePath?: true;
  /** A client goes to the same backend process as before, as long as that can take it. Told by its IP address. */
  readonly sticky?: boolean;
  /** What becomes of a connection after an answer; see {@linkcode KeepAlive}. */
  readonly keepAlive?: KeepAlive;
}

/**
 * What a backend does with a connection that it has answered on: keep it until the next request, give it back to the
 * front when none comes at once, or close it. Unless given, `hold` where every request on the connection is the
 * route's, and `return` elsewhere.
 */
export type KeepAlive = "hold" | "return" | "close";

/**
 * What a front does for a backend that speaks Apache's protocol before it hands a connection over, by the names of
 * mod_proxy_fdpass. `flush`: takes the request's head and sends that of a response, whose body the backend is to write.
 * `none`: nothing; the backend reads the request itself.
 */
export type Flusher = "flush" | "none";

/** A process, or a group of equal ones, that receives connections on a Unix socket. */
export interface Backend {
  /** Unique in the configuration. */
  readonly name: string;
  /** Absolute path of its Unix socket. */
  readonly socket: string;
  /** What `fdpass up` starts for it; without a kind the backend is somebody else's process. */
  readonly runs?: BackendKind;
  /** Processes behind the one socket; at least 1. */
  readonly workers: number;
  /** Its share beside the others of a route: with 2 it gets twice what one with 1 gets, the default. 1–100. */
  readonly weight?: number;
  /**
   * How a connection is handed over where the backend speaks Apache's protocol, which its socket's type tells: see
   * {@linkcode Flusher}. `none` unless given; without meaning for a backend that speaks ours.
   */
  readonly flusher?: Flusher;
  /** Permission bits of the socket file, where `fdpass up` makes it; 0o600 unless given. */
  readonly mode?: number;
  /** Numeric owner and group of that file; those of the process unless given. */
  readonly owner?: number;
  readonly group?: number;
  /** Connections that one of its processes holds at most; any number unless given. */
  readonly maxConnections?: number;
  /** Bytes of content that a request may have; 413 beyond. 1 GiB for relays and CGI, any number for others. */
  readonly maxContent?: number;
  /** Milliseconds for the content of a request; 408 beyond. No limit unless given. */
  readonly contentTimeout?: number;
  /** Bytes of content a second that a client has to send, after 20 seconds; 0 for any rate. 500 for relays and CGI. */
  readonly minContentRate?: number;
  /**
   * Milliseconds from the end of a client that waits for a response to where it counts as gone, for handlers and relays; 0:
   * at once. 250 unless given.
   */
  readonly abortDelay?: number;
  /** Which responses are made smaller on their way; none unless given, or rules say so. */
  readonly compress?: Compression;
}

/** A whole configuration, valid and complete: every name in a route exists in `backends`. */
export interface Config extends LogWishes {
  /**
   * `apache` where it was written as one for httpd: then it may read further files and the environment, and whoever runs a
   * front by it runs the relays too that follow from its targets. JSON unless given.
   */
  readonly syntax?: "apache";
  readonly listeners: readonly Listener[];
  readonly backends: readonly Backend[];
  readonly limits: Limits;
  /** User ids that may be on the other end of a channel, besides our own and root. */
  readonly allowUsers: readonly number[];
  /** What the front answers where a site says nothing else, or no site is known yet. */
  readonly errorDocuments?: ErrorDocuments;
  /** Where the front shows how it is; nowhere unless given. */
  readonly admin?: Admin;
  /** Whether the X-Request-Id of a client is what its request is called; false unless given. */
  readonly trustRequestIds?: boolean;
  /** Lists of servers in front that may say who asks; listeners refer to them. */
  readonly trust?: readonly Trust[];
  /** What the configuration says and nobody does, or what should be known about it. Shown at the start, and by check. */
  readonly warnings?: readonly Warning[];
}
