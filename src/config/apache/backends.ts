/** The backends that an Apache configuration leads to: sockets, and relays to servers that know nothing of hand-offs. */

import type { Backend, Relay } from "../config.ts";
import { readListeningPath, readSocketPath, type Resolve } from "../path.ts";
import { nameAfterSocket } from "../target.ts";
import { formatUpstream, readUpstream } from "../upstream.ts";
import type { Faults, Spot } from "./faults.ts";
import type { Parameters } from "./parameters.ts";
import type { Target } from "./targets.ts";

/** Where sockets are. */
export interface Surroundings {
  /** Makes the path of a socket absolute: what is relative starts at ServerRoot. */
  readonly resolve: Resolve;
  /** Where backends have their sockets, and relays get theirs. */
  runDirectory(): string;
  /** Whether there is a socket at a path. */
  hasSocket(path: string): boolean;
}

/** How requests are relayed to a server, besides which. */
export type RelayTerms = Omit<Relay, "kind" | "upstream">;

/** Collects them, each once. */
export class Backends {
  readonly #byName = new Map<string, Backend>();
  readonly #names = new Map<string, string>();

  constructor(readonly faults: Faults, readonly surroundings: Surroundings) {}

  /** All of them, in order of use. */
  list(): Backend[] {
    return [...this.#byName.values()];
  }

  /**
   * The backend for a target.
   *
   * @param base a path that everything is put below, of a balancer's member
   * @returns its name; nothing if there can be none, which has been reported
   */
  refer(
    target: Exclude<Target, { kind: "balancer" }>,
    parameters: Parameters,
    terms: RelayTerms,
    spot: Spot,
    base = "",
  ): string | undefined {
    if (target.kind === "socket") {
      return this.#socket(target.path.replace(/\$\d.*$/, ""), this.surroundings.resolve, parameters, spot);
    }
    const runDirectory = this.surroundings.runDirectory();
    const host = target.authority.replace(/:\d+$/, "");
    const registered = `${runDirectory}/${host}.sock`;
    if (target.socket === undefined && /^[a-z0-9]/.test(host) && this.surroundings.hasSocket(registered)) {
      return this.#socket(registered, (path) => path, parameters, spot);
    }
    return this.#relay(target, parameters, terms, spot, base);
  }

  #socket(path: string, resolve: Resolve, parameters: Parameters, spot: Spot): string | undefined {
    const socket = this.faults.take(readSocketPath(path, resolve), spot);
    if (socket === undefined) return undefined;
    // As httpd has it: a receiver that was written for it expects a response that has begun.
    const { flusher = "flush" } = parameters;
    return this.#add(`socket ${socket}`, parameters, spot, () => {
      const name = nameAfterSocket(socket, (name) => this.#byName.has(name));
      return { name, socket, workers: 1, flusher };
    });
  }

  #relay(
    { authority, socket: path }: Extract<Target, { kind: "server" }>,
    parameters: Parameters,
    terms: RelayTerms,
    spot: Spot,
    base: string,
  ): string | undefined {
    const url = (path === undefined ? "" : `unix:${path}|`) + `http://${authority}${base.replace(/\/$/, "")}`;
    const upstream = this.faults.take(readUpstream(url, (path) => path), spot);
    if (upstream === undefined) return undefined;
    const runs: Relay = { kind: "relay", upstream: formatUpstream(upstream), ...terms };
    return this.#add(`relay ${JSON.stringify(runs)}`, parameters, spot, () => {
      const runDirectory = this.surroundings.runDirectory();
      const place = (path ?? authority).replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^-|-$/g, "").slice(0, 48);
      const wanted = `${runDirectory}/relay-${place}.sock`;
      const name = nameAfterSocket(wanted, (name) => this.#byName.has(name));
      const socket = `${runDirectory}/${name}.sock`;
      this.faults.take(readListeningPath(socket, (path) => path, 1), spot);
      return { name, socket, workers: 1, runs };
    });
  }

  #add(key: string, { weight }: Parameters, spot: Spot, make: () => Backend): string {
    const known = this.#names.get(key);
    if (known === undefined) {
      const backend = make();
      this.#byName.set(backend.name, weight === undefined ? backend : { ...backend, weight });
      this.#names.set(key, backend.name);
      return backend.name;
    }
    const backend = this.#byName.get(known)!;
    if (weight !== undefined && weight !== (backend.weight ?? 1)) {
      this.faults.warn(
        spot,
        `loadfactor=${weight} has no effect, for the same server has another one in another place`,
      );
    }
    return known;
  }
}
