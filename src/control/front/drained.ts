/** Backends that get nothing new because somebody has asked for that: `fdpass drain`. */

import { type ControlAnswer, FAILED, REFUSED } from "../../protocol/control.ts";
import type { Config, Listener, Route } from "../../config/config.ts";

/** The listeners of a configuration, with routes that lead to the other backends only. */
export function withoutDrained({ listeners }: Config, drained: ReadonlySet<string>): readonly Listener[] {
  if (drained.size === 0) return listeners;
  const without = (route: Route): Route => {
    const backends = route.backends.filter((name) => !drained.has(name));
    if (backends.length === route.backends.length) return route;
    return { ...route, backends, ...backends.length === 0 && { drained: true as const } };
  };
  return listeners.map((listener) => ({
    ...listener,
    sites: listener.sites.map((site) => ({
      ...site,
      routes: site.routes.map(without),
      ...site.targets !== undefined && { targets: site.targets.map(without) },
    })),
  }));
}

/**
 * Why a backend cannot be drained: who would get no answer.
 *
 * @returns a sentence; undefined where others serve all of its routes
 */
function objection(config: Config, drained: ReadonlySet<string>, backend: string): string | undefined {
  if (config.backends.every(({ name }) => name !== backend)) {
    const names = config.backends.map(({ name }) => name).join(", ");
    return `Cannot find a backend with the name "${backend}"; there are ${names}`;
  }
  for (const { sites } of config.listeners) {
    for (const { names, routes, targets = [] } of sites) {
      for (const { path, backends } of [...routes, ...targets]) {
        if (!backends.includes(backend)) continue;
        if (backends.some((name) => name !== backend && !drained.has(name))) continue;
        return `Cannot drain "${backend}": nobody else serves ${path} of ${
          names[0] ?? "every other host"
        }; ` +
          "its clients would get 503 (drain --force does it)";
      }
    }
  }
  return undefined;
}

/** What is answered where a backend cannot be drained, or is not there to be undrained. @param on whether to drain it */
export function refuseDrain(
  config: Config,
  drained: ReadonlySet<string>,
  backend: string,
  on: boolean,
): ControlAnswer | undefined {
  const why = objection(config, drained, backend);
  if (why === undefined) return undefined;
  const unknown = why.startsWith("Cannot find");
  return unknown || on ? { code: unknown ? REFUSED : FAILED, text: why } : undefined;
}
