/** The keys of the kind `fetch`. */

import { readModule } from "../../path.ts";
import { text } from "../shapes.ts";
import type { KindKeys } from "./kind.ts";

export const fetchKeys: KindKeys = {
  choice: "fetch",
  advice: "add the path of a module",
  shape: {
    fetch: text(`write the path of a module, such as "./app.ts"`).optional().meta({
      description: "A module whose default export has fetch(request, info), as for deno serve: " +
        "a path relative to this file, or a URL. fdpass up runs it.",
    }),
  },
  read(entry, { path, report, resolve }) {
    if (typeof entry.fetch !== "string") return undefined;
    const module = report.take(readModule(entry.fetch, resolve), [...path, "fetch"]);
    return module === undefined ? undefined : { kind: "fetch", module };
  },
};
