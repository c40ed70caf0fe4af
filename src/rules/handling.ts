/** Which files are run by an application behind, and what of a path is for it (SetHandler with `proxy:`). */

import { walked } from "./file_names.ts";
import type { Section } from "./model.ts";
import type { Files } from "./request.ts";

/** A file that is run. */
export interface Handling {
  /** The index of the target that runs it. */
  readonly target: number;
  /** Its name. */
  readonly script: string;
  /** What of the path follows it; empty, or from a slash on. */
  readonly info: string;
}

/**
 * Who runs what a path leads to.
 *
 * @param name the name that the path leads to; what follows that of a file is for whoever runs it
 * @param sectionsOf what holds for a name
 * @returns undefined for what is no file, or a file like others, and where nobody here can say whether it may be run: then
 * whoever serves files has to
 */
export function handlingOf(
  name: string,
  sectionsOf: (name: string) => readonly Section[],
  files: Files,
): Handling | undefined {
  const script = walked(name, files);
  // Whoever serves files keeps those back.
  if (script.slice(script.lastIndexOf("/") + 1).startsWith(".ht")) return undefined;
  const sections = sectionsOf(script);
  const target = sections.findLast(({ handler }) => handler !== undefined)?.handler;
  if (target === undefined || target === false || !files.is("file", script)) return undefined;
  const follows = sections.findLast(({ links }) => links !== undefined)?.links ?? true;
  for (let at = script.indexOf("/"); at >= 0; at = script.indexOf("/", at + 1)) {
    const directory = script.slice(0, at + 1);
    const counts = sectionsOf(directory).findLast(({ overrides }) => overrides !== undefined)?.overrides;
    if (counts !== false && files.is("file", `${directory}.htaccess`)) return undefined;
    if (!follows && at > 0 && files.is("link", script.slice(0, at))) return undefined;
  }
  if (!follows && files.is("link", script)) return undefined;
  return { target, script, info: name.slice(script.length) };
}

/**
 * The file that stands for a directory, if it is one that is run.
 *
 * @param directory its name, with a slash at its end
 * @param path the path that leads to it
 * @returns the path of that file
 */
export function handledIndex(
  directory: string,
  path: string,
  sectionsOf: (name: string) => readonly Section[],
  files: Files,
): string | undefined {
  const index = sectionsOf(directory).findLast((section) => section.index !== undefined)?.index ??
    ["index.html"];
  const first = index.find((name) => !name.startsWith("/") && files.is("file", directory + name));
  if (first === undefined || handlingOf(directory + first, sectionsOf, files) === undefined) return undefined;
  return path + first;
}
