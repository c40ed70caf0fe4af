/** Opens the listening sockets of a front: one for each Worker and address, so that Workers share nothing. */

import {
  close,
  type Descriptor,
  formatAddress,
  keepAlive,
  listenTcp,
  localAddress,
} from "../../../ffi/mod.ts";
import type { Listener } from "../../config/config.ts";

/**
 * Seconds of silence after which the kernel asks a client for a sign of life; it is given up when it gives none for over
 * two minutes more (tcp(7), tcp_keepalive_probes). Accepted sockets have this from their listener, and keep it wherever
 * they are handed to: a client that vanished without a word would otherwise be waited for without end.
 */
const SILENCE = 60;

/** An address that is listened on. */
export interface OpenListener {
  /** The address as configured: tells listeners apart from one configuration to the next. */
  readonly key: string;
  /** The address as it is, with the port that the kernel chose for port 0. */
  readonly address: string;
  /** One socket for each Worker; owned by the Workers once they were sent to them. */
  readonly sockets: readonly Descriptor[];
}

/** What tells a listener from others in a configuration. */
export function listenerKey(listener: Listener): string {
  return formatAddress(listener);
}

/**
 * Listens on an address with a socket for each Worker. The first one takes the port only if nobody has it: with
 * SO_REUSEPORT from the start a second front would share it unnoticed.
 *
 * @param joins whether another listener of this front is on the same port: one for every address beside one for a single
 * address, whose connections the kernel gives to the latter
 * @throws {ErrnoError} in a sentence that names the address
 */
export function openListener(listener: Listener, workers: number, joins = false): OpenListener {
  const { host } = listener;
  const key = listenerKey(listener);
  const sockets: Descriptor[] = [];
  try {
    sockets.push(listenTcp(host, listener.port, joins ? { reusePort: true } : { shared: true }));
    // With the port that the kernel has chosen, and without IPv6 with another host.
    const address = localAddress(sockets[0]!)!;
    while (sockets.length < workers) sockets.push(listenTcp(host, address.port, { reusePort: true }));
    for (const socket of sockets) keepAlive(socket, SILENCE);
    return { key, address: formatAddress(address), sockets };
  } catch (error) {
    for (const socket of sockets) close(socket);
    throw error;
  }
}
