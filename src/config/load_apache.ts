/** What a configuration in the Apache syntax asks of the system: further files, the environment, which sockets there are. */

import { effectiveUser } from "../../ffi/mod.ts";
import { isPattern, segmentExpression } from "./apache/glob.ts";
import { type ApacheOptions, parseApache } from "./apache/parse.ts";
import type { Config } from "./config.ts";
import { configError } from "./error.ts";
import type { Origin } from "./path.ts";

/**
 * Reads a configuration in the Apache syntax, and the files that it includes.
 *
 * @param runDirectory absolute; what the configuration or the system says unless given
 * @throws {ConfigError} with everything that is wrong
 */
export function loadApache(text: string, origin: Origin, runDirectory: string | undefined): Config {
  const options: ApacheOptions = {
    ...origin,
    runDirectory,
    defaultRunDirectory: () => defaultRunDirectory(origin.name),
    environment,
    hasSocket,
    files: (pattern) => filesOf(pattern).flatMap(withinDirectory),
    read: (path) => Deno.readTextFileSync(path),
  };
  return { ...parseApache(text, options), syntax: "apache" };
}

function environment(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch {
    // A name that cannot be one, or no permission: then it is as if it were not set.
    return undefined;
  }
}

/** Where a user's own programs have their sockets; /tmp is everybody's, and whoever comes first would own it. */
function defaultRunDirectory(source: string): string {
  if (effectiveUser() === 0) return "/run/fdpass";
  const own = environment("XDG_RUNTIME_DIR");
  if (own?.startsWith("/")) return `${own}/fdpass`;
  const message =
    "Cannot tell where sockets are to be; write DefaultRuntimeDir, set XDG_RUNTIME_DIR, or give --run-dir";
  throw configError(source, message);
}

function hasSocket(path: string): boolean {
  try {
    return Deno.statSync(path).isSocket === true;
  } catch {
    return false;
  }
}

/** The paths that a pattern stands for, in the order of their names. */
function filesOf(pattern: string): string[] {
  let found = ["/"];
  for (const segment of pattern.split("/").filter((part) => part !== "" && part !== ".")) {
    found = found.flatMap((directory) => {
      const prefix = directory.endsWith("/") ? directory : `${directory}/`;
      if (!isPattern(segment)) return exists(prefix + segment) ? [prefix + segment] : [];
      const expression = segmentExpression(segment);
      return namesIn(directory).filter((name) => expression.test(name)).map((name) => prefix + name);
    });
  }
  return found;
}

/** A file itself, or all files below a directory. */
function withinDirectory(path: string): string[] {
  if (!isDirectory(path)) return [path];
  return namesIn(path).flatMap((name) => withinDirectory(`${path}/${name}`));
}

function namesIn(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
  } catch {
    return [];
  }
}

/** A link to nowhere is none: it cannot be read, which the reader says. */
function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
