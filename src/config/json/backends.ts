/** The backends of a JSON document: those it declares, and those its routes use without declaring them. */

import { hasAbortDelay } from "../abort_delay.ts";
import { hasCompression } from "../compression.ts";
import type { Backend, BackendKind } from "../config.ts";
import { nearestTo } from "../nearest.ts";
import { readListeningPath, readSocketPath, type Resolve } from "../path.ts";
import { readDuration, readSize } from "../quantity.ts";
import { quote } from "../reading.ts";
import { BACKEND_NAME, nameAfterSocket, readTarget } from "../target.ts";
import { readCompression } from "./compression.ts";
import { readKind } from "./kinds/kinds.ts";
import type { Path, Report } from "./report.ts";
import { isObject } from "./value.ts";

/** Knows every backend by its name and by its socket. */
export class Backends {
  readonly #report: Report;
  readonly #resolve: Resolve;
  /** Faulty entries are undefined: their names exist, so that routes to them are not reported too. */
  readonly #byName = new Map<string, Backend | undefined>();
  readonly #nameBySocket = new Map<string, string>();
  /** Names made up here. They are not the user's to refer to: they would change with the order of routes. */
  readonly #undeclared = new Set<string>();

  /**
   * @param report Where problems go.
   * @param resolve Makes paths absolute.
   */
  constructor(report: Report, resolve: Resolve) {
    this.#report = report;
    this.#resolve = resolve;
  }

  /** All of them: the declared ones as in the document, then the others in order of use. */
  list(): Backend[] {
    return [...this.#byName.values()].filter((backend) => backend !== undefined);
  }

  /**
   * Takes in the declared backends.
   *
   * @param value What stands under `backends`.
   */
  declare(value: unknown): void {
    if (!isObject(value)) return;
    for (const [name, entry] of Object.entries(value)) {
      const path = ["backends", name];
      if (!BACKEND_NAME.test(name)) {
        const message =
          `Cannot use ${quote(name)} as a name; write up to 64 letters, digits, ".", "_" and "-", ` +
          `a letter or digit first`;
        this.#report.key(path, message);
      }
      this.#byName.set(name, isObject(entry) ? this.#read(name, entry, path) : undefined);
    }
  }

  #read(name: string, entry: Record<string, unknown>, path: Path): Backend | undefined {
    const runs = readKind(entry, { path, report: this.#report, resolve: this.#resolve });
    if (typeof entry.socket !== "string") return undefined;
    const socketPath = [...path, "socket"];
    const workers = typeof entry.workers === "number" ? entry.workers : 1;
    // One that somebody else listens at has no more to be than to be reached.
    const reading = runs === undefined
      ? readSocketPath(entry.socket, this.#resolve)
      : readListeningPath(entry.socket, this.#resolve, workers);
    const socket = this.#report.take(reading, socketPath);
    if (socket === undefined) return undefined;
    const other = this.#nameBySocket.get(socket);
    if (other !== undefined) {
      const message = `Cannot use ${quote(socket)} twice, for it is the socket of ${quote(other)}; ` +
        `give each backend its own, and use "workers" for several processes behind one`;
      this.#report.value(socketPath, message);
      return undefined;
    }
    this.#nameBySocket.set(socket, name);
    return {
      name,
      socket,
      workers,
      ...runs ? { runs } : {},
      ...settings(entry),
      ...this.#bounds(entry, runs, path),
      ...this.#compress(entry, runs, path),
    };
  }

  /** How much it takes, and how slowly. */
  #bounds(entry: Record<string, unknown>, runs: BackendKind | undefined, path: Path): Partial<Backend> {
    const { maxConnections, maxContent: size, minContentRate } = entry;
    const maxContent = typeof size === "number" || typeof size === "string"
      ? this.#report.take(readSize(size, { least: 0, most: Number.MAX_SAFE_INTEGER }), [
        ...path,
        "maxContent",
      ])
      : undefined;
    const contentTimeout = this.#duration(entry, "contentTimeout", 1, path);
    const abortDelay = this.#duration(entry, "abortDelay", 0, path);
    if (abortDelay !== undefined && runs !== undefined && !hasAbortDelay(runs)) {
      const message =
        'Found "abortDelay" without "fetch" or "upstream"; leave it out, for nothing else is aborted';
      this.#report.key([...path, "abortDelay"], message);
    }
    return {
      ...typeof maxConnections === "number" ? { maxConnections } : {},
      ...maxContent === undefined ? {} : { maxContent },
      ...contentTimeout === undefined ? {} : { contentTimeout },
      ...typeof minContentRate === "number" ? { minContentRate } : {},
      ...abortDelay === undefined ? {} : { abortDelay },
    };
  }

  #compress(
    { compress }: Record<string, unknown>,
    runs: BackendKind | undefined,
    path: Path,
  ): Partial<Backend> {
    const at = [...path, "compress"];
    const read = readCompression(compress, at, this.#report);
    if (read === undefined) return {};
    if (runs !== undefined && hasCompression(runs)) return { compress: read };
    const message =
      'Found "compress" where no requests are answered; leave it out, for it is of "fetch", "static", ' +
      '"upstream", "fastcgi" and "exec" with "cgi"';
    this.#report.key(at, message);
    return {};
  }

  /** Milliseconds that stand under a key, if they do. @param least how few of them make sense */
  #duration(entry: Record<string, unknown>, key: string, least: number, path: Path): number | undefined {
    const time = entry[key];
    if (typeof time !== "number" && typeof time !== "string") return undefined;
    return this.#report.take(readDuration(time, { least }), [...path, key]);
  }

  /**
   * Finds what a target refers to; a socket that nobody declared becomes a backend.
   *
   * @param text The target as written.
   * @param path Where it stands.
   * @returns The name of the backend, or nothing if the target is faulty.
   */
  refer(text: string, path: Path): string | undefined {
    const target = this.#report.take(readTarget(text), path);
    if (target === undefined) return undefined;
    if (target.kind === "name") {
      if (this.#byName.has(target.name) && !this.#undeclared.has(target.name)) return target.name;
      this.#report.value(path, this.#unknownName(target.name));
      return undefined;
    }
    const socket = this.#report.take(readSocketPath(target.path, this.#resolve), path);
    if (socket === undefined) return undefined;
    const known = this.#nameBySocket.get(socket);
    if (known !== undefined) return known;
    const name = nameAfterSocket(socket, (name) => this.#byName.has(name));
    this.#byName.set(name, { name, socket, workers: 1 });
    this.#nameBySocket.set(socket, name);
    this.#undeclared.add(name);
    return name;
  }

  #unknownName(name: string): string {
    const declared = [...this.#byName.keys()].filter((other) => !this.#undeclared.has(other));
    const nearest = nearestTo(name, declared);
    const instead = nearest === undefined
      ? `declare it under "backends", or write a socket such as "fd:///run/${name}.sock"`
      : `the nearest declared name is ${quote(nearest)}`;
    return `Cannot find a backend with the name ${quote(name)}; ${instead}`;
  }
}

/** What is passed on as it is written. Values of a wrong type have been reported with the shape. */
function settings(
  entry: Record<string, unknown>,
): Pick<Backend, "weight" | "flusher" | "mode" | "owner" | "group"> {
  const { weight, flusher, mode, owner, group } = entry;
  return {
    ...typeof weight === "number" ? { weight } : {},
    ...flusher === "flush" || flusher === "none" ? { flusher } : {},
    ...typeof mode === "string" ? { mode: parseInt(mode, 8) } : {},
    ...typeof owner === "number" ? { owner } : {},
    ...typeof group === "number" ? { group } : {},
  };
}
