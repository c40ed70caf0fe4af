/** The keys of the kind `static`. */

import { z } from "zod";
import { MAX_AGE, MAX_FILE_CACHE, SYMLINKS, type Symlinks } from "../../config.ts";
import { readFilePath } from "../../path.ts";
import { expect, flag, text, whole } from "../shapes.ts";
import type { KindKeys } from "./kind.ts";

const CACHE_SECONDS = `write false, or a whole number of seconds from 1 to ${MAX_FILE_CACHE}`;

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
    fileCache: z.union([z.literal(false), whole(1, MAX_FILE_CACHE, CACHE_SECONDS)], {
      error: expect(CACHE_SECONDS),
    }).optional().meta({
      description:
        "Seconds for which files are kept from one request to the next, unless they change; false for not at all.",
      default: 1,
    }),
  },
  read(entry, { path, report, resolve }) {
    if (typeof entry.static !== "string") return undefined;
    const directory = report.take(readFilePath(entry.static, resolve), [...path, "static"]);
    if (directory === undefined) return undefined;
    const { precompressed, symlinks, spa, maxAge, fileCache } = entry;
    return {
      kind: "static",
      directory,
      ...precompressed === true ? { precompressed } : {},
      ...isSymlinks(symlinks) ? { symlinks } : {},
      ...spa === true ? { spa } : {},
      ...typeof maxAge === "number" ? { maxAge } : {},
      ...typeof fileCache === "number" || fileCache === false ? { fileCache } : {},
    };
  },
};

function isSymlinks(value: unknown): value is Symlinks {
  return SYMLINKS.some((known) => known === value);
}
