/** The options of the kind `documents`. */

import { Option } from "commander";
import type { Documents } from "../../config/documents.ts";
import { UsageError } from "../../control/failure.ts";
import type { KindOptions } from "./kind.ts";

export const documentsOptions: KindOptions = {
  choice: new Option("--documents <json>", "serve files as an Apache configuration says (started by fdpass)"),
  more: [],
  read(values) {
    const { documents: text } = values as { readonly documents: string };
    try {
      const { hosts, types } = JSON.parse(text) as Documents;
      if (!Array.isArray(hosts)) throw new Error("it has no hosts");
      return { kind: "documents", hosts, ...types === undefined ? {} : { types } };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new UsageError(`Cannot read --documents (${reason}); let fdpass front or fdpass up start it`);
    }
  },
};
