/** The kind `static` as a process. */

import type { Static } from "../../config/config.ts";
import { UsageError } from "../failure.ts";
import type { KindProgram } from "./program.ts";

/** The arguments for what is served in another way than usual. */
function adjustments({ precompressed, symlinks, spa, maxAge, fileCache }: Static): string[] {
  return [
    ...precompressed ? ["--precompressed"] : [],
    ...symlinks === undefined ? [] : ["--symlinks", symlinks],
    ...spa ? ["--spa"] : [],
    ...maxAge === undefined ? [] : ["--max-age", `${maxAge}`],
    ...fileCache === undefined
      ? []
      : fileCache === false
      ? ["--no-file-cache"]
      : ["--file-cache", `${fileCache}`],
  ];
}

export const staticProgram: KindProgram<Static> = {
  arguments: (kind) => ["--static", kind.directory, ...adjustments(kind)],
  // Files are opened by libc.
  permissions: () => [],
  reloads: false,
  async serve({ directory, kind: _, ...options }, log) {
    const { StaticRequestHandler } = await import("../../backend/static/static_handler.ts");
    const { httpServer } = await import("./http.ts");
    return httpServer(new StaticRequestHandler(directory, options), log);
  },
  // Which file is asked for, Apache does not say: it is always the same one.
  async serveForApache(kind, log) {
    const [stray] = adjustments(kind);
    if (stray !== undefined) {
      throw new UsageError(`Cannot use ${stray} with --apache: one file is sent, as it is`);
    }
    const { FileServer } = await import("../../backend/apache/file_server.ts");
    return new FileServer(
      kind.directory,
      (error) => log.error("connection-failed", "a connection was broken off: {error}", { error }),
    );
  },
};
