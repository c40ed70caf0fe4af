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
};
