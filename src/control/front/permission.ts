/** What Deno has to allow a front. */

import { UsageError } from "../failure.ts";
import { WORKER_PERMISSION } from "../processes/own_command.ts";

/**
 * The modules of a Worker are read by its own isolate. Deno's error would come from there, and not in our words.
 *
 * @throws {UsageError} where they may not be read
 */
export function checkPermission(): void {
  const path = new URL("../../front/worker.ts", import.meta.url);
  if (path.protocol !== "file:" || Deno.permissions.querySync({ name: "read", path }).state === "granted") {
    return;
  }
  throw new UsageError(`Starting a front's Worker is not allowed; run again with ${WORKER_PERMISSION}`);
}
