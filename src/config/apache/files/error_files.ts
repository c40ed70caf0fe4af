/** Pages of errors that are files of the site. */

import { Pattern } from "../../../pattern/pattern.ts";
import { patternOf } from "../../../rules/expression.ts";
import type { Place } from "../../../rules/model.ts";
import type { ErrorPages } from "../../error_pages.ts";
import type { Pass } from "../passes.ts";
import { coversPath, readDecodedPath } from "../paths.ts";
import type { Server } from "../server.ts";
import type { ServerFilesMaker } from "./server_files.ts";

/**
 * The pages of a server, those of the main server behind its own.
 *
 * @param levels the server, then the one around it
 * @param passes in order
 */
export function errorPagesOf(
  levels: readonly Server[],
  passes: readonly Pass[],
  files: ServerFilesMaker,
): ErrorPages {
  const rewrites = levels.some(({ draft }) => draft.rewriting.engine && draft.rewriting.rules.length > 0);
  const pageAt = (path: string) => {
    const pass = passAt(path, passes);
    const isHanded = levels.some(({ handed }) => handed.some((place) => mayTake(place, path)));
    const file = isHanded || rewrites || pass === undefined ? undefined : fileAt(path, pass);
    // What may be no file, or not for everybody, the front looks for when it is asked for.
    if (file !== undefined && namesIn(file).every((name) => files.isOpen(levels, name))) return { file };
    if (pass !== undefined && leadsSomewhere(pass)) return "found";
    return rewrites ? "by rules" : undefined;
  };
  return Object.assign({}, ...levels.toReversed().map(({ errors }) => errors.pages(pageAt)));
}

/** A name, and those of the directories that it is in: one of these may be a program, to which the rest is said. */
function namesIn(file: string): string[] {
  return Array.from(file.matchAll(/\/[^/]*/g), ({ index, 0: part }) => file.slice(0, index + part.length));
}

/** Whether what a path leads to may be handed to somebody else. */
function mayTake({ path, pattern }: Place, asked: string): boolean {
  return (path === undefined || asked.startsWith(path.replace(/\/$/, ""))) &&
    (pattern === undefined || patternOf(pattern).test(asked));
}

/** The pass that takes a path; undefined where none does. */
function passAt(path: string, passes: readonly Pass[]): Pass | undefined {
  const reading = readDecodedPath(path);
  if ("fault" in reading) return undefined;
  return passes.find((pass) =>
    pass.expression ? new Pattern(pass.path).exec(path) !== undefined : coversPath(pass.path, reading.value)
  );
}

function leadsSomewhere({ files, target }: Pass): boolean {
  return files !== undefined || target !== undefined;
}

/** The name of the file that a path leads to by a pass; undefined where it leads elsewhere. */
function fileAt(path: string, { files, expression, path: prefix }: Pass): string | undefined {
  const reading = readDecodedPath(path);
  if ("fault" in reading || files === undefined || expression || files.script) return undefined;
  const rest = reading.value.slice(prefix.length);
  return (files.name + decodeURIComponent(rest)).replace(/\/{2,}/g, "/");
}
