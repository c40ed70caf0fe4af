/** The sites of a JSON document, and the listeners that they answer on. */

import { formatAddress, readAddress, readSiteName } from "../address.ts";
import type { Site } from "../config.ts";
import type { BackendKind } from "../kinds.ts";
import { quote } from "../reading.ts";
import type { UnservedListener } from "../tls_backend.ts";
import { addressesOf, type OpenListener, readAddresses } from "./addresses.ts";
import type { AccessLogReader } from "./access_log.ts";
import type { Backends } from "./backends.ts";
import { readErrorDocuments } from "./error_documents.ts";
import { formatPath, type Path, type Report } from "./report.ts";
import type { Resolve } from "../path.ts";
import { readRoutes } from "./routes.ts";
import type { TlsReader } from "./tls.ts";
import type { TrustLists } from "../trust_lists.ts";
import { readTrusted } from "./trust.ts";
import { entriesOf, isObject, textsOf } from "./value.ts";

/**
 * Reads `listen` and `sites`.
 *
 * @param document The document.
 * @param backends The declared backends; those that routes use besides are added.
 * @param secure Reads what sites show to clients that speak TLS.
 * @param files Makes paths absolute, and reads access logs.
 * @param trust Gets the lists of who is trusted.
 * @param report Where problems go.
 * @returns The listeners: those of the top-level list, then what sites add to it.
 */
export function buildListeners(
  document: Readonly<Record<string, unknown>>,
  backends: Backends,
  secure: TlsReader,
  { resolve, logs }: { readonly resolve: Resolve; readonly logs: AccessLogReader },
  trust: TrustLists,
  report: Report,
): UnservedListener[] {
  const listeners = new Map<string, OpenListener>();
  const shared = readAddresses(document.listen, ["listen"], report, listeners);
  for (const { value, path } of entriesOf(document.sites, ["sites"])) {
    if (!isObject(value)) continue;
    const own = readAddresses(value.listen, [...path, "listen"], report, listeners);
    const tls = secure.site(value, path);
    const site: Site = {
      names: readNames(value.names, path, report),
      ...readRoutes(value, path, backends, resolve, report),
      ...readErrorDocuments(value, path, report),
      ...logs.read(value, path),
      ...tls === undefined ? {} : { tls },
    };
    const chosen = [...(value.listen === undefined ? shared : own).values()];
    const fitting = placeTls(site, path, chosen, report);
    if (tls === "pass") checkPassed(site, path, backends, report);
    claimNames(value.names, path, fitting, report);
    for (const listener of fitting) listener.sites.push(site);
  }
  // In a faulty document sites may be missing for another reason, which has been reported.
  for (const { value, path } of report.isEmpty ? addressesOf(document.listen, ["listen"]) : []) {
    const address = readAddress(value);
    const listener = "value" in address ? listeners.get(formatAddress(address.value)) : undefined;
    if (listener?.sites.length === 0) {
      const message = `No site answers on ${quote(value)}; remove it here, or add it to "listen" of a site`;
      report.value(path, message);
    } else if (listener?.speaksTls && listener.sites.every(({ tls }) => tls === undefined)) {
      const message = `No site on ${quote(value)} has a certificate; write "certificate" and "key" in one`;
      report.value(path, message);
    }
  }
  const trusted = readTrusted(document, [], report);
  return [...listeners.values()].map(({ address, sites, speaksTls, front, at }) => {
    const { proxyProtocol, scheme } = front;
    const list = front.trusted ?? trusted;
    if (scheme !== undefined && proxyProtocol === undefined && list === undefined) {
      const message =
        `Found a scheme for those in front, and nobody who may stand there; write "trustedProxies", or ` +
        `"proxyProtocol": "required"`;
      report.value([...at, "scheme"], message);
    }
    return {
      ...address,
      ...proxyProtocol === undefined ? {} : { proxyProtocol },
      ...list === undefined ? {} : { trust: trust.numberOf(list) },
      ...scheme === undefined ? {} : { scheme },
      sites,
      speaksTls,
    };
  });
}

/** The listeners on which a site answers, with what it says of TLS: whoever does TLS itself has nothing to say elsewhere. */
function placeTls(
  site: Site,
  path: Path,
  chosen: readonly OpenListener[],
  report: Report,
): readonly OpenListener[] {
  if (site.tls === undefined || chosen.length === 0) return chosen;
  const secure = chosen.filter(({ speaksTls }) => speaksTls);
  if (secure.length === 0) {
    const key = site.tls === "pass" ? "tls" : "certificate";
    const example = `{"address": "${formatAddress(chosen[0]!.address)}", "tls": true}`;
    report.key(
      [...path, key],
      `Found ${quote(key)}, and no address on which TLS is spoken; write ${example}`,
    );
  }
  if (site.tls !== "pass") return chosen;
  const [route, ...others] = site.routes;
  const whole = route?.path === "/" && route.match === undefined && route.mapTo === undefined;
  if (others.length > 0 || route !== undefined && !whole) {
    report.key(
      [...path, "routes"],
      `Cannot look into connections that are passed on; write "to" instead of "routes"`,
    );
  }
  if (site.names.length === 0) {
    report.key([...path, "tls"], `Cannot tell whose connections to pass on; write "names" in this site`);
  }
  return secure;
}

/** Whether those who get the connections of a site untouched do TLS, as far as that is known here. */
function checkPassed({ routes: [route] }: Site, path: Path, backends: Backends, report: Report): void {
  if (route === undefined) return;
  const to = [...path, "to"];
  if (route.backends.length === 0) {
    report.key(to, `Cannot answer on connections that are passed on; name a backend that does TLS itself`);
  }
  for (const { name, runs } of backends.list()) {
    if (runs === undefined || passesOn(runs) || !route.backends.includes(name)) continue;
    report.key(
      to,
      `Found ${
        quote(name)
      }, which does no TLS itself; name a relay with "plain": true or a backend of your own, ` +
        `or write "certificate" and "key" instead of "tls": "pass"`,
    );
  }
}

/** Whether a backend has the bytes of a connection go to somebody else as they are. */
function passesOn(runs: BackendKind): boolean {
  return runs.kind === "relay" && runs.plain !== undefined || runs.kind === "exec" && runs.cgi !== true;
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
