/** The servers of an Apache configuration: the main one and its virtual hosts, with what is said about each. */

import type { Condition } from "../../rules/expression.ts";
import type { Place as RulePlace } from "../../rules/model.ts";
import type { CookieRule, ReverseRule } from "../config.ts";
import { FRONT_STATUSES, readDocument } from "../error_documents.ts";
import { quote, type Reading } from "../reading.ts";
import { readCookieDomain, readCookiePath, readReverseRule } from "../relay_rules.ts";
import { Balancers } from "./balancers.ts";
import { judge } from "./directives.ts";
import type { Faults } from "./faults.ts";
import { LogWords } from "./logs.ts";
import { hostOf } from "./host_of.ts";
import { placeOf, rulePlace } from "./locations.ts";
import { type Pass, type Place, readPass } from "./passes.ts";
import { Draft, type DraftWorld } from "./rules/draft.ts";
import { readCondition } from "./rules/reading.ts";
import { PROXY_SETTINGS, readSetting, type Settings } from "./settings.ts";
import { TlsWords } from "./tls.ts";
import { type Directive, isSection, type Item, keyOf, type Section } from "./tree.ts";

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
  /** ProxyPass and ProxyPassMatch in order: outside of locations, and in them. */
  readonly passes: Pass[];
  readonly locations: Pass[];
  readonly reverse: ReverseRule[];
  readonly cookieDomains: CookieRule[];
  readonly cookiePaths: CookieRule[];
  readonly settings: Settings;
  readonly errorDocuments: Record<string, string>;
  readonly aliases: Alias[];
  /** What is said of all its requests, besides where they go. */
  readonly draft: Draft;
  /** What is said of those of a path, of a server behind, or under a condition. */
  readonly sections: DraftSection[];
  readonly proxied: (DraftSection & { readonly url: string })[];
  readonly conditionals: DraftSection[];
  readonly tls: TlsWords;
  readonly logs: LogWords;
}

/** What a section says, besides where requests go. */
export interface DraftSection {
  readonly place: RulePlace;
  readonly draft: Draft;
  readonly spot: Directive;
  readonly settings?: Settings;
}

/** All that a configuration says, not yet put together. */
export class Servers {
  readonly main: Server;
  readonly hosts: Server[] = [];
  readonly listens: Directive[] = [];
  readonly balancers: Balancers;
  /** What `<Proxy>` says of all servers that a pattern of URLs stands for. */
  readonly proxies: { readonly url: string; readonly settings: Settings }[] = [];
  serverRoot: Directive | undefined;
  runtimeDirectory: Directive | undefined;
  /** Conditions of `<If>` and `<ElseIf>` that a next one takes for not met. */
  #before: readonly Condition[] = [];

  constructor(readonly faults: Faults, items: readonly Item[], readonly world: DraftWorld) {
    this.balancers = new Balancers(faults);
    this.main = newServer(undefined, [], this.#draft(false));
    this.#server(items, this.main, "server");
    const [name] = this.main.names;
    // As in httpd, a virtual host that does not say its name has that of the main server.
    for (const host of this.hosts) if (name !== undefined && !host.named) host.names.unshift(name);
  }

  #server(items: readonly Item[], server: Server, context: "server" | "host"): void {
    for (const item of items) {
      if (!judge(item, context, this.faults)) continue;
      if (isSection(item)) this.#section(item, server);
      else this.#directive(item, server);
    }
  }

  #section(section: Section, server: Server): void {
    if (this.#conditional(section, server, {})) return;
    switch (section.name.toLowerCase()) {
      case "virtualhost": {
        const host = newServer(section, section.args, this.#draft(false));
        this.hosts.push(host);
        return this.#server(section.children, host, "host");
      }
      case "location":
      case "locationmatch":
        return this.#location(section, server);
      case "proxy":
      case "proxymatch":
        return this.#proxy(section, server);
    }
  }

  #directive(directive: Directive, server: Server): void {
    const { args } = directive;
    if (server.tls.take(directive) || server.logs.take(directive)) return;
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
        return this.balancers.memberElsewhere(directive);
      case "proxyset":
        return this.balancers.set(directive, args[0]!, args.slice(1));
    }
    if (server.draft.directive(directive)) return;
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
    const place = placeOf(section);
    const settings: Settings = {};
    const start = server.locations.length;
    const location: Place = { ...place, settings, spot: section };
    const draft = this.#draft(true);
    for (const item of section.children) {
      if (!judge(item, "location", this.faults)) continue;
      if (this.#conditional(item, server, rulePlace(place, this.faults, section))) continue;
      if (isSection(item)) draft.section(item);
      else if (item.name.toLowerCase() === "errordocument") {
        this.faults.notDone(item, `${item.name} in <${section.name}>`, "changes");
      } else if (!draft.directive(item)) {
        this.#proxying(item, server, location);
        readSetting(item, settings, this.faults);
      }
    }
    // Of several in one location the last one has it.
    const own = server.locations.splice(start);
    if (own.length > 0) server.locations.push(own.at(-1)!);
    server.sections.push({ place: rulePlace(place, this.faults, section), draft, spot: section, settings });
  }

  /** `<If>` and what follows it. @returns whether it is one of those */
  #conditional(item: Item, server: Server, place: RulePlace): boolean {
    const key = keyOf(item);
    if (!isSection(item) || key !== "<if" && key !== "<elseif" && key !== "<else") return false;
    const own = key === "<else" ? undefined : this.faults.take(readCondition(item.args.join(" ")), item);
    if (key === "<if") this.#before = [];
    const not: Condition[] = this.#before.map((of) => ({ kind: "not", of }));
    if (own === undefined && key !== "<else") return true;
    const parts = [
      ...place.condition === undefined ? [] : [place.condition],
      ...not,
      ...own === undefined ? [] : [own],
    ];
    if (own !== undefined) this.#before = [...this.#before, own];
    const draft = this.#draft(true);
    for (const child of item.children) {
      if (!judge(child, "location", this.faults)) continue;
      const isTaken = isSection(child) ? draft.section(child) : draft.directive(child);
      if (!isTaken) this.faults.notDone(child, `${child.name} in <${item.name}>`, "changes");
    }
    server.conditionals.push({
      place: { ...place, condition: { kind: "and", of: parts } },
      draft,
      spot: item,
    });
    return true;
  }

  #proxy(section: Section, server: Server): void {
    const url = section.args[0]!;
    const settings: Settings = {};
    const draft = this.#draft(true);
    for (const item of section.children) {
      if (!judge(item, "proxy", this.faults)) continue;
      const name = item.name.toLowerCase();
      if (isSection(item)) draft.section(item);
      else if (name === "balancermember") this.balancers.member(item, url, item.args);
      else if (name === "proxyset") this.balancers.set(item, url, item.args);
      else if (PROXY_SETTINGS.includes(name)) readSetting(item, settings, this.faults);
      else if (!draft.directive(item)) {
        this.faults.warn(item, `does nothing in <${section.name}>; write it beside ProxyPass`);
      }
    }
    if (Object.keys(settings).length > 0) this.proxies.push({ url, settings });
    server.proxied.push({ place: {}, url, draft, spot: section });
  }

  #draft(inSection: boolean): Draft {
    return new Draft(this.faults, this.world, inSection);
  }

  #errorDocument(directive: Directive, server: Server): void {
    const [status = "", text = ""] = directive.args;
    if (!/^[45]\d\d$/.test(status)) {
      return this.faults.add(directive, `Found the status ${quote(status)}; write one from 400 to 599`);
    }
    if (/^(\/|https?:)/.test(text)) {
      return this.faults.notDone(directive, `${directive.name} with a path or a URL`, "changes");
    }
    if (text === "default") return;
    if (!FRONT_STATUSES.includes(status)) {
      // Others are of backends, whose answers nobody here looks at.
      return this.faults.notDone(directive, `${directive.name} ${status}`, "changes");
    }
    const document = this.faults.take(readDocument(text.replace(/^"/, "")), directive);
    if (document !== undefined) server.errorDocuments[status] = document;
  }
}

function newServer(spot: Directive | undefined, addresses: readonly string[], draft: Draft): Server {
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
    draft,
    sections: [],
    proxied: [],
    conditionals: [],
    tls: new TlsWords(),
    logs: new LogWords(),
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
