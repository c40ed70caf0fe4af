/** ProxyPass as routes. */

import type { CookieRule, ReverseRule, Route } from "../config.ts";
import type { ErrorPages } from "../error_pages.ts";
import { quote } from "../reading.ts";
import type { Backends, RelayTerms } from "./backends.ts";
import { ContentLimits } from "./content_limits.ts";
import { errorOverrideOf, tellOfOverrides } from "./error_overrides.ts";
import { errorPagesOf } from "./files/error_files.ts";
import type { ServerFiles, ServerFilesMaker } from "./files/server_files.ts";
import { mappedByExpression, mappedByPrefix } from "./mapped_passes.ts";
import { BalancingMaker, connectionsOf } from "./balancing.ts";
import { joinedParameters, NO_PARAMETERS, type Parameters } from "./parameters.ts";
import type { Pass } from "./passes.ts";
import { coversPath, standsFor } from "./paths.ts";
import type { Server } from "./server.ts";
import type { Servers } from "./servers.ts";
import { readTarget } from "./targets.ts";
import type { Directive } from "./tree.ts";

/** The routes of a server, and the URLs that they lead to: undefined for nobody. */
export interface MadeRoutes {
  readonly routes: readonly Route[];
  readonly urls: readonly (string | undefined)[];
  /** What clients see in the place of errors. */
  readonly pages: ErrorPages;
  /** What of it is files, and the indexes of the routes that lead to them; undefined where nothing is. */
  readonly files?: ServerFiles & { readonly routes: readonly number[] };
}

/** Makes the routes of servers. */
export class RouteMaker {
  /** Limits that hold for less than they say, told of once each. */
  readonly #told = new Set<Directive>();
  /** What clients of a server see in the place of errors, as soon as its routes are made. */
  readonly #pages = new Map<Server, ErrorPages>();
  /** What its answers are changed by, which is the same for all of its passes. */
  readonly #reverse = new Map<Server, readonly ReverseRule[]>();

  constructor(readonly servers: Servers, readonly backends: Backends, readonly files: ServerFilesMaker) {}

  /**
   * The routes of one server. httpd tries what locations say first, the last of them before the others, then ProxyPass
   * in order; what the main server says holds in virtual hosts too, and comes before what they say themselves. Files get
   * what is left.
   *
   * @param named names of files that rules make
   */
  routesOf(server: Server, named: readonly string[] = []): MadeRoutes {
    const { main } = this.servers;
    const around = server === main ? [] : [main];
    const locations = [...around, server].flatMap((one) => one.locations).reverse();
    const limits = this.#limitsOf(server);
    const written = [...locations, ...[...around, server].flatMap((one) => one.passes)];
    // What is split off comes before its pass, and behind what has taken its requests already.
    const levels = server === main ? [main] : [server, main];
    const passes = this.files.passes(levels).around(
      written.flatMap((pass, index) =>
        limits.split(pass, this.#told).filter((own) =>
          own === pass ||
          !written.slice(0, index).some((one) => !one.expression && coversPath(one.path, own.path))
        )
      ),
    );
    const inOrder = passes.some(({ expression }) => expression);
    const kept = inOrder ? passes : this.#byLength(passes);
    const pages = errorPagesOf(levels, kept, this.files);
    tellOfOverrides(server, kept, this.servers.faults);
    this.#pages.set(server, pages);
    const files = this.files.of(levels, kept.filter(leadsToFiles), named, pages);
    const made = kept.flatMap((pass) => {
      const route = pass.files === undefined
        ? this.#route(pass, server, pages)
        : this.files.route(pass, files, this.#keepAlive(server));
      if (route === undefined) return [];
      const url = pass.target === undefined ? undefined : pass.url;
      return [{
        url,
        pass,
        route: inOrder && !pass.expression ? { ...route, inOrder: true as const } : route,
      }];
    });
    const routes = made.flatMap(({ pass }, index) => leadsToFiles(pass) ? [index] : []);
    return {
      routes: made.map(({ route }) => route),
      urls: made.map(({ url }) => url),
      pages,
      ...files && { files: { ...files, routes } },
    };
  }

  /** What a relay answers itself. */
  #errors(pass: Pass, server: Server, pages: ErrorPages): Pick<RelayTerms, "errorPages" | "errorOverride"> {
    const { main } = this.servers;
    const override = errorOverrideOf(pass, server === main ? [main] : [server, main]);
    return {
      ...Object.keys(pages).length > 0 ? { errorPages: pages } : {},
      ...override === "none" ? {} : { errorOverride: override },
    };
  }

  #keepAlive(server: Server): Pick<Route, "keepAlive"> {
    const keepAlive = server.settings.keepAlive ?? this.servers.main.settings.keepAlive;
    return keepAlive === false ? { keepAlive: "close" } : {};
  }

  /** The route to a server that only rules of rewriting lead to. @param url scheme and authority */
  targetOf(url: string, server: Server, spot: Directive): Route | undefined {
    const target = this.servers.faults.take(readTarget(/^fd:/i.test(url) ? url : `${url}/`), spot);
    if (target === undefined) return undefined;
    const pass: Pass = {
      spot,
      path: "/",
      expression: false,
      target,
      parameters: NO_PARAMETERS,
      url,
      settings: {},
    };
    // Which path it comes from is not known, as with an expression.
    this.#limitsOf(server).split({ ...pass, expression: true }, this.#told);
    return this.#route(pass, server, this.#pages.get(server));
  }

  /** Without expressions the longest prefix is the first that matches, once those are gone that are never reached. */
  #byLength(passes: readonly Pass[]): Pass[] {
    const kept: Pass[] = [];
    for (const pass of passes) {
      const before = kept.find((other) => coversPath(other.path, pass.path));
      if (before === undefined) {
        kept.push(pass);
        continue;
      }
      // Where files are left nothing, nobody misses them.
      if (pass.files !== undefined) continue;
      const { line, file } = before.spot;
      const place = file === pass.spot.file ? `line ${line}` : `${file}:${line}`;
      const why = `never takes a request, for ${quote(before.path)} in ${place} comes before it`;
      this.servers.faults.warn(pass.spot, `${quote(pass.path)} ${why}`);
    }
    return kept;
  }

  #route(pass: Pass, server: Server, pages: ErrorPages = {}): Route | undefined {
    const { target } = pass;
    const common = pass.expression ? { path: pass.path, match: pass.path } : { path: pass.path };
    if (target === undefined) return { ...common, backends: [] };
    const terms = { ...this.#terms(pass, server), ...this.#errors(pass, server, pages) };
    const backends = target.kind === "balancer"
      ? new BalancingMaker(this.servers, this.backends).backendsOf(target.name, pass, terms)
      : [this.backends.refer(target, this.#parametersOf(pass), terms, pass.spot)];
    if (backends.includes(undefined)) return undefined;
    return {
      ...common,
      ...(pass.expression
        ? mappedByExpression(pass, target, this.servers)
        : mappedByPrefix(pass, target, this.servers)),
      backends: [...new Set(backends as string[])],
      ...pass.expression && pass.parameters.preservePath && target.kind === "server"
        ? { preservePath: true as const }
        : {},
      // Where several backends have the members, nobody sees the cookie: a client is told by its address.
      ...this.#wordsOf(pass).sticky !== undefined && backends.length > 1 ? { sticky: true } : {},
      ...this.#keepAlive(server),
    };
  }

  #limitsOf(server: Server): ContentLimits {
    const { main, faults } = this.servers;
    return new ContentLimits(faults, server === main ? [main] : [main, server]);
  }

  #parametersOf({ url, parameters }: Pass): Parameters {
    return joinedParameters(this.servers.balancers.parametersFor(url), parameters);
  }

  /** What is said of the balancer that a pass leads to. */
  #wordsOf(pass: Pass): Parameters["words"] {
    const { target } = pass;
    if (target?.kind !== "balancer") return pass.parameters.words;
    return joinedParameters(this.servers.balancers.of(target.name).parameters, pass.parameters).words;
  }

  /** How requests are relayed, if they are: what the pass says, else its location, else the server, else the main one. */
  #terms(pass: Pass, server: Server): RelayTerms {
    const { main } = this.servers;
    const proxies = this.servers.proxies.filter(({ url }) => standsFor(url, pass.url));
    const levels = [
      pass.settings,
      ...proxies.map(({ settings }) => settings).reverse(),
      server.settings,
      main.settings,
    ];
    const isBalancer = pass.target?.kind === "balancer";
    const own = this.#parametersOf(pass);
    // That of a balancer is for something else.
    const timeout = (isBalancer ? undefined : own.timeout) ??
      levels.map((level) => level.proxyTimeout).find(isGiven) ??
      levels.map((level) => level.timeout).find(isGiven);
    const preserveHost = levels.map((level) => level.preserveHost).find(isGiven);
    const all = <Rule>(rules: (server: Server) => readonly Rule[]) =>
      server === main ? rules(main) : [...rules(server), ...rules(main)];
    let reverse = this.#reverse.get(server);
    if (reverse === undefined) {
      reverse = all((one) => one.reverse).flatMap((rule) => this.#expanded(rule));
      this.#reverse.set(server, reverse);
    }
    const cookieDomains: readonly CookieRule[] = all((one) => one.cookieDomains);
    const cookiePaths: readonly CookieRule[] = all((one) => one.cookiePaths);
    const contentSize = this.#limitsOf(server).sizeFor(pass) ??
      levels.map((level) => level.contentSize).find(isGiven);
    const contentPace = levels.map((level) => level.contentPace).find(isGiven);
    const encodedSlashes = levels.map((level) => level.encodedSlashes).find(isGiven);
    const addsHeaders = levels.map((level) => level.addsHeaders).find(isGiven);
    const documentRoot = this.files.documentRoot(server === main ? [main] : [server, main]);
    return {
      proxyTls: levels,
      ...own.reuse ? { reuse: true } : {},
      ...documentRoot === undefined ? {} : { documentRoot },
      content: { ...contentSize && { contentSize }, ...contentPace && { contentPace } },
      // As httpd does: what others than itself have said of who asks is passed on.
      forwarded: addsHeaders === false ? "none" : "legacy",
      ...preserveHost ? { preserveHost } : {},
      ...own.upgrade === undefined || own.upgrade === "any" ? {} : { upgrade: own.upgrade },
      ...own.preservePath ? { preservePath: true } : {},
      ...encodedSlashes === "pass" ? {} : { encodedSlashes: "refuse" },
      ...timeout === undefined ? {} : { timeout: Math.max(1, timeout) },
      ...connectionsOf(own),
      // Without any, httpd leaves references as they are.
      reverse,
      ...cookieDomains.length > 0 ? { cookieDomains } : {},
      ...cookiePaths.length > 0 ? { cookiePaths } : {},
    };
  }

  /** A rule for a balancer is one for each of its members, which know their own names only. */
  #expanded(rule: ReverseRule): ReverseRule[] {
    const match = /^balancer:\/\/([^/]+)([^]*)$/i.exec(rule.url);
    if (match === null) return [rule];
    return this.servers.balancers.of(match[1]!.toLowerCase()).members.flatMap(({ target }) =>
      target.kind === "server"
        ? [{
          path: rule.path,
          url: `http${target.tls ? "s" : ""}://${target.authority}${target.path.replace(/\/$/, "")}${
            match[2]
          }`,
        }]
        : []
    );
  }
}

function leadsToFiles({ files }: Pass): boolean {
  return files !== undefined;
}

function isGiven<T>(value: T | undefined): value is T {
  return value !== undefined;
}
