/** Whether plain relays get whole connections only: they look at no request, so none on the way may be somebody else's. */

import { formatAddress } from "./address.ts";
import type { Backend, Config, Listener, Route } from "./config.ts";
import { quote } from "./reading.ts";

/**
 * Finds plain relays that have a route on which a later request may belong elsewhere.
 *
 * @param config Its listeners and backends.
 * @returns The backends, each with a sentence.
 */
export function misplacedPlainRelays(
  { listeners, backends }: Pick<Config, "listeners" | "backends">,
): readonly { readonly backend: Backend; readonly fault: string }[] {
  const plain = new Map(
    backends.flatMap((backend) =>
      backend.runs?.kind === "relay" && backend.runs.plain !== undefined ? [[backend.name, backend]] : []
    ),
  );
  const faults = new Map<Backend, string>();
  for (const listener of plain.size === 0 ? [] : listeners) {
    // What is passed on untouched is one backend's from its first byte to its last.
    for (const route of listener.sites.flatMap(({ routes, tls }) => tls === "pass" ? [] : routes)) {
      if (isAllOf(listener, route)) continue;
      for (const name of route.backends) {
        const backend = plain.get(name);
        if (backend === undefined || faults.has(backend)) continue;
        faults.set(
          backend,
          `Cannot relay whole connections of the route ${quote(route.path)} on ${formatAddress(listener)}, ` +
            `for later requests on them may belong elsewhere; ` +
            `give the relay a site that is alone on its addresses and has one route, "/"`,
        );
      }
    }
  }
  return [...faults].map(([backend, fault]) => ({ backend, fault }));
}

/** Whether every request on a connection of the listener is the route's: `scopesOf` of src/route/scope.ts says the same. */
function isAllOf({ sites }: Listener, { path, match, inOrder, mapTo }: Route): boolean {
  return sites.length === 1 && sites[0]!.routes.length === 1 && path === "/" && match === undefined &&
    !inOrder && mapTo === undefined;
}
