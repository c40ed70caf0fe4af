/** Opens the listening sockets of an address: one for each Worker of a front, so that Workers share nothing. */

import {
  adopt,
  close,
  deferAccept,
  type Descriptor,
  duplicate,
  expect,
  formatAddress,
  getOption,
  keepAlive,
  listenTcp,
  localAddress,
  SO_REUSEPORT,
  SOL_SOCKET,
} from "../../../ffi/mod.ts";

/**
 * Seconds of silence after which the kernel asks a client for a sign of life; it is given up when it gives none for over
 * two minutes more (tcp(7), tcp_keepalive_probes). Accepted sockets have this from their listener, and keep it wherever
 * they are handed to: a client that vanished without a word would otherwise be waited for without end.
 */
const SILENCE = 60;

/** An address that is to be listened on. */
export interface WantedListener {
  readonly host: string;
  readonly port: number;
}

/** An address that is listened on. */
export interface OpenListener {
  /** The address as configured: tells listeners apart from one configuration to the next. */
  readonly key: string;
  /** The address as it is, with the port that the kernel chose for port 0. */
  readonly address: string;
  /**
   * Its sockets. One for each Worker, unless it was given to this process: what is queued at a socket is reset when the
   * last descriptor for it is closed, whoever else listens on the address (SO_REUSEPORT), so there may be more than
   * Workers, and none is left out; where there are fewer, Workers share them.
   */
  readonly sockets: readonly Descriptor[];
}

/** What tells a listener from others in a configuration. */
export function listenerKey(listener: WantedListener): string {
  return formatAddress(listener);
}

/** How an address is listened on. */
export interface ListenerOptions {
  /**
   * Whether another listener of this front is on the same port: one for every address beside one for a single address,
   * whose connections the kernel gives to the latter.
   */
  readonly joins?: boolean;
  /** Whether clients that have said nothing yet are left to the kernel for a while: see {@linkcode QUIET}. */
  readonly defers?: boolean;
}

/**
 * Seconds for which the kernel keeps a connection on which nothing has come. A front that is killed takes with it what it
 * has accepted; what the kernel has is the next one's. It is not noticed by anybody: clients speak first here, and who
 * opens a connection in advance is accepted a second later.
 */
const QUIET = 1;

/** What a socket accepts has this from it. */
function prepare(socket: Descriptor, defers: boolean): void {
  keepAlive(socket, SILENCE);
  if (defers) deferAccept(socket, QUIET);
}

/**
 * Listens on an address with a socket for each Worker. The first one takes the port only if nobody has it: with
 * SO_REUSEPORT from the start a second front would share it unnoticed.
 *
 * @throws {ErrnoError} in a sentence that names the address
 */
export function openListener(
  listener: WantedListener,
  workers: number,
  { joins = false, defers = false }: ListenerOptions = {},
): OpenListener {
  const { host } = listener;
  const key = listenerKey(listener);
  const sockets: Descriptor[] = [];
  try {
    sockets.push(listenTcp(host, listener.port, joins ? { reusePort: true } : { shared: true }));
    // With the port that the kernel has chosen, and without IPv6 with another host.
    const address = localAddress(sockets[0]!)!;
    while (sockets.length < workers) sockets.push(listenTcp(host, address.port, { reusePort: true }));
    for (const socket of sockets) prepare(socket, defers);
    return { key, address: formatAddress(address), sockets };
  } catch (error) {
    for (const socket of sockets) close(socket);
    throw error;
  }
}

/**
 * A listener of sockets that were given to this process.
 *
 * @param sockets owned by the listener from now on
 * @param defers see {@linkcode ListenerOptions}
 */
export function adoptListener(
  listener: WantedListener,
  sockets: readonly Descriptor[],
  defers = false,
): OpenListener {
  for (const socket of sockets) prepare(socket, defers);
  return {
    key: listenerKey(listener),
    address: formatAddress(localAddress(sockets[0]!)!),
    sockets: [...sockets],
  };
}

/**
 * Adds sockets to a listener that has fewer than there are Workers, where more may join: clients come to them at once.
 *
 * Those of a service manager are shared: what is opened beside one that it keeps would end with this process, and with it
 * what is queued there.
 *
 * @param listener as it is open
 * @param workers how many Workers are to have one of their own
 * @param defers see {@linkcode ListenerOptions}
 */
export function widenListener(listener: OpenListener, workers: number, defers = false): OpenListener {
  const sockets = [...listener.sockets];
  if (!isOwn(sockets[0]!)) return listener;
  const { host, port } = localAddress(sockets[0]!)!;
  try {
    while (sockets.length < workers) {
      const socket = listenTcp(host, port, { reusePort: true });
      prepare(socket, defers);
      sockets.push(socket);
    }
  } catch {
    // Another user's, for instance: then they are shared.
  }
  return { ...listener, sockets };
}

/** Whether a listening socket was made by fdpass, and not by a service manager. */
export function isOwn(socket: Descriptor): boolean {
  return getOption(socket, SOL_SOCKET, SO_REUSEPORT) === 1;
}

/**
 * Deals the sockets of a listener out.
 *
 * @returns for each Worker those that are its own from now on: at least one, a duplicate where there are too few
 */
export function dealSockets({ sockets }: OpenListener, workers: number): Descriptor[][] {
  return Array.from({ length: workers }, (_, worker) => {
    const own = sockets.filter((_, index) => index % workers === worker);
    if (own.length > 0) return own;
    const shared = sockets[worker % sockets.length]!;
    return [adopt(expect(duplicate(shared), "Cannot share a listening socket"))];
  });
}
