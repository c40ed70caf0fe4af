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
  const fileOf = (path: string) => {
    if (levels.some(({ handed }) => handed.some((place) => mayTake(place, path)))) return undefined;
    const name = fileAt(path, passes);
    return name !== undefined && files.isOpen(levels, name) ? name : undefined;
  };
  return Object.assign({}, ...levels.toReversed().map(({ errors }) => errors.pages(fileOf)));
}

/** Whether what a path leads to may be handed to somebody else. */
function mayTake({ path, pattern }: Place, asked: string): boolean {
  return (path === undefined || asked.startsWith(path.replace(/\/$/, ""))) &&
    (pattern === undefined || patternOf(pattern).test(asked));
}

/** The name of the file that a path leads to; undefined where it leads elsewhere. */
function fileAt(path: string, passes: readonly Pass[]): string | undefined {
  const reading = readDecodedPath(path);
  if ("fault" in reading) return undefined;
  const pass = passes.find((pass) =>
    pass.expression ? new Pattern(pass.path).exec(path) !== undefined : coversPath(pass.path, reading.value)
  );
  if (pass?.files === undefined || pass.expression || pass.files.script) return undefined;
  const rest = reading.value.slice(pass.path.length);
  return (pass.files.name + decodeURIComponent(rest)).replace(/\/{2,}/g, "/");
}
