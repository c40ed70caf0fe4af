/** The sites of a JSON document, and the listeners that they answer on. */

import { formatAddress, readAddress, readSiteName } from "../address.ts";
import type { ListenAddress, Listener, Site } from "../config.ts";
import { quote } from "../reading.ts";
import type { Backends } from "./backends.ts";
import { readErrorDocuments } from "./error_documents.ts";
import { formatPath, type Path, type Report } from "./report.ts";
import { readRoutes } from "./routes.ts";
import { entriesOf, isObject, textsOf } from "./value.ts";

/** A listener that is being filled. */
interface OpenListener {
  readonly address: ListenAddress;
  readonly sites: Site[];
  /** Which site has a name, by the name; the empty name stands for every Host. */
  readonly owners: Map<string, string>;
}

/**
 * Reads `listen` and `sites`.
 *
 * @param document The document.
 * @param backends The declared backends; those that routes use besides are added.
 * @param report Where problems go.
 * @returns The listeners: those of the top-level list, then what sites add to it.
 */
export function buildListeners(
  document: Readonly<Record<string, unknown>>,
  backends: Backends,
  report: Report,
): Listener[] {
  const listeners = new Map<string, OpenListener>();
  const shared = readAddresses(document.listen, ["listen"], report, listeners);
  for (const { value, path } of entriesOf(document.sites, ["sites"])) {
    if (!isObject(value)) continue;
    const own = readAddresses(value.listen, [...path, "listen"], report, listeners);
    const site = {
      names: readNames(value.names, path, report),
      routes: readRoutes(value, path, backends, report),
      ...readErrorDocuments(value, path, report),
    };
    const chosen = value.listen === undefined ? shared : own;
    claimNames(value.names, path, [...chosen.values()], report);
    for (const listener of chosen.values()) listener.sites.push(site);
  }
  // In a faulty document sites may be missing for another reason, which has been reported.
  for (const { value, path } of report.isEmpty ? textsOf(document.listen, ["listen"]) : []) {
    const address = readAddress(value);
    if ("value" in address && listeners.get(formatAddress(address.value))?.sites.length === 0) {
      const message = `No site answers on ${quote(value)}; remove it here, or add it to "listen" of a site`;
      report.value(path, message);
    }
  }
  return [...listeners.values()].map(({ address, sites }) => ({ ...address, sites }));
}

/** Reads a list of addresses, opening the listeners that are new. */
function readAddresses(
  value: unknown,
  path: Path,
  report: Report,
  listeners: Map<string, OpenListener>,
): Map<string, OpenListener> {
  const chosen = new Map<string, OpenListener>();
  for (const item of textsOf(value, path)) {
    const address = report.take(readAddress(item.value), item.path);
    if (!address) continue;
    const key = formatAddress(address);
    if (chosen.has(key)) {
      report.value(item.path, `Found ${quote(key)} twice; write each address once`);
      continue;
    }
    const listener = listeners.get(key) ?? { address, sites: [], owners: new Map() };
    listeners.set(key, listener);
    chosen.set(key, listener);
  }
  return chosen;
}

function readNames(value: unknown, path: Path, report: Report): string[] {
  const names = new Set<string>();
  for (const item of textsOf(value, [...path, "names"])) {
    const name = report.take(readSiteName(item.value), item.path);
    if (name === undefined) continue;
    if (names.has(name)) report.value(item.path, `Found ${quote(name)} twice; write each name once`);
    names.add(name);
  }
  return [...names];
}

/** Reports names that another site has on one of the listeners; the first site keeps them. */
function claimNames(value: unknown, path: Path, listeners: readonly OpenListener[], report: Report): void {
  const site = formatPath(path);
  const claim = (name: string, at: Path, message: (owner: string, address: string) => string) => {
    const taken = listeners.find(({ owners }) => (owners.get(name) ?? site) !== site);
    if (taken) report.value(at, message(taken.owners.get(name) ?? "", formatAddress(taken.address)));
    for (const { owners } of listeners) if (!owners.has(name)) owners.set(name, site);
  };
  if (value === undefined) {
    claim(
      "",
      path,
      (owner, address) =>
        `Cannot take every Host on ${address}, for ${owner} does; write "names" in one of them`,
    );
  }
  for (const item of textsOf(value, [...path, "names"])) {
    const name = readSiteName(item.value);
    if ("fault" in name) continue;
    claim(
      name.value,
      item.path,
      (owner, address) =>
        `Cannot use the name ${quote(name.value)} on ${address}, for it is one of ${owner}; ` +
        `write each name in one site`,
    );
  }
}
