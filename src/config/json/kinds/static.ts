/** The keys of the kind `static`. */

import { readFilePath } from "../../path.ts";
import { text } from "../shapes.ts";
import type { KindKeys } from "./kind.ts";

export const staticKeys: KindKeys = {
  choice: "static",
  advice: "add the path of a directory",
  shape: {
    static: text(`write the path of a directory, such as "./public"`).optional().meta({
      description: "A directory whose files are served, relative to this file. fdpass up runs it.",
    }),
  },
  read(entry, { path, report, resolve }) {
    if (typeof entry.static !== "string") return undefined;
    const directory = report.take(readFilePath(entry.static, resolve), [...path, "static"]);
    return directory === undefined ? undefined : { kind: "static", directory };
  },
};
