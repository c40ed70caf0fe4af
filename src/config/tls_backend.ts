/** The backend that does the handshakes of a configuration: it follows from what listeners and sites say. */

import { formatAddress } from "./address.ts";
import type { Backend, Listener, Site } from "./config.ts";
import type { TlsListener, TlsSite } from "./tls.ts";

/** Where the backend gets its name and place. */
export interface TlsPlace {
  /** Where sockets are; asked for only when there is a listener with TLS. */
  readonly runDirectory: () => string;
  /** Whether another backend has a name already. */
  readonly taken: (name: string) => boolean;
  readonly workers: number;
  readonly strictNames: boolean;
  /** Milliseconds: see {@linkcode Tls.timeout}. */
  readonly timeout: number;
}

/** A listener of which it is not known yet who does its handshakes. */
export interface UnservedListener extends Listener {
  /** Whether its clients speak TLS. */
  readonly speaksTls: boolean;
}

/**
 * Finds out who does the handshakes.
 *
 * @param listeners those of the configuration
 * @returns them with {@linkcode Listener.tls} where clients speak TLS, and the backend, if there are any
 */
export function assignHandshakes(
  listeners: readonly UnservedListener[],
  place: TlsPlace,
): { readonly listeners: Listener[]; readonly backend?: Backend } {
  const secure = listeners.filter(({ speaksTls }) => speaksTls);
  const [first] = secure;
  if (first === undefined) return { listeners: listeners.map(({ speaksTls: _, ...listener }) => listener) };
  // Two fronts of one user have different addresses, and so different sockets.
  const own = `tls-${formatAddress(first).replace(/[^0-9A-Za-z.]+/g, "-").replace(/^-/, "")}`;
  const name = place.taken("tls") ? own : "tls";
  const backend: Backend = {
    name,
    socket: `${place.runDirectory()}/${own}.sock`,
    workers: place.workers,
    runs: {
      kind: "tls",
      timeout: place.timeout,
      listeners: secure.map((listener): TlsListener => ({
        address: formatAddress(listener),
        strictNames: place.strictNames,
        sites: listener.sites.filter(doesTls).map(({ names, tls }): TlsSite => ({ names, tls })),
      })),
    },
  };
  return {
    listeners: listeners.map(({ speaksTls, ...listener }) =>
      speaksTls ? { ...listener, tls: { backend: name } } : listener
    ),
    backend,
  };
}

function doesTls(site: Site): site is Site & Required<Pick<Site, "tls">> {
  return site.tls !== undefined;
}
