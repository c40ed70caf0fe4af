/** Names of files that requests are for. */

import { decoded } from "./bytes.ts";
import type { SiteRules } from "./model.ts";
import type { Files } from "./request.ts";

/**
 * The name of the file that a rule of a server has made: a whole name if it begins as one and its first part is there,
 * else below DocumentRoot.
 *
 * @returns undefined where nobody serves files, or the name leads elsewhere than it says
 */
export function namedFile(path: string, rules: SiteRules, files: Files): string | undefined {
  const { files: { target, made = [] } = {} } = rules;
  if (target === undefined || !path.startsWith("/")) return undefined;
  if (isTooDeep(path) || path.split("/").some((part) => part === "." || part === "..")) return undefined;
  const [first] = /^\/[^/]*/.exec(path)!;
  // What a client has written must not choose where in the system it is: a rule says how such a name begins.
  const isWhole = made.some((start) => path.startsWith(start)) && files.is("directory", first);
  if (isWhole) return path;
  return rules.documentRoot === undefined ? undefined : rules.documentRoot.replace(/\/$/, "") + path;
}

/** The path of the site that a name of a file stands for, below DocumentRoot. */
export function sitePath(name: string, { documentRoot }: SiteRules): string {
  const root = documentRoot?.replace(/\/$/, "");
  return root !== undefined && (name === root || name.startsWith(`${root}/`))
    ? name.slice(root.length) || "/"
    : name;
}

/** A variable that no rule can set: the status of the error that a file is the page of. */
export const INSTEAD_OF = ":status";

/** Another one: the path of the site that a file which is run has, after all that rules and indexes have made of it. */
export const PATH_OF_SCRIPT = ":path";

/** The name of that file, and DocumentRoot. */
export const SCRIPT = ":script";
export const ROOT_OF_SCRIPT = ":root";

/** Parts of a name beyond which no file is looked for. */
const DEEPEST = 100;

/** Whether a name has more parts than any file: what is asked for it takes no work. */
export function isTooDeep(name: string): boolean {
  return name.split("/", DEEPEST + 1).length > DEEPEST;
}

/** The name in a mapped path, `/HOST/NAME`, a character for each byte. */
export function fileIn(mapped: string): string {
  return decoded(mapped.slice(mapped.indexOf("/", 1)));
}

/** What is there of a file's name: up to the first part that is no directory, as httpd walks it. */
export function walked(name: string, files: Files): string {
  for (let at = name.indexOf("/", 1); at >= 0; at = name.indexOf("/", at + 1)) {
    if (at < name.length - 1 && !files.is("directory", name.slice(0, at))) return name.slice(0, at);
  }
  return name;
}
