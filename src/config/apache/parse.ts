/** The Apache syntax: from text to the one model. */

import { posix } from "node:path";
import type { Config, Listener } from "../config.ts";
import { type Origin, type Resolve, resolveFrom } from "../path.ts";
import { assignHandshakes } from "../tls_backend.ts";
import { TrustLists } from "../trust_lists.ts";
import { placesOf } from "./addresses.ts";
import { Backends } from "./backends.ts";
import type { LeftOut } from "./conditions.ts";
import { isDone, tellOfLeftOut } from "./directives.ts";
import { Faults } from "./faults.ts";
import { DocumentHosts } from "./files/documents.ts";
import { ServerFilesMaker } from "./files/server_files.ts";
import { limitsOf } from "./limits.ts";
import { expandMacros } from "./macros.ts";
import { Reader, type World } from "./reader.ts";
import { RemoteIpReader } from "./remote_ip.ts";
import { RouteMaker } from "./routes.ts";
import { Servers } from "./servers.ts";
import { answersByRules, SiteMaker } from "./sites.ts";
import { TlsReader } from "./tls.ts";
import { isSection } from "./tree.ts";

/** What a configuration in the Apache syntax depends on besides its text. */
export interface ApacheOptions extends Origin, World {
  /** Names that count as defined, as `-D` of httpd has it. */
  readonly defines?: readonly string[];
  /** Where sockets of backends are; unless given, what DefaultRuntimeDir says, or `defaultRunDirectory`. */
  readonly runDirectory?: string | undefined;
  /** An absolute path. Asked for only when something needs it. */
  defaultRunDirectory(): string;
  /** Whether there is a socket at a path. */
  hasSocket(path: string): boolean;
}

/**
 * Reads a configuration in the syntax of Apache httpd.
 *
 * @param text the whole file
 * @returns the configuration, valid and complete, with what people should be told about it
 * @throws {ConfigError} with everything that is wrong
 */
export function parseApache(text: string, options: ApacheOptions): Config {
  const faults = new Faults(options.name);
  const resolve = resolveFrom(options.baseDirectory);
  const reader = new Reader(faults, options, resolve, options.defines ?? [], isDone);
  const items = expandMacros(reader.read(text, options.name), faults);
  const root = items.findLast((item) => !isSection(item) && item.name.toLowerCase() === "serverroot");
  const below = rootedAt(root?.args[0], resolve);
  const servers = new Servers(faults, items, {
    environment: (name) => options.environment(name),
    read: (path) => options.read(path),
    resolve: below,
  });
  tellOfLeftOut(reader.leftOut, items, faults);

  const { runtimeDirectory } = servers;
  let directory = options.runDirectory ??
    (runtimeDirectory === undefined ? undefined : below(runtimeDirectory.args[0]!));
  const backends = new Backends(faults, {
    resolve: below,
    runDirectory: () => directory ??= options.defaultRunDirectory(),
    hasSocket: (path) => options.hasSocket(path),
  });

  const tls = new TlsReader(faults, servers.main.tls, below);
  const documents = new DocumentHosts({
    runDirectory: () => directory ??= options.defaultRunDirectory(),
    taken: (name) => backends.list().some((other) => other.name === name),
    types: () => typesOf(servers, below, options),
  });
  const files = new ServerFilesMaker(faults, servers.world, below, documents);
  const trust = new TrustLists();
  const remoteIp = new RemoteIpReader(
    faults,
    servers.main.remoteIp,
    trust,
    below,
    (path) => options.read(path),
  );
  const sites = new SiteMaker(faults, new RouteMaker(servers, backends, files), tls, below, remoteIp);
  const unserved = placesOf(servers).map((place) => sites.listenerOf(place));
  if (trust.fault !== undefined) faults.add(faults.whole, trust.fault);
  const limits = limitsOf(servers);
  const { listeners, backend } = assignHandshakes(faults.none ? unserved : [], {
    runDirectory: () => directory ??= options.defaultRunDirectory(),
    taken: (name) => [...backends.list(), ...documents.backends()].some((other) => other.name === name),
    workers: 1,
    strictNames: [servers.main, ...servers.hosts].some((server) => tls.isStrict(server.tls)),
    timeout: limits.headTimeout,
  });
  if (faults.none && !leadsAnywhere(listeners)) {
    faults.add(faults.whole, NOWHERE + nameLeftOut(reader.leftOut));
  }
  const logs = servers.main.logs.read(servers.main.logs, below, faults);
  const messages = servers.main.errorLogs.read(below, faults);
  faults.throwIfAny();
  const warnings = faults.warnings();
  const texts = servers.main.errors.texts();
  return {
    listeners,
    backends: [...backends.list(), ...documents.backends(), ...backend === undefined ? [] : [backend]],
    limits,
    allowUsers: [],
    ...logs,
    ...messages,
    // Before the site of a request is known, it is the main server that answers.
    ...Object.keys(texts).length > 0 ? { errorDocuments: texts } : {},
    ...trust.all.length > 0 ? { trust: trust.all } : {},
    ...warnings.length > 0 ? { warnings } : {},
  };
}

/** What is relative starts at ServerRoot, where there is one. */
function rootedAt(root: string | undefined, resolve: Resolve): Resolve {
  if (root === undefined) return resolve;
  return (path) => posix.resolve(resolve(root), path);
}

/** Debian's table of types, and that of whoever names none. */
const USUAL_TYPES = "/etc/mime.types";

/** The table of types: the one that is named, or the usual one; undefined where there is none. */
function typesOf(servers: Servers, resolve: Resolve, world: World): string | undefined {
  const path = resolve(servers.types?.args[0] ?? USUAL_TYPES);
  return world.files(path).includes(path) ? path : undefined;
}

const NOWHERE =
  "Leads nowhere: every request would get 404; write ProxyPass with a path and a URL, or DocumentRoot";

/** Whether any request gets something else than 404. */
function leadsAnywhere(listeners: readonly Listener[]): boolean {
  return listeners.some(({ sites }) =>
    sites.some((site) => answersByRules(site) || site.routes.some(({ backends }) => backends.length > 0))
  );
}

/** A configuration that leads nowhere mostly does so for one reason. */
function nameLeftOut(leftOut: readonly LeftOut[]): string {
  const found = leftOut.find(({ items }) =>
    items.some(({ name }) => /^(<VirtualHost|ProxyPass)/i.test(name))
  );
  if (found === undefined) return "";
  const { name, args, line } = found.section;
  return `, or mend <${
    [name, ...args].join(" ")
  }> in line ${line}, which does not hold here and has one in it`;
}
