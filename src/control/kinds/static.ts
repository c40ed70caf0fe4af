/** The kind `static` as a process. */

import type { Static } from "../../config/config.ts";
import type { KindProgram } from "./program.ts";

export const staticProgram: KindProgram<Static> = {
  arguments: ({ directory }) => ["--static", directory],
  // Files are opened by libc.
  permissions: () => [],
  async serve({ directory }, log) {
    const { StaticRequestHandler } = await import("../../backend/static/static_handler.ts");
    const { httpServer } = await import("./http.ts");
    return httpServer(new StaticRequestHandler(directory), log);
  },
  // Which file is asked for, Apache does not say: it is always the same one.
  async serveForApache({ directory: file }, log) {
    const { FileServer } = await import("../../backend/apache/file_server.ts");
    return new FileServer(file, (error) => log.error("a connection was broken off: {error}", { error }));
  },
};
