/** The options of the kind `static`. */

import { Option } from "commander";
import type { KindOptions } from "./kind.ts";

export const staticOptions: KindOptions = {
  choice: new Option("--static <dir>", "serve the files of a directory"),
  more: [],
  read: (values) => ({ kind: "static", directory: values.static as string }),
};
