/** On which paths clients see pages in the place of errors of servers behind. */

import type { ErrorOverride } from "./error_statuses.ts";
import type { Faults } from "./faults.ts";
import type { Pass } from "./passes.ts";
import { coversPath } from "./paths.ts";
import type { Server } from "./server.ts";

/**
 * What holds for a pass: what is said in its location, or in the last one around it; else on the server, or around that.
 *
 * @param levels the server, then the one around it
 */
export function errorOverrideOf(pass: Pass, levels: readonly Server[]): ErrorOverride {
  const around = levels.toReversed().flatMap(({ sections }) => sections).findLast(({ place, settings }) =>
    settings?.errorOverride !== undefined && isAround(place.path, pass)
  );
  return pass.settings.errorOverride ?? around?.settings?.errorOverride ??
    levels.map(({ errors }) => errors.overrides).find((one) => one !== undefined) ?? "none";
}

/** Tells of locations that hold for a part of a pass, or for what only rules lead to. */
export function tellOfOverrides({ sections }: Server, passes: readonly Pass[], faults: Faults): void {
  for (const { place, settings, spot } of sections) {
    if (settings?.errorOverride === undefined) continue;
    const isHeard = passes.some((pass) => pass.settings === settings || isAround(place.path, pass));
    if (!isHeard) {
      faults.notDone(spot, `ProxyErrorOverride in a <${spot.name}> without a ProxyPass`, "changes");
    }
  }
}

function isAround(path: string | undefined, pass: Pass): boolean {
  return path !== undefined && !pass.expression && pass.target !== undefined && coversPath(path, pass.path);
}
