/** Virtual hosts as sites: which names each answers to on a listener. */

import type { Rewriting } from "../../rules/model.ts";
import { formatAddress, readSiteName } from "../address.ts";
import type { ListenAddress, Site } from "../config.ts";
import type { Resolve } from "../path.ts";
import { quote } from "../reading.ts";
import type { UnservedListener } from "../tls_backend.ts";
import type { Place } from "./addresses.ts";
import type { Faults } from "./faults.ts";
import type { RouteMaker } from "./routes.ts";
import { SiteRulesMaker } from "./site_rules.ts";
import type { RemoteIpReader } from "./remote_ip.ts";
import type { Server } from "./server.ts";
import type { TlsReader } from "./tls.ts";

/** The port on which httpd takes a certificate of the main server for every virtual host's. */
const HTTPS = 443;

/** As an alias: every Host that no virtual host before it has. */
const EVERY = "*";

/** Makes listeners of places. */
export class SiteMaker {
  /** What a server is on every listener, unless names are taken there: one object, so that it is described once. */
  readonly #sites = new Map<Server, Site>();

  constructor(
    readonly faults: Faults,
    readonly routes: RouteMaker,
    readonly tls: TlsReader,
    readonly resolve: Resolve,
    readonly remoteIp: RemoteIpReader,
  ) {}

  listenerOf(place: Place): UnservedListener {
    const { address, servers } = place;
    const speaksTls = this.#speaksTls(address, servers);
    const sites: Site[] = [];
    const claimed: string[] = [];
    for (const [index, server] of servers.entries()) {
      const site = this.#siteOf(server);
      const spot = server.spot;
      if (claimed.includes(EVERY)) {
        this.faults.warn(
          spot!,
          `never takes a request on ${formatAddress(address)}, for one before it has ServerAlias ${EVERY}`,
        );
        continue;
      }
      if (takesEvery(server)) {
        claimed.push(EVERY);
        // Before one without names, which takes what nobody claims.
        sites.unshift({ ...site, names: [] });
        continue;
      }
      if (site.names.length === 0) {
        // The first one takes what nobody claims. Another one without names is never asked for.
        if (index === 0) sites.push(site);
        else {this.faults.warn(
            spot!,
            `never takes a request on ${formatAddress(address)}; write a ServerName in it`,
          );}
        continue;
      }
      const free = site.names.filter((name) => !claimed.some((other) => covers(other, name)));
      claimed.push(...site.names);
      if (free.length === site.names.length) sites.push(site);
      else if (free.length > 0 || index === 0) sites.push({ ...site, names: free });
      if (free.length < site.names.length) {
        const taken = site.names.filter((name) => !free.includes(name)).map(quote).join(", ");
        this.faults.warn(spot!, `${taken} on ${formatAddress(address)} belongs to a virtual host before it`);
      }
    }
    return { ...address, ...this.remoteIp.of(place), sites, speaksTls };
  }

  /** Whether TLS is spoken on an address: the virtual hosts there say so, all of them or none. */
  #speaksTls(address: ListenAddress, servers: readonly Server[]): boolean {
    const speaking = servers.filter(({ tls }) => this.tls.speaks(tls));
    const where = formatAddress(address);
    for (const server of servers) {
      const spot = server.spot ?? server.tls.certificates[0];
      if (spot === undefined) continue;
      const speaks = speaking.includes(server);
      const site = this.tls.site(server.tls);
      if (speaks && site === undefined) {
        this.faults.add(
          spot,
          "Cannot speak TLS without a certificate; write SSLCertificateFile and SSLCertificateKeyFile",
        );
      } else if (!speaks && speaking.length > 0) {
        this.faults.warn(spot, `speaks TLS on ${where} as others there do; write SSLEngine On`, "changes");
      } else if (
        !speaks && (server.tls.certificates.length > 0 || site !== undefined && address.port === HTTPS)
      ) {
        const message = `speaks clear text on ${where}, though it has a certificate; write SSLEngine On`;
        this.faults.warn(spot, message, "changes");
      }
    }
    return speaking.length > 0;
  }

  #siteOf(server: Server): Site {
    let site = this.#sites.get(server);
    if (site !== undefined) return site;
    const { main } = this.routes.servers;
    const errorDocuments = { ...main.errors.texts(), ...server.errors.texts() };
    const made = this.routes.routesOf(
      server,
      this.routes.files.namedBy(server === main ? [main] : [server, main]),
    );
    const { routes } = made;
    const around = new SiteRulesMaker(this.routes, server, made).make();
    const tls = this.tls.speaks(server.tls) ? this.tls.site(server.tls) : undefined;
    site = {
      ...tls === undefined ? {} : { tls },
      names: server === main ? [] : this.#namesOf(server),
      routes,
      ...around,
      ...server === main ? {} : server.logs.read(main.logs, this.resolve, this.faults),
      ...server === main ? {} : server.errorLogs.read(this.resolve, this.faults),
      ...Object.keys(errorDocuments).length > 0 ? { errorDocuments } : {},
    };
    const leadsNowhere = site.routes.length === 0 && !answersByRules(site);
    if (leadsNowhere && server.spot !== undefined) {
      const message = "leads nowhere: all of its requests get 404; write a ProxyPass or a DocumentRoot in it";
      this.faults.warn(server.spot, message);
    }
    this.#tellOfForeigners(server, site);
    const own = this.routes.backends.list().filter(({ runs }) => runs === undefined).map(({ name }) => name);
    if (routes.some(({ backends }) => backends.some((name) => own.includes(name)))) {
      for (const { errors } of [main, server]) errors.tellOfSockets();
    }
    this.#sites.set(server, site);
    return site;
  }

  /** Whoever gets the connection itself, and is not ours, reads what the client has sent. */
  #tellOfForeigners(server: Server, { routes, targets = [], rules }: Site): void {
    const sections = rules?.sections ?? [];
    const request = sections.some(({ requestFields = [] }) => requestFields.length > 0);
    if (!request && !sections.some(({ responseFields = [] }) => responseFields.length > 0)) return;
    const foreign = this.routes.backends.list().filter(({ name, runs }) =>
      runs === undefined && [...routes, ...targets].some(({ backends }) => backends.includes(name))
    );
    for (const { socket } of foreign) {
      this.faults.warn(
        server.spot ?? this.faults.whole,
        `Header and RequestHeader hold for ${
          quote(socket)
        } only if a backend of fdpass, or one that reads them, serves there`,
        request ? "opens" : "changes",
      );
    }
  }

  #namesOf(server: Server): string[] {
    const names = new Set<string>();
    for (const { name, spot } of server.names) {
      if (name === EVERY) return [];
      if (/[*?]/.test(name.replace(/^\*\./, ""))) {
        this.faults.add(
          spot,
          `Cannot use the pattern ${
            quote(name)
          }; write names, or one with "*." in front, as in "*.example.com"`,
        );
        continue;
      }
      const reading = readSiteName(name);
      if ("fault" in reading) {
        this.faults.add(spot, reading.fault.replace("the name of a site", "a host name"));
      } else names.add(reading.value);
    }
    return [...names];
  }
}

/** Whether rules lead requests somewhere without a route: elsewhere, or to a target of their own. */
export function answersByRules({ targets = [], rules }: Site): boolean {
  const redirects = (rewriting: Rewriting | undefined) =>
    rewriting?.rules.some(({ status }) => status !== undefined) === true;
  return targets.length > 0 || rules !== undefined && (
        (rules.redirects ?? []).length > 0 || redirects(rules.rewriting) ||
        rules.sections.some((section) => (section.redirects ?? []).length > 0 || redirects(section.rewriting))
      );
}

function takesEvery({ names }: Server): boolean {
  return names.some(({ name }) => name === EVERY);
}

/** Whether every Host that the second name stands for is one of the first, too. */
function covers(name: string, other: string): boolean {
  return name === other || name.startsWith("*.") && other.replace(/^\*\./, ".").endsWith(name.slice(1)) &&
      other.replace(/^\*/, "").length > name.length - 1;
}
