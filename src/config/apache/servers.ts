/** The servers of an Apache configuration: the main one and its virtual hosts, with what is said about each. */

import { Balancers } from "./balancers.ts";
import { judge } from "./directives.ts";
import type { Faults } from "./faults.ts";
import { HealthChecks } from "./health_checks.ts";
import { hostOf } from "./host_of.ts";
import { readProxying } from "./proxying.ts";
import type { DraftWorld } from "./rules/draft.ts";
import { type ProxySettings, SectionReader } from "./sections.ts";
import { newServer, type Server } from "./server.ts";
import { readSetting } from "./settings.ts";
import { type Directive, isSection, type Item, type Section } from "./tree.ts";

/** All that a configuration says, not yet put together. */
export class Servers {
  readonly main: Server;
  readonly hosts: Server[] = [];
  readonly listens: Directive[] = [];
  readonly balancers: Balancers;
  readonly healthChecks: HealthChecks;
  serverRoot: Directive | undefined;
  runtimeDirectory: Directive | undefined;
  /** TypesConfig. */
  types: Directive | undefined;
  readonly #sections: SectionReader;

  constructor(readonly faults: Faults, items: readonly Item[], readonly world: DraftWorld) {
    this.balancers = new Balancers(faults);
    this.healthChecks = new HealthChecks(faults);
    this.#sections = new SectionReader(faults, world, this.balancers);
    this.main = newServer(undefined, [], this.#sections.draft(false), faults);
    this.#server(items, this.main, "server");
    const [name] = this.main.names;
    // As in httpd, a virtual host that does not say its name has that of the main server.
    for (const host of this.hosts) if (name !== undefined && !host.named) host.names.unshift(name);
  }

  /** What `<Proxy>` says of all servers that a pattern of URLs stands for. */
  get proxies(): readonly ProxySettings[] {
    return this.#sections.proxies;
  }

  #server(items: readonly Item[], server: Server, context: "server" | "host"): void {
    for (const item of items) {
      if (!judge(item, context, this.faults)) continue;
      if (!isSection(item)) this.#directive(item, server);
      else if (item.name.toLowerCase() === "virtualhost") this.#host(item);
      else this.#sections.read(item, server);
    }
  }

  #host(section: Section): void {
    const host = newServer(section, section.args, this.#sections.draft(false), this.faults);
    this.hosts.push(host);
    this.#server(section.children, host, "host");
  }

  #directive(directive: Directive, server: Server): void {
    const { args } = directive;
    if (server.words.some((words) => words.take(directive))) return;
    switch (directive.name.toLowerCase()) {
      case "listen":
        this.listens.push(directive);
        return;
      case "serverroot":
        this.serverRoot = directive;
        return;
      case "typesconfig":
        this.types = directive;
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
      case "balancermember":
        return this.balancers.memberElsewhere(directive);
      case "proxyhcexpr":
        return this.healthChecks.expression(directive);
      case "proxyhctemplate":
        return this.healthChecks.template(directive);
      case "proxyset":
        return this.balancers.set(directive, args[0]!, args.slice(1));
    }
    if (server.draft.directive(directive)) return;
    readProxying(directive, server, undefined, this.faults);
    readSetting(directive, server.settings, this.faults);
  }
}
