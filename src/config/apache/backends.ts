/** The backends that an Apache configuration leads to: sockets, and relays to servers that know nothing of hand-offs. */

import type { Balancing } from "../balancing.ts";
import type { Backend, FastCgi, Relay, ReverseRule } from "../config.ts";
import { formatFastCgiUpstream, readFastCgiUpstream } from "../fastcgi_upstream.ts";
import { readListeningPath, readSocketPath, type Resolve } from "../path.ts";
import { nameAfterSocket } from "../target.ts";
import { formatUpstream, readUpstream } from "../upstream.ts";
import type { UpstreamTls } from "../upstream_tls.ts";
import { boundsOf, type ContentSettings } from "./content.ts";
import type { Faults, Spot } from "./faults.ts";
import { NO_PARAMETERS, type Parameters } from "./parameters.ts";
import { proxyTlsOf, type ProxyTlsSettings } from "./proxy_tls.ts";
import type { Target } from "./targets.ts";

/** A target that is no socket for hand-offs. */
type Server = Extract<Target, { readonly authority: string }>;

/** Where sockets are. */
export interface Surroundings {
  /** Makes the path of a socket absolute: what is relative starts at ServerRoot. */
  readonly resolve: Resolve;
  /** Where backends have their sockets, and relays get theirs. */
  runDirectory(): string;
  /** Whether there is a socket at a path. */
  hasSocket(path: string): boolean;
}

/** How requests are relayed to a server, besides which, and what is asked of their content. */
export interface RelayTerms extends Omit<Relay, "kind" | "upstream"> {
  readonly content?: ContentSettings;
  /** Of an application that speaks FastCGI: whether connections to it are kept, and what DOCUMENT_ROOT says. */
  readonly reuse?: boolean;
  readonly documentRoot?: string;
  /** What is said of TLS to servers, the nearest first. */
  readonly proxyTls?: readonly ProxyTlsSettings[];
}

/** Bytes that the path of a socket should not be longer than: a number may follow the name, and a lock's ending. */
const LONGEST_SOCKET = 96;

/** Connections to an application that are kept, where they are; httpd has one for each of its threads, 25 unless changed. */
const KEPT = 25;

/** Collects them, each once. */
export class Backends {
  readonly #byName = new Map<string, Backend>();
  readonly #names = new Map<string, string>();
  /** Lists of rules as text, which many relays share. */
  readonly #listed = new WeakMap<readonly ReverseRule[], string>();
  readonly #lists = new Map<string, string>();
  /** Words that hold for relays alone, told of once each. */
  readonly #told = new Set<Spot>();

  constructor(readonly faults: Faults, readonly surroundings: Surroundings) {}

  /** All of them, in order of use. */
  list(): Backend[] {
    return [...this.#byName.values()];
  }

  /**
   * The backend for a target.
   *
   * @param base a path that everything is put below, of a balancer's member
   * @returns its name; nothing if there can be none, which has been reported
   */
  refer(
    target: Exclude<Target, { kind: "balancer" }>,
    parameters: Parameters,
    terms: RelayTerms,
    spot: Spot,
    base = "",
  ): string | undefined {
    if (target.kind === "socket") {
      this.#tellOfContent(terms);
      return this.#socket(target.path.replace(/\$\d.*$/, ""), this.surroundings.resolve, parameters, spot);
    }
    const registered = this.registered(target);
    if (registered !== undefined) {
      this.#tellOfContent(terms);
      return this.#socket(registered, (path) => path, parameters, spot);
    }
    return target.kind === "fastcgi"
      ? this.#fastcgi(target, parameters, terms, spot, base)
      : this.#relay(target, parameters, terms, spot, base);
  }

  /** The socket that a backend has in the run directory by the name of a host, if there is one. */
  registered({ authority, socket }: Server): string | undefined {
    const host = authority.replace(/:\d+$/, "");
    const path = `${this.surroundings.runDirectory()}/${host}.sock`;
    return socket === undefined && /^[a-z0-9]/.test(host) && this.surroundings.hasSocket(path)
      ? path
      : undefined;
  }

  /** One relay for all members of a balancer. @param name the balancer's */
  balanced(
    name: string,
    balancing: Balancing,
    { content, reuse: _, documentRoot: _root, proxyTls = [], ...terms }: RelayTerms,
    spot: Spot,
  ): string {
    const speaksTls = balancing.members.some(({ upstream }) => /(^|\|)https:/.test(upstream));
    const tls = speaksTls ? { tls: this.#tls(proxyTls, spot) } : {};
    const { upstream } = balancing.members[0]!;
    const runs: Relay = { kind: "relay", upstream, balancing, ...tls, ...terms };
    return this.#run(runs, name, NO_PARAMETERS, content, spot);
  }

  /** The one spelling of a server; nothing if there can be none, which has been reported. */
  upstream({ authority, socket: path, tls }: Server, base: string, spot: Spot): string | undefined {
    const url = (path === undefined ? "" : `unix:${path}|`) +
      `${tls ? "https" : "http"}://${authority}${base.replace(/\/$/, "")}`;
    const upstream = this.faults.take(readUpstream(url, (path) => path), spot);
    return upstream === undefined ? undefined : formatUpstream(upstream);
  }

  /** Whoever takes the connection itself reads the content. */
  #tellOfContent({ content: { contentSize: size, contentPace: pace } = {} }: RelayTerms): void {
    if (pace !== undefined && !this.#told.has(pace.spot)) {
      this.#told.add(pace.spot);
      this.faults.notDone(pace.spot, `${pace.spot.name} body=`);
    }
    if (size === undefined || this.#told.has(size.spot)) return;
    this.#told.add(size.spot);
    const message =
      "holds for relays, not for backends with sockets of their own; start those with --max-content";
    this.faults.warn(size.spot, message, "opens");
  }

  #socket(path: string, resolve: Resolve, parameters: Parameters, spot: Spot): string | undefined {
    const socket = this.faults.take(readSocketPath(path, resolve), spot);
    if (socket === undefined) return undefined;
    // As httpd has it: a receiver that was written for it expects a response that has begun.
    const { flusher = "flush" } = parameters;
    return this.#add(`socket ${socket}`, parameters, spot, () => {
      const name = nameAfterSocket(socket, (name) => this.#byName.has(name));
      return { name, socket, workers: 1, flusher };
    });
  }

  #relay(
    target: Server,
    parameters: Parameters,
    { content, reuse: _, documentRoot: _root, proxyTls = [], ...terms }: RelayTerms,
    spot: Spot,
    base: string,
  ): string | undefined {
    const upstream = this.upstream(target, base, spot);
    if (upstream === undefined) return undefined;
    const tls = target.tls ? { tls: this.#tls(proxyTls, spot) } : {};
    const runs: Relay = { kind: "relay", upstream, ...tls, ...terms };
    return this.#run(runs, target.socket ?? target.authority, parameters, content, spot);
  }

  /** How a server is spoken to by TLS. */
  #tls(levels: readonly ProxyTlsSettings[], spot: Spot): UpstreamTls {
    const { isOn, tls, verify } = proxyTlsOf(levels, this.surroundings.resolve);
    if (!isOn) {
      this.faults.warn(
        spot,
        "speaks TLS to the server; httpd answers 500 without SSLProxyEngine On",
        "changes",
      );
    }
    const trusts = tls.certificateAuthorities ?? tls.authoritiesDirectory;
    if (verify?.chain && trusts === undefined && !this.#told.has(verify.spot)) {
      this.#told.add(verify.spot);
      const message =
        "goes by the authorities of the system; httpd trusts nobody without SSLProxyCACertificateFile";
      this.faults.warn(verify.spot, message, "changes");
    }
    return tls;
  }

  /** Mapped paths are names of files, below the base if there is one. */
  #fastcgi(
    { authority, socket: path }: Server,
    parameters: Parameters,
    terms: RelayTerms,
    spot: Spot,
    base: string,
  ): string | undefined {
    const place = path === undefined
      ? `fcgi://${/:\d+$/.test(authority) ? authority : `${authority}:8000`}`
      : `unix:${path}`;
    const upstream = this.faults.take(readFastCgiUpstream(place, (path) => path), spot);
    if (upstream === undefined) return undefined;
    const { content, reuse, documentRoot, timeout, connectTimeout, maxUpstream } = terms;
    const runs: FastCgi = {
      kind: "fastcgi",
      upstream: formatFastCgiUpstream(upstream),
      root: base.replace(/\/+$/, ""),
      hideAuthorization: true,
      ...documentRoot === undefined ? {} : { documentRoot },
      ...timeout === undefined ? {} : { timeout },
      ...connectTimeout === undefined ? {} : { connectTimeout },
      ...maxUpstream === undefined ? {} : { maxUpstream },
      ...reuse ? { keepUpstream: maxUpstream ?? KEPT } : {},
    };
    return this.#run(runs, path ?? authority, parameters, content, spot);
  }

  /** @param at where it leads, as its name says it */
  #run(
    runs: Relay | FastCgi,
    at: string,
    parameters: Parameters,
    content: ContentSettings = {},
    spot: Spot,
  ): string {
    const bounds = boundsOf(content);
    // What differs in anything is a backend of its own.
    const key = "reverse" in runs && runs.reverse !== undefined
      ? [{ ...runs, reverse: this.#listOf(runs.reverse) }, bounds]
      : [runs, bounds];
    return this.#add(`relay ${JSON.stringify(key)}`, parameters, spot, () => {
      const runDirectory = this.surroundings.runDirectory();
      // However deep the directory is: the name is for people, and what is left out of it tells nobody less than no socket.
      const room = Math.max(
        8,
        Math.min(48, LONGEST_SOCKET - runDirectory.length - `/${runs.kind}-.sock`.length),
      );
      const place = at.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^-|-$/g, "").slice(0, room);
      const wanted = `${runDirectory}/${runs.kind}-${place}.sock`;
      const name = nameAfterSocket(wanted, (name) => this.#byName.has(name));
      const socket = `${runDirectory}/${name}.sock`;
      this.faults.take(readListeningPath(socket, (path) => path, 1), spot);
      return { name, socket, workers: 1, runs, ...bounds };
    });
  }

  /** What stands for a list: the same for all lists that say the same. */
  #listOf(rules: readonly ReverseRule[]): string {
    let list = this.#listed.get(rules);
    if (list === undefined) {
      const text = JSON.stringify(rules);
      list = this.#lists.get(text) ?? `${this.#lists.size}`;
      this.#lists.set(text, list);
      this.#listed.set(rules, list);
    }
    return list;
  }

  #add(key: string, { weight: exact }: Parameters, spot: Spot, make: () => Backend): string {
    const weight = exact === undefined ? undefined : Math.round(exact);
    const known = this.#names.get(key);
    if (known === undefined) {
      const backend = make();
      this.#byName.set(backend.name, weight === undefined ? backend : { ...backend, weight });
      this.#names.set(key, backend.name);
      return backend.name;
    }
    const backend = this.#byName.get(known)!;
    if (weight !== undefined && weight !== (backend.weight ?? 1)) {
      this.faults.warn(
        spot,
        `loadfactor=${weight} has no effect, for the same server has another one in another place`,
      );
    }
    return known;
  }
}
