/** The Apache syntax: from text to the one model. */

import { posix } from "node:path";
import type { Config } from "../config.ts";
import { type Origin, resolveFrom } from "../path.ts";
import { placesOf } from "./addresses.ts";
import { Backends } from "./backends.ts";
import { Faults } from "./faults.ts";
import { limitsOf } from "./limits.ts";
import { Reader, type World } from "./reader.ts";
import { RouteMaker } from "./routes.ts";
import { Servers } from "./servers.ts";
import { SiteMaker } from "./sites.ts";

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
  const reader = new Reader(faults, options, resolve, options.defines ?? []);
  const servers = new Servers(faults, reader.read(text, options.name));

  const root = servers.serverRoot === undefined ? undefined : resolve(servers.serverRoot.args[0]!);
  const below = root === undefined ? resolve : (path: string) => posix.resolve(root, path);
  const { runtimeDirectory } = servers;
  let directory = options.runDirectory ??
    (runtimeDirectory === undefined ? undefined : below(runtimeDirectory.args[0]!));
  const backends = new Backends(faults, {
    resolve: below,
    runDirectory: () => directory ??= options.defaultRunDirectory(),
    hasSocket: (path) => options.hasSocket(path),
  });

  const sites = new SiteMaker(faults, new RouteMaker(servers, backends));
  const listeners = placesOf(servers).map((place) => sites.listenerOf(place));
  const limits = limitsOf(servers);
  faults.throwIfAny();
  const warnings = faults.warnings();
  return {
    listeners,
    backends: backends.list(),
    limits,
    allowUsers: [],
    // Before the site of a request is known, it is the main server that answers.
    ...Object.keys(servers.main.errorDocuments).length > 0
      ? { errorDocuments: servers.main.errorDocuments }
      : {},
    ...warnings.length > 0 ? { warnings } : {},
  };
}
