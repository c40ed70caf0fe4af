/** Limits: in httpd each server has its own, here they hold for all of fdpass. */

import { DEFAULT_LIMITS, type Limits } from "../config.ts";
import { MAX_HEAD } from "../json/limits.ts";
import type { Servers } from "./servers.ts";
import { GLOBAL_SETTINGS, type Settings } from "./settings.ts";

/** Works the limits out: what the main server says, or else the largest that a virtual host says. */
export function limitsOf({ main, hosts, faults }: Servers): Limits {
  const given: Settings = { ...main.settings };
  for (const { settings, spot } of hosts) {
    for (const key of GLOBAL_SETTINGS) {
      const value = settings[key];
      if (value === undefined || value === main.settings[key]) continue;
      if (main.settings[key] === undefined) given[key] = Math.max(given[key] ?? 0, value);
      faults.notDone(spot!, `limits for one <VirtualHost> alone`);
    }
  }
  const { keepAliveTimeout, requests, headTimeout, requestLine, fieldSize } = given;
  const line = requestLine ?? DEFAULT_LIMITS.requestLine;
  return {
    ...DEFAULT_LIMITS,
    requestLine: line,
    // A head has to have room for the line and for a field of that size, at least.
    head: Math.min(MAX_HEAD, Math.max(DEFAULT_LIMITS.head, line + (fieldSize ?? 0))),
    ...keepAliveTimeout === undefined ? {} : { keepAliveTimeout: Math.max(1, keepAliveTimeout) },
    ...requests === undefined ? {} : { requests },
    ...headTimeout === undefined ? {} : { headTimeout },
  };
}
