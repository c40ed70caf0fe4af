/** The kind `fetch` as a process. */

import type { Fetch } from "../../config/config.ts";
import { UsageError } from "../failure.ts";
import type { KindProgram } from "./program.ts";

/**
 * Gets all permissions, whatever the process that starts it may do: only its module knows what it needs, it would fail
 * at some later request without that, and nobody is there to be asked. Nothing is given away that was not given before:
 * who starts it may run Deno (`--allow-run`), and Deno can be run with any permission. To run a handler with less, start
 * its backend by hand.
 */
export const fetchProgram: KindProgram<Fetch> = {
  arguments: ({ module }) => ["--fetch", module],
  permissions: () => ["-A"],
  reloads: true,
  async serve({ module }, log) {
    const { fetchServer } = await import("../../backend/fetch/fetch_server.ts");
    const { loadHandlers } = await import("../../backend/fetch/module.ts");
    const { extendDeno } = await import("../../backend/fetch/deno_websocket.ts");
    const { errorsTo } = await import("./http.ts");
    extendDeno();
    return fetchServer(await loadHandlers(module), errorsTo(log));
  },
  async serveForApache({ module }, log) {
    const { ContentServer } = await import("../../backend/apache/content_server.ts");
    const { loadHandlers } = await import("../../backend/fetch/module.ts");
    const { fetch } = await loadHandlers(module);
    if (fetch === undefined) {
      throw new UsageError(
        `Cannot use the module "${module}" with --apache: it has no default export { fetch(request, info) }, nor a function`,
      );
    }
    return new ContentServer(fetch, {
      onError: (error) => log.error("connection-failed", "a connection was broken off: {error}", { error }),
      onUnsaid: (what) =>
        log.warn(
          "response-incomplete",
          "the handler's {what} was not sent: Apache has sent the head of the response, and only content can follow",
          { what },
        ),
    });
  },
};
