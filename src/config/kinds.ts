/** What runs in a backend process: an interface for each kind. */

import type { Balancing } from "./balancing.ts";
import type { ErrorReplacing } from "./error_pages.ts";
import type { Documents } from "./documents.ts";
import type { Tls } from "./tls.ts";
import type { UpstreamTls } from "./upstream_tls.ts";

/** What runs in a backend process; absent when somebody else runs it. */
export type BackendKind = Fetch | Static | Exec | Relay | FastCgi | Documents | Tls;

/** A backend that serves with a handler module. */
export interface Fetch {
  readonly kind: "fetch";
  /** An absolute path, or a URL. */
  readonly module: string;
}

/** A backend that serves files. */
export interface Static {
  readonly kind: "static";
  readonly directory: string;
  /** Files named like another one and `.br`, `.zst` or `.gz` are its compressed forms; false unless given. */
  readonly precompressed?: boolean;
  /** Which symbolic links are followed; see {@linkcode Symlinks}. */
  readonly symlinks?: Symlinks;
  /** Paths that are no files get `index.html`; false unless given. */
  readonly spa?: boolean;
  /** Seconds for which clients may use files without asking again, but for pages; nothing is said unless given. */
  readonly maxAge?: number;
  /** Seconds for which files are kept from one request to the next, false for not at all; 1 unless given. */
  readonly fileCache?: number | false;
}

/** A backend that runs programs. */
export interface Exec {
  readonly kind: "exec";
  /** A path, or a name to be looked for in PATH, and the arguments; empty where the front names a file for each request. */
  readonly command: readonly string[];
  /** Whether one is run per request, by CGI/1.1, and not per connection. */
  readonly cgi?: boolean;
  /** Programs of one process that run at a time; {@linkcode EXEC_DEFAULTS} unless given. */
  readonly maxPrograms?: number;
  /** Milliseconds that one may take; unless given no limit, with `cgi` {@linkcode EXEC_DEFAULTS}. */
  readonly programTimeout?: number;
}

/** What applies to programs where the configuration says nothing; milliseconds. */
export const EXEC_DEFAULTS = { maxPrograms: 100, cgiTimeout: 300_000 } as const;

/** Which symbolic links in a directory are followed: any, those that stay beneath it (unless given), none. */
export type Symlinks = typeof SYMLINKS[number];

export const SYMLINKS = ["follow", "beneath", "never"] as const;

/** The longest time that caches have to understand, in seconds (RFC 9111, 1.2.2). */
export const MAX_AGE = 0x7fff_ffff;

/** The most seconds for {@linkcode Static.fileCache}. */
export const MAX_FILE_CACHE = 3_600;

/** A backend that passes requests on to an application by FastCGI. */
export interface FastCgi {
  readonly kind: "fastcgi";
  /** The application, as `formatFastCgiUpstream` of src/config/fastcgi_upstream.ts writes it. */
  readonly upstream: string;
  /** The directory that the paths of scripts begin in, as the application has it; empty where mapped paths are files' names. */
  readonly root: string;
  /** The script of a path that ends with a slash; `index.php` unless given. */
  readonly index?: string;
  /** The script, as a path below the root, for each path that names none. */
  readonly fallback?: string;
  /** What DOCUMENT_ROOT says; the root unless given. */
  readonly documentRoot?: string;
  /** Whether the application gets no `Authorization`, as behind Apache unless CGIPassAuth is on; false unless given. */
  readonly hideAuthorization?: boolean;
  /** Milliseconds of silence that the application may have while it owes something; 60,000 unless given. */
  readonly timeout?: number;
  /** Milliseconds that one attempt to connect may take; 5,000 unless given. */
  readonly connectTimeout?: number;
  /** Connections to the application that one process has at most; any number unless given. */
  readonly maxUpstream?: number;
  /** Connections that one process keeps for further requests; none unless given, for each holds a process of PHP-FPM. */
  readonly keepUpstream?: number;
}

/** A backend that relays to an HTTP server. */
export interface Relay extends ErrorReplacing {
  readonly kind: "relay";
  /** The server, as `formatUpstream` of src/config/upstream.ts writes it; the first of several. */
  readonly upstream: string;
  /** How the server is spoken to where its URL begins with `https:`. */
  readonly tls?: UpstreamTls;
  /** Several servers, or what else there is to say of the one: when it counts as failed, how it is asked whether it is well. */
  readonly balancing?: Balancing;
  /** Whether the server is told the Host that the client means, not its own; false unless given. */
  readonly preserveHost?: boolean;
  /** Whether the server gets the path as the client wrote it, where that leads to the same; false unless given. */
  readonly preservePath?: boolean;
  /** The protocol that requests may change to, in lower case, such as `websocket`; or `none`. Any unless given. */
  readonly upgrade?: string;
  /** What becomes of paths with `%2F` in them: they are passed on, or get 404; `pass` unless given. */
  readonly encodedSlashes?: EncodedSlashes;
  /** Whether the server gets fields whose names have underscores, which may be taken for other ones; false unless given. */
  readonly underscoresInHeaders?: boolean;
  /** What the server is told of who asks; see {@linkcode Forwarded}. `all` unless given. */
  readonly forwarded?: Forwarded;
  /** Milliseconds of silence that the server may have while it owes something; 60,000 unless given. */
  readonly timeout?: number;
  /** Milliseconds that one attempt to connect may take; 5,000 unless given. */
  readonly connectTimeout?: number;
  /** Connections to the server that one process has at most; any number unless given. */
  readonly maxUpstream?: number;
  /**
   * How URLs in `Location`, `Content-Location` and `URI` of responses are rewritten, as by ProxyPassReverse: the first
   * rule that fits counts, and an empty list leaves them as they are. Unless given, the server's own URLs are rewritten
   * to the route's.
   */
  readonly reverse?: readonly ReverseRule[];
  /** How Domain and Path of cookies are rewritten, as by ProxyPassReverseCookieDomain and ProxyPassReverseCookiePath. */
  readonly cookieDomains?: readonly CookieRule[];
  readonly cookiePaths?: readonly CookieRule[];
  /**
   * The whole connection goes to the server as it is: `bare`, or with a header of the PROXY protocol before it. Only for
   * routes that every request on a connection belongs to. Excludes what looks into requests and responses.
   */
  readonly plain?: Plain;
}

/**
 * What a relay tells its server of who asks, and for what:
 * - `all`: Forwarded and X-Forwarded-For, which go on; X-Forwarded-Host and X-Forwarded-Proto, which are said anew
 * - `legacy`: as httpd's ProxyAddHeaders: X-Forwarded-For, -Host and -Server, which go on; what is told besides, is passed
 * - `none`: nothing but what the client has said
 */
export type Forwarded = "all" | "legacy" | "none";

/** Whether a path with an encoded slash is passed on: servers take it for a slash, or for a character of a name. */
export type EncodedSlashes = "pass" | "refuse";

/** URLs that begin with one text get another one in its place. */
export interface ReverseRule {
  /** A path, which becomes a URL with the client's Host; or a whole URL, for clients that reach it by another scheme. */
  readonly path: string;
  /** `http://host:port/base/`, compared in any case; or a path, compared with the path of any URL. */
  readonly url: string;
}

/** An attribute of a cookie that begins with one text is replaced by another one, as a whole. */
export interface CookieRule {
  readonly from: string;
  readonly to: string;
}

/** What goes before the bytes of a connection that is passed on as it is: nothing, or a PROXY protocol header. */
export type Plain = "bare" | "v1" | "v2";
