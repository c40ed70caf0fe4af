/** The options of the kind `fetch`. */

import { Option } from "commander";
import { absolute } from "../values.ts";
import type { KindOptions } from "./kind.ts";

export const fetchOptions: KindOptions = {
  choice: new Option(
    "--fetch <module>",
    "serve with a module whose default export is { fetch(request, info) }",
  ),
  more: [],
  read(values) {
    const module = values.fetch as string;
    const isUrl = /^(file|https?|data|npm|jsr):/.test(module);
    return { kind: "fetch", module: isUrl ? module : absolute(module) };
  },
};
