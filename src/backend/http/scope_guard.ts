/** Which requests on a connection are this backend's (docs/protocol.md, "Scope"). */

import type { RequestHead } from "../../http/request_head.ts";
import { SCOPE_CONNECTION, SCOPE_HOST } from "../../protocol/messages.ts";
import type { Transfer } from "../../protocol/transfer.ts";
import { mappedPath } from "../../route/resolve_url.ts";
import { normalizePath, PathNormalizer } from "../../route/path.ts";

const normalizer = new PathNormalizer();
const decoder = new TextDecoder();

/** Judges the requests of one connection. The first one is the backend's: the front has looked at it. */
export class ScopeGuard {
  /** No request has been judged yet. */
  first = true;
  readonly #scope: number;
  readonly #prefix: string;
  #host = "";

  constructor(readonly transfer: Transfer) {
    this.#scope = transfer.detail;
    this.#prefix = normalizePath(transfer.route) ?? "/";
  }

  /** Whether any request after the first may be this backend's. An unknown scope counts as the narrowest. */
  get goesOn(): boolean {
    return this.#scope === SCOPE_CONNECTION || this.#scope === SCOPE_HOST;
  }

  /** Whether a request, whose head has just been parsed, is this backend's. Asked once for each, in order. */
  admits(bytes: Uint8Array<ArrayBuffer>, head: RequestHead): boolean {
    if (this.first) {
      this.first = false;
      if (this.#scope === SCOPE_HOST) this.#host = hostOf(bytes, head);
      return true;
    }
    if (this.#scope === SCOPE_CONNECTION) {
      // What to say to a path without a normal form is the front's business, as it is with a first request.
      return normalizer.normalize(bytes, head.pathStart, head.pathEnd);
    }
    if (this.#scope !== SCOPE_HOST) return false;
    if (hostOf(bytes, head) !== this.#host) return false;
    const path = normalPath(bytes, head.pathStart, head.pathEnd);
    return path !== undefined && covers(this.#prefix, path);
  }

  /** The path of a request below the route's prefix, normalised; undefined where it is not below it. */
  mapped(path: string): string | undefined {
    const normal = normalizePath(path);
    return normal === undefined || !covers(this.#prefix, normal)
      ? undefined
      : mappedPath(normal, this.#prefix);
  }
}

function hostOf(bytes: Uint8Array<ArrayBuffer>, head: RequestHead): string {
  return decoder.decode(bytes.subarray(head.hostStart, head.hostEnd)).toLowerCase();
}

function normalPath(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): string | undefined {
  if (!normalizer.normalize(bytes, start, end)) return undefined;
  return decoder.decode(normalizer.bytes.subarray(normalizer.start, normalizer.end));
}

/** A prefix covers whole segments, as the front's route table has it. */
function covers(prefix: string, path: string): boolean {
  return path.startsWith(prefix) &&
    (prefix.endsWith("/") || path.length === prefix.length || path[prefix.length] === "/");
}
