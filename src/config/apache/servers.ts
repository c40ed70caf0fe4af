/** The servers of an Apache configuration: the main one and its virtual hosts, with what is said about each. */

import type { CookieRule, ReverseRule } from "../config.ts";
import { FRONT_STATUSES, readDocument } from "../error_documents.ts";
import { quote, type Reading } from "../reading.ts";
import { readCookieDomain, readCookiePath, readReverseRule } from "../relay_rules.ts";
import { judge } from "./directives.ts";
import type { Faults } from "./faults.ts";
import { type Parameters, readParameters } from "./parameters.ts";
import { type Pass, type Place, readPass } from "./passes.ts";
import { readSetting, type Settings } from "./settings.ts";
import { readTarget, type Target } from "./targets.ts";
import { type Directive, isSection, type Item, type Section } from "./tree.ts";

/** A name of a server, and where it is said. */
export interface Name {
  readonly name: string;
  readonly spot: Directive;
}

/** Files of another directory than DocumentRoot has. */
export interface Alias {
  readonly spot: Directive;
  readonly path: string;
  readonly directory: string;
}

/** What one server says. */
export interface Server {
  readonly spot: Directive | undefined;
  /** Arguments of VirtualHost; none for the main server. */
  readonly addresses: readonly string[];
  /** ServerName, then every ServerAlias. */
  readonly names: Name[];
  /** Whether the first of those is a ServerName. */
  named: boolean;
  /** ProxyPass and ProxyPassMatch outside of locations, in order. */
  readonly passes: Pass[];
  /** Those in locations, in order. */
  readonly locations: Pass[];
  readonly reverse: ReverseRule[];
  readonly cookieDomains: CookieRule[];
  readonly cookiePaths: CookieRule[];
  readonly settings: Settings;
  readonly errorDocuments: Record<string, string>;
  readonly aliases: Alias[];
}

/** A member of a balancer. */
export interface Member {
  readonly spot: Directive;
  readonly target: Target;
  readonly parameters: Parameters;
}

/** A balancer. */
export interface Balancer {
  readonly members: Member[];
  parameters: Parameters;
}

/** All that a configuration says, not yet put together. */
export class Servers {
  readonly main: Server = newServer(undefined, []);
  readonly hosts: Server[] = [];
  readonly listens: Directive[] = [];
  readonly balancers = new Map<string, Balancer>();
  /** What `<Proxy "http://…">` says, by URL without a slash at its end. */
  readonly workers = new Map<string, Parameters>();
  /** What `<Proxy>` says of all servers that a pattern of URLs stands for. */
  readonly proxies: { readonly url: string; readonly settings: Settings }[] = [];
  serverRoot: Directive | undefined;
  runtimeDirectory: Directive | undefined;

  constructor(readonly faults: Faults, items: readonly Item[]) {
    this.#server(items, this.main, "server");
    const [name] = this.main.names;
    // As in httpd, a virtual host that does not say its name has that of the main server.
    for (const host of this.hosts) if (name !== undefined && !host.named) host.names.unshift(name);
  }

  /** The balancer of a name, whether it has been spoken of or not. */
  balancer(name: string): Balancer {
    let balancer = this.balancers.get(name);
    if (balancer === undefined) this.balancers.set(name, balancer = { members: [], parameters: {} });
    return balancer;
  }

  #server(items: readonly Item[], server: Server, context: "server" | "host"): void {
    for (const item of items) {
      if (!judge(item, context, this.faults)) continue;
      if (isSection(item)) this.#section(item, server);
      else this.#directive(item, server);
    }
  }

  #section(section: Section, server: Server): void {
    switch (section.name.toLowerCase()) {
      case "virtualhost": {
        const host = newServer(section, section.args);
        this.hosts.push(host);
        return this.#server(section.children, host, "host");
      }
      case "location":
      case "locationmatch":
        return this.#location(section, server);
      case "proxy":
        return this.#proxy(section);
    }
  }

  #directive(directive: Directive, server: Server): void {
    const { args } = directive;
    switch (directive.name.toLowerCase()) {
      case "listen":
        this.listens.push(directive);
        return;
      case "serverroot":
        this.serverRoot = directive;
        return;
      case "defaultruntimedir":
        this.runtimeDirectory = directive;
        return;
      case "servername":
        // A later one takes the place of an earlier one.
        server.names.splice(0, server.named ? 1 : 0, { name: hostOf(args[0]!), spot: directive });
        server.named = true;
        return;
      case "serveralias":
        for (const name of args) server.names.push({ name: name.toLowerCase(), spot: directive });
        return;
      case "errordocument":
        return this.#errorDocument(directive, server);
      case "alias":
      case "scriptalias":
        // Told of where it matters: below a path that is proxied it has no effect.
        if (args.length === 2) server.aliases.push({ spot: directive, path: args[0]!, directory: args[1]! });
        return;
      case "balancermember":
        return this.#memberElsewhere(directive);
      case "proxyset":
        return this.#proxySet(directive, args[0]!, args.slice(1));
    }
    this.#proxying(directive, server, undefined);
    readSetting(directive, server.settings, this.faults);
  }

  /** What may stand in a location as well, where the path is that of the location. */
  #proxying(directive: Directive, server: Server, location: Place | undefined): void {
    switch (directive.name.toLowerCase()) {
      case "proxypass":
      case "proxypassmatch": {
        const pass = readPass(withExpression(directive), location, this.faults);
        if (pass !== undefined) (location === undefined ? server.passes : server.locations).push(pass);
        return;
      }
      case "proxypassreverse": {
        if (location?.expression) {
          return this.faults.warn(
            directive,
            `rewrites nothing in <${location.spot.name}>; write it with a path`,
          );
        }
        const words = directive.args.filter((word) => word !== "interpolate");
        const [path, url] = location === undefined ? words : [location.path, words[0]];
        if (path === undefined || url === undefined) {
          return this.faults.add(
            directive,
            "Takes a path and a URL; write both, or put it into a <Location>",
          );
        }
        // Whoever gets the connection itself answers in its own words.
        if (/^fd:/i.test(url)) return this.faults.notDone(directive, `${directive.name} of fd://`);
        const rule = { path, url: url.replace(/^unix:[^|]*\|/i, "") };
        return this.#rule(server.reverse, readReverseRule(rule), directive);
      }
      case "proxypassreversecookiedomain":
        return this.#rule(server.cookieDomains, readCookieDomain(cookieRule(directive)), directive);
      case "proxypassreversecookiepath":
        return this.#rule(server.cookiePaths, readCookiePath(cookieRule(directive)), directive);
    }
  }

  #rule<Rule>(rules: Rule[], reading: Reading<Rule>, directive: Directive): void {
    const rule = this.faults.take(reading, directive);
    if (rule !== undefined) rules.push(rule);
  }

  #location(section: Section, server: Server): void {
    const [first = "", second] = section.args;
    const expression = section.name.toLowerCase() === "locationmatch" || first === "~";
    const path = second !== undefined && first === "~" ? second : first;
    const settings: Settings = {};
    const start = server.locations.length;
    const place: Place = { path, expression, settings, spot: section };
    for (const item of section.children) {
      if (!judge(item, "location", this.faults) || isSection(item)) continue;
      if (item.name.toLowerCase() === "errordocument") {
        this.faults.notDone(item, `${item.name} in <${section.name}>`);
        continue;
      }
      this.#proxying(item, server, place);
      readSetting(item, settings, this.faults);
    }
    // Of several in one location the last one has it.
    const own = server.locations.splice(start);
    if (own.length > 0) server.locations.push(own.at(-1)!);
  }

  #proxy(section: Section): void {
    const url = section.args[0]!;
    const settings: Settings = {};
    for (const item of section.children) {
      if (!judge(item, "proxy", this.faults) || isSection(item)) continue;
      const name = item.name.toLowerCase();
      if (name === "balancermember") this.#member(item, url, item.args);
      else if (name === "proxyset") this.#proxySet(item, url, item.args);
      else if (name === "proxypreservehost") readSetting(item, settings, this.faults);
      else this.faults.warn(item, `does nothing in <${section.name}>; write it beside ProxyPass`);
    }
    if (Object.keys(settings).length > 0) this.proxies.push({ url, settings });
  }

  #memberElsewhere(directive: Directive): void {
    const [url = "", ...words] = directive.args;
    if (/^balancer:/i.test(url) && words.length > 0) return this.#member(directive, url, words);
    this.faults.add(
      directive,
      `Takes a balancer and the URL of a server; write both, or put it into a <Proxy "balancer://name">`,
    );
  }

  #member(directive: Directive, url: string, words: readonly string[]): void {
    const balancer = this.faults.take(readTarget(url), directive);
    if (balancer === undefined) return;
    if (balancer.kind !== "balancer") {
      return this.faults.add(
        directive,
        `Cannot be a member of ${quote(url)}; write <Proxy "balancer://name"> around it`,
      );
    }
    const target = this.faults.take(readTarget(words[0]!), directive);
    const parameters = this.#parameters(directive, words.slice(1));
    if (target === undefined) return;
    if (target.kind === "balancer") {
      return this.faults.add(
        directive,
        `Cannot make a balancer a member of another; write the URL of a server`,
      );
    }
    this.balancer(balancer.name).members.push({ spot: directive, target, parameters });
  }

  #proxySet(directive: Directive, url: string, words: readonly string[]): void {
    const parameters = this.#parameters(directive, words);
    const target = this.faults.take(readTarget(url), directive);
    if (target === undefined) return;
    if (target.kind === "balancer") {
      const balancer = this.balancer(target.name);
      balancer.parameters = { ...balancer.parameters, ...parameters };
    } else {
      const key = url.replace(/\/$/, "");
      this.workers.set(key, { ...this.workers.get(key), ...parameters });
    }
  }

  #parameters(directive: Directive, words: readonly string[]): Parameters {
    return readParameters(words, {
      fault: (message) => this.faults.add(directive, message),
      withoutEffect: (what, sort) => this.faults.notDone(directive, `${directive.name} ${what}`, sort),
    });
  }

  #errorDocument(directive: Directive, server: Server): void {
    const [status = "", text = ""] = directive.args;
    if (!/^[45]\d\d$/.test(status)) {
      return this.faults.add(directive, `Found the status ${quote(status)}; write one from 400 to 599`);
    }
    if (/^(\/|https?:)/.test(text)) {
      return this.faults.notDone(directive, `${directive.name} with a path or a URL`);
    }
    if (text === "default") return;
    if (!FRONT_STATUSES.includes(status)) {
      // Others are of backends, whose answers nobody here looks at.
      return this.faults.notDone(directive, `${directive.name} ${status}`);
    }
    const document = this.faults.take(readDocument(text.replace(/^"/, "")), directive);
    if (document !== undefined) server.errorDocuments[status] = document;
  }
}

function newServer(spot: Directive | undefined, addresses: readonly string[]): Server {
  return {
    spot,
    addresses,
    names: [],
    named: false,
    passes: [],
    locations: [],
    reverse: [],
    cookieDomains: [],
    cookiePaths: [],
    settings: {},
    errorDocuments: {},
    aliases: [],
  };
}

/** `ProxyPass ~ expression URL` is another way to write ProxyPassMatch. */
function withExpression(directive: Directive): Directive {
  if (directive.args[0] !== "~" || directive.name.toLowerCase() !== "proxypass") return directive;
  return { ...directive, name: "ProxyPassMatch", args: directive.args.slice(1) };
}

function cookieRule({ args }: Directive): CookieRule {
  return { from: args[0]!, to: args[1]! };
}

/** The host in `http://example.com:80`. */
function hostOf(text: string): string {
  return text.replace(/^[a-z]+:\/\//i, "").replace(/:\d*$/, "").replace(/\/$/, "").toLowerCase();
}
