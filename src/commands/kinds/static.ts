/** The options of the kind `static`. */

import { Option } from "commander";
import { MAX_AGE, MAX_FILE_CACHE, type Static, SYMLINKS } from "../../config/config.ts";
import { wholeNumber } from "../values.ts";
import type { KindOptions } from "./kind.ts";

export const staticOptions: KindOptions = {
  choice: new Option("--static <dir>", "serve the files of a directory"),
  more: [
    new Option("--precompressed", "send FILE.br, FILE.zst or FILE.gz for FILE to those who accept it"),
    new Option("--symlinks <which>", "links to follow (default: beneath, those that stay in the directory)")
      .choices(SYMLINKS),
    new Option("--spa", "answer paths that are no files with index.html"),
    new Option("--max-age <seconds>", "time for which clients may use a file that is no page without asking")
      .argParser(wholeNumber(0, MAX_AGE)),
    new Option("--file-cache <seconds>", "time for which files that do not change are kept (default: 1)")
      .argParser(wholeNumber(1, MAX_FILE_CACHE)),
    new Option("--no-file-cache", "open a file for each request"),
  ],
  read(values) {
    const { static: directory, precompressed, symlinks, spa, maxAge, fileCache } = values as
      & Partial<Static>
      & {
        readonly static: string;
      };
    return {
      kind: "static",
      directory,
      ...precompressed ? { precompressed } : {},
      ...symlinks === undefined ? {} : { symlinks },
      ...spa ? { spa } : {},
      ...maxAge === undefined ? {} : { maxAge },
      ...fileCache === undefined ? {} : { fileCache },
    };
  },
};
