/** Configurations in the Apache syntax, read without a file system: it is given with them. */

import type { Config } from "../../../src/config/config.ts";
import { ConfigError } from "../../../src/config/error.ts";
import { formatWarnings } from "../../../src/config/warning.ts";
import { type ApacheOptions, parseApache } from "../../../src/config/apache/parse.ts";

/** The world around a configuration. */
export interface Around {
  /** Texts of files by their paths. */
  readonly files?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly sockets?: readonly string[];
}

/** Reads `/etc/site.conf`. */
export function parse(text: string, around: Around = {}): Config {
  const { files = {}, environment = {}, sockets = [] } = around;
  const options: ApacheOptions = {
    name: "site.conf",
    baseDirectory: "/etc",
    defaultRunDirectory: () => "/run/fdpass",
    environment: (name) => environment[name],
    hasSocket: (path) => sockets.includes(path),
    files: (pattern) => {
      const expression = new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", "[^/]*")}$`);
      return Object.keys(files).filter((path) => expression.test(path)).sort();
    },
    read: (path) => files[path]!,
  };
  return parseApache(text, options);
}

/** What people are told about a valid one, a line each. */
export function warningsOf(text: string, around: Around = {}): string[] {
  return formatWarnings(parse(text, around).warnings ?? [], "site.conf");
}

/** What is said of a faulty one, a line each. */
export function faultsOf(text: string, around: Around = {}): string[] {
  try {
    parse(text, around);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n");
    throw error;
  }
  return [];
}
