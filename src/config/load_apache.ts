/** What a configuration in the Apache syntax asks of the system: further files, the environment, which sockets there are. */

import { isPattern, segmentExpression } from "./apache/glob.ts";
import { type ApacheOptions, parseApache } from "./apache/parse.ts";
import type { Config } from "./config.ts";
import { environment } from "./environment.ts";
import { configError } from "./error.ts";
import type { Origin } from "./path.ts";
import type { Warning } from "./warning.ts";
import { defaultRunDirectory, type RunDirectory, RunDirectoryError } from "./run_directory.ts";

/**
 * Reads a configuration in the Apache syntax, and the files that it includes.
 *
 * @param runDirectory absolute; what the configuration or the system says unless given
 * @throws {ConfigError} with everything that is wrong
 */
export function loadApache(text: string, origin: Origin, runDirectory: string | undefined): Config {
  const notes: Warning[] = [];
  const options: ApacheOptions = {
    ...origin,
    runDirectory,
    defaultRunDirectory: () => {
      const directory = runDirectoryFor(origin.name);
      if (directory.note !== undefined) notes.push(noteOf(origin.name, directory.note));
      return directory.path;
    },
    environment,
    hasSocket,
    files: (pattern) => filesOf(pattern).flatMap(withinDirectory),
    read: (path) => Deno.readTextFileSync(path),
  };
  const config = parseApache(text, options);
  const warnings = [...config.warnings ?? [], ...notes];
  return { ...config, syntax: "apache", ...warnings.length > 0 && { warnings } };
}

function noteOf(source: string, message: string): Warning {
  return { sort: "none", source, line: 0, subject: "", message };
}

function runDirectoryFor(source: string): RunDirectory {
  try {
    return defaultRunDirectory();
  } catch (error) {
    if (error instanceof RunDirectoryError) throw configError(source, error.message, { cause: error });
    throw error;
  }
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
