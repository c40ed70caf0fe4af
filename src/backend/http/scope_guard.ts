/** Which requests on a connection are this backend's (docs/protocol.md, "Scope"). */

import type { RequestHead } from "../../http/request_head.ts";
import {
  SCOPE_CONNECTION,
  SCOPE_EXCEPT,
  SCOPE_HOST,
  SCOPE_MAPPED,
  SCOPE_REQUEST,
} from "../../protocol/messages.ts";
import { exceptions } from "../../protocol/transfer.ts";
import { covers, normalizePath, PathNormalizer } from "../../route/path.ts";
import { mappedPath } from "../../route/resolve_url.ts";
import type { Connection } from "../connection/connection.ts";
import { CarriedRules } from "./carried_rules.ts";
import { latin1 } from "./head_text.ts";

const normalizer = new PathNormalizer();

/** Judges the requests of one connection. The first one is the backend's: the front has looked at it. */
export class ScopeGuard {
  /** No request has been judged yet. */
  first = true;
  /** What rules of the front say of the requests that the scope admits. */
  readonly rules: CarriedRules | undefined;
  readonly #scope: number;
  #normalPrefix: string | undefined;
  #except: readonly string[] | undefined;
  #host = "";

  constructor(readonly connection: Connection) {
    const { transfer } = connection;
    this.#scope = transfer.detail;
    this.rules = CarriedRules.of(transfer);
  }

  get #prefix(): string {
    return this.#normalPrefix ??= normalizePath(this.connection.transfer.route) ?? "/";
  }

  /** Whether nothing that a client may send on the connection is anyone else's. */
  get admitsAll(): boolean {
    return this.#scope === SCOPE_CONNECTION;
  }

  /** Whether a request, whose head has just been parsed, is this backend's. Asked once for each, in order. */
  admits(bytes: Uint8Array<ArrayBuffer>, head: RequestHead): boolean {
    if (this.first) {
      this.first = false;
      if (this.#scope !== SCOPE_CONNECTION && this.#scope !== SCOPE_REQUEST) this.#host = hostOf(bytes, head);
      return true;
    }
    // The front decides by other routes than when it handed the connection over.
    if (this.#void) return false;
    if (this.#scope === SCOPE_CONNECTION) {
      // What to say to a path without a normal form is the front's business, as it is with a first request.
      return normalizer.normalize(bytes, head.pathStart, head.pathEnd);
    }
    // An unknown scope counts as the narrowest.
    if (this.#scope !== SCOPE_HOST && this.#scope !== SCOPE_EXCEPT && this.#scope !== SCOPE_MAPPED) {
      return false;
    }
    if (hostOf(bytes, head) !== this.#host) return false;
    const path = normalPath(bytes, head.pathStart, head.pathEnd);
    return path !== undefined && covers(this.#prefix, path) && !this.#excepts(path);
  }

  get #void(): boolean {
    const { terms } = this.connection.channel;
    return terms !== undefined && terms.number !== this.connection.transfer.generation;
  }

  #excepts(path: string): boolean {
    if (this.#scope === SCOPE_HOST) return false;
    this.#except ??= exceptions(this.connection.transfer.except);
    return this.#except.some((prefix) => covers(prefix, path));
  }

  /** Whether a request for another path of the same host would be this backend's, as far as is known here. */
  owns(path: string): boolean {
    if (this.#scope === SCOPE_REQUEST || this.#scope > SCOPE_MAPPED || this.#void) return false;
    if (!this.connection.transfer.route.startsWith("/")) return false;
    const normal = normalizePath(path);
    return normal !== undefined && covers(this.#prefix, normal) && !this.#excepts(normal);
  }

  /**
   * The path of a request below the route's prefix, or mapped as the hand-off says, normalised; undefined where it is not
   * below it, or the route has no prefix: then nobody but the front can tell.
   */
  mapped(path: string): string | undefined {
    const { map, route } = this.connection.transfer;
    const normal = normalizePath(path);
    return normal === undefined || !route.startsWith("/") || !covers(this.#prefix, normal)
      ? undefined
      : mappedPath(normal, this.#prefix, map || undefined);
  }
}

function hostOf(bytes: Uint8Array<ArrayBuffer>, head: RequestHead): string {
  return latin1(bytes, head.hostStart, head.hostEnd).toLowerCase();
}

function normalPath(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): string | undefined {
  if (!normalizer.normalize(bytes, start, end)) return undefined;
  // It is of ASCII.
  return latin1(normalizer.bytes, normalizer.start, normalizer.end);
}
