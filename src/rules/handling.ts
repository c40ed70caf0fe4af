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
  const { handler: target, executed } = sections.findLast(({ handler }) => handler !== undefined) ?? {};
  if (target === undefined || target === false || !files.is("file", script)) return undefined;
  if (executed && sections.findLast(({ executes }) => executes !== undefined)?.executes !== true) {
    return undefined;
  }
  const follows = sections.findLast(({ links }) => links !== undefined)?.links ?? true;
  for (let at = script.indexOf("/"); at >= 0; at = script.indexOf("/", at + 1)) {
    const directory = script.slice(0, at + 1);
    const counts = sectionsOf(directory).findLast(({ overrides }) => overrides !== undefined)?.overrides;
    if (counts !== false && files.is("notEmpty", `${directory}.htaccess`)) return undefined;
    if (!follows && at > 0 && files.is("link", script.slice(0, at))) return undefined;
  }
  if (!follows && files.is("link", script)) return undefined;
  return { target, script, info: name.slice(script.length) };
}

/**
 * What stands for a directory, if that is for somebody else than whoever serves the directory: a file that is run, a path
 * that is proxied, or a file of whose name more is said.
 *
 * @param directory its name and the path that leads to it, with slashes at their ends
 * @param isElsewhere whether a path leads to somebody else than whoever sends files: then it need not be there
 * @returns the path of that
 */
export function indexOf(
  directory: { readonly name: string; readonly path: string },
  sectionsOf: (name: string) => readonly Section[],
  files: Files,
  isElsewhere: (path: string) => boolean,
): string | undefined {
  const around = sectionsOf(directory.name);
  const index = around.findLast((section) => section.index !== undefined)?.index;
  // Nobody has to know.
  if (index === undefined) return undefined;
  for (const name of index) {
    const path = name.startsWith("/") ? name : directory.path + name;
    if (isElsewhere(path)) return path;
    if (name.startsWith("/") || !files.is("file", directory.name + name)) continue;
    if (handlingOf(directory.name + name, sectionsOf, files) !== undefined) return path;
    return sectionsOf(directory.name + name).some((section) => !around.includes(section)) ? path : undefined;
  }
  return undefined;
}

/** Whether all that is in sections is for somebody who runs it. */
export function isHandled(sections: readonly Section[]): boolean {
  return sections.findLast(({ handler }) => handler !== undefined)?.handlesAll === true;
}
