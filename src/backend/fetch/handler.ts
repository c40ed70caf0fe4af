/** What a fetch backend's users write: the same handler as for `deno serve`. */

import type { TcpAddress } from "../address.ts";

/** What a handler is told beside the request. `remoteAddr` and `completed` have the form that they have in `Deno.serve`. */
export interface RequestInfo {
  /**
   * The client's address: the kernel told it to the front that accepted the connection (accept(2)), and the front says it
   * with the hand-off. It comes from no header, and is not asked of the socket again. Of a connection that another
   * backend had before, it is what that one said when it gave it back. The hostname is empty where the front knew none.
   */
  readonly remoteAddr: TcpAddress;
  /** The address that the client connected to, as the hand-off says it. */
  readonly localAddr: TcpAddress;
  /** The site that took the request: its first name, empty for a site without names. */
  readonly site: string;
  /** The path prefix of the route that took it. */
  readonly route: string;
  /** The path below that prefix, normalised and percent-encoded. */
  readonly path: string;
  /** Which process accepted the connection, as the front calls itself, with its process number. */
  readonly front: { readonly name: string; readonly process: number };
  /** Settles when the response has been sent, or cannot be. */
  readonly completed: Promise<void>;
}

/** Answers one request. */
export type FetchHandler = (request: Request, info: RequestInfo) => Response | Promise<Response>;

/** What a module for `--fetch` exports by default: this, or a plain {@linkcode FetchHandler}. */
export interface FetchModule {
  fetch: FetchHandler;
}
