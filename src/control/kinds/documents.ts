/** The kind `documents` as a process. */

import type { Documents } from "../../config/documents.ts";
import type { KindProgram } from "./program.ts";

export const documentsProgram: KindProgram<Documents> = {
  arguments: ({ kind: _, ...settings }) => ["--documents", JSON.stringify(settings)],
  // Files are opened by libc; the table of types is read by the runtime.
  permissions: ({ types }) => types === undefined ? [] : [`--allow-read=${types}`],
  reloads: false,
  async serve(kind, log) {
    const { DocumentsHandler } = await import("../../backend/documents/documents_handler.ts");
    const { readTypes } = await import("../../backend/documents/media_types.ts");
    const { httpServer } = await import("./http.ts");
    const types = kind.types === undefined ? undefined : readTypes(Deno.readTextFileSync(kind.types));
    const handler = new DocumentsHandler(kind, types, ({ file }, about) => {
      log.about(about).error(
        "files-overridden",
        "{file} is not read, so what is below it is not served: move what it says into a <Directory>, " +
          "and write AllowOverride None",
        { file },
      );
    });
    return httpServer(handler, log);
  },
  serveForApache: "Cannot use --documents with --apache, which says nothing of the file that is asked for",
};
