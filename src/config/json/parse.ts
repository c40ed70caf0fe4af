/**
 * The JSON syntax. Three passes over one document, which all report and none of which stops the next:
 * repeated keys (with the syntax), shape, and meaning.
 */

import type { Config } from "../config.ts";
import { type Origin, resolveFrom } from "../path.ts";
import { misplacedPlainRelays } from "../plain_routes.ts";
import { assignHandshakes } from "../tls_backend.ts";
import { AccessLogReader } from "./access_log.ts";
import { readAdmin } from "./admin.ts";
import { Backends } from "./backends.ts";
import { readErrorDocuments } from "./error_documents.ts";
import { buildLimits } from "./limits.ts";
import { checkShape } from "./shape.ts";
import { buildListeners } from "./sites.ts";
import { readJson } from "./source.ts";
import { TlsReader } from "./tls.ts";
import { TrustLists } from "../trust_lists.ts";
import { entriesOf, isObject } from "./value.ts";

/** What a document does not say. */
export interface JsonOptions {
  /** Finds the directory for sockets that nobody has named, where there are any. */
  readonly runDirectory?: () => string;
}

/** Where the system's own programs have their sockets. */
const RUN_DIRECTORY = "/run/fdpass";

/**
 * Reads a configuration in JSON; comments and trailing commas are allowed.
 *
 * @example
 * ```ts
 * const text = `{ "listen": "8080", "sites": [{ "to": "fd:///run/app.sock" }] }`;
 * const config = parseJson(text, { name: "fdpass.json", baseDirectory: "/etc/fdpass" });
 * if (config.backends[0]?.name !== "app") throw new Error("The backend has the name of its socket");
 * ```
 *
 * @param text The document.
 * @param origin What to call it, and what its relative paths are relative to.
 * @param options What it does not say.
 * @returns The configuration, valid and complete.
 * @throws {ConfigError} With everything that is wrong, in document order.
 */
export function parseJson(text: string, origin: Origin, { runDirectory }: JsonOptions = {}): Config {
  const { value, report } = readJson(text.replace(/^\ufeff/, ""), origin.name);
  checkShape(value, report);
  const document = isObject(value) ? value : {};
  const resolve = resolveFrom(origin.baseDirectory);
  const backends = new Backends(report, resolve);
  backends.declare(document.backends);
  const secure = new TlsReader(document.tls, resolve, report);
  const trust = new TrustLists();
  const logs = new AccessLogReader(resolve, report);
  const unserved = buildListeners(document, backends, secure, { resolve, logs }, trust, report);
  if (trust.fault !== undefined) report.key(["trustedProxies"], trust.fault);
  const limits = buildLimits(document, report);
  const errorDocuments = readErrorDocuments(document, [], report);
  const accessLogs = logs.read(document, []);
  const admin = readAdmin(document.admin, resolve, report);
  const { listeners, backend } = assignHandshakes(report.isEmpty ? unserved : [], {
    runDirectory: runDirectory ?? (() => RUN_DIRECTORY),
    taken: (name) => backends.list().some((other) => other.name === name),
    workers: secure.workers,
    strictNames: secure.strictNames,
    timeout: limits.headTimeout,
  });
  if (report.isEmpty) {
    for (const { backend, fault } of misplacedPlainRelays({ listeners, backends: backends.list() })) {
      const declared = isObject(document.backends) ? document.backends[backend.name] : undefined;
      const key = isObject(declared) && declared.plain === true ? "plain" : "proxyProtocol";
      report.key(["backends", backend.name, key], fault);
    }
  }
  report.throwIfAny();

  const users = entriesOf(document.allowUsers, []).map((item) => item.value as number);
  const all = [...backends.list(), ...backend === undefined ? [] : [backend]];
  return {
    listeners,
    backends: all,
    limits,
    allowUsers: [...new Set(users)],
    ...errorDocuments,
    ...accessLogs,
    ...admin,
    ...document.trustRequestIds === true ? { trustRequestIds: true } : {},
    ...trust.all.length === 0 ? {} : { trust: trust.all },
    ...report.warnings(),
  };
}
