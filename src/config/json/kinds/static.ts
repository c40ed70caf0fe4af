/** The keys of the kind `static`. */

import { z } from "zod";
import { MAX_AGE, SYMLINKS, type Symlinks } from "../../config.ts";
import { readFilePath } from "../../path.ts";
import { expect, flag, text, whole } from "../shapes.ts";
import type { KindKeys } from "./kind.ts";

export const staticKeys: KindKeys = {
  choice: "static",
  advice: "add the path of a directory",
  shape: {
    static: text(`write the path of a directory, such as "./public"`).optional().meta({
      description: "A directory whose files are served, relative to this file. fdpass up runs it.",
    }),
    precompressed: flag(
      false,
      "Whether FILE.br, FILE.zst and FILE.gz are sent for FILE to clients that accept them.",
    ),
    symlinks: z.enum(SYMLINKS, { error: expect(`write "follow", "beneath" or "never"`) }).optional().meta({
      description: "Which symbolic links are followed: all, those that stay beneath the directory, none.",
      default: "beneath",
    }),
    spa: flag(false, "Whether paths that are no files get index.html, as an application of one page needs."),
    maxAge: whole(0, MAX_AGE).optional().meta({
      description:
        "Seconds for which clients may use a file without asking again. Pages are asked for each time.",
    }),
  },
  read(entry, { path, report, resolve }) {
    if (typeof entry.static !== "string") return undefined;
    const directory = report.take(readFilePath(entry.static, resolve), [...path, "static"]);
    if (directory === undefined) return undefined;
    const { precompressed, symlinks, spa, maxAge } = entry;
    return {
      kind: "static",
      directory,
      ...precompressed === true ? { precompressed } : {},
      ...isSymlinks(symlinks) ? { symlinks } : {},
      ...spa === true ? { spa } : {},
      ...typeof maxAge === "number" ? { maxAge } : {},
    };
  },
};

function isSymlinks(value: unknown): value is Symlinks {
  return SYMLINKS.some((known) => known === value);
}
