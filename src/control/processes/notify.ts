/** Tells the service manager how this process is doing (sd_notify(3)), where there is one. */

import {
  adopt,
  AF_UNIX,
  close,
  type Descriptor,
  EAGAIN,
  encodeUnixAddress,
  ETOOMANYREFS,
  libc,
  monotonicMicroseconds,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  sendDescriptors,
  settle,
  SOCK_CLOEXEC,
} from "../../../ffi/mod.ts";

const { connect, socket } = libc;

const SOCK_DGRAM = 2;
/** What `sun_path` holds beside the NUL behind or in front (unix(7)). */
const LONGEST_PATH = 107;
/** Milliseconds after which is tried again what the manager has no room for, and how often that is. */
const RETRY = 20;
const TRIES = 100;
const encoder = new TextEncoder();
const VARIABLE = "NOTIFY_SOCKET";

/**
 * What the environment of a child is to have besides this process's own. The service manager is told by the process that
 * it has started: a child that said READY or STOPPING would speak for all of them. The variable is emptied, which every
 * implementation takes for "nobody to tell"; to remove it would take the right to read the whole environment.
 */
export const WITHOUT_MANAGER: Readonly<Record<string, string>> = { [VARIABLE]: "" };

let inherited: string | undefined;

/** Tells a service manager from now on that another process was started by. @param path its socket */
export function inheritManager(path: string): void {
  if (path !== "") inherited = path;
}

/** A variable of the environment: undefined where there is none, or it may not be read. */
export function variableOf(name: string): string | undefined {
  if (Deno.permissions.querySync({ name: "env", variable: name }).state !== "granted") return undefined;
  return Deno.env.get(name);
}

/** The service manager's socket: undefined where there is none, or its name may not be read. */
export function notifySocket(): string | undefined {
  return inherited ?? variableOf(VARIABLE);
}

/** Whether there is a service manager that can be told. */
export function isManaged(): boolean {
  return addressOfManager() !== undefined;
}

function addressOfManager():
  | { readonly address: Uint8Array<ArrayBuffer>; readonly length: number }
  | undefined {
  const path = notifySocket();
  if (path === undefined || !/^[/@]./.test(path)) return undefined;
  if (encoder.encode(path).length > LONGEST_PATH) return undefined;
  const address = encodeUnixAddress(path);
  if (!path.startsWith("@")) return { address, length: address.byteLength };
  // An abstract name: a NUL in front, none behind (unix(7)).
  address[2] = 0;
  return { address, length: address.byteLength - 1 };
}

/** Sends a state such as `READY=1`. Does nothing without a service manager; a manager that is gone is no error. */
export function notify(state: string): void {
  send(state, [], 0);
}

/**
 * The same with descriptors beside it, as soon as the manager has room.
 *
 * @param fds lent, SCM_MAX_FD at most; copies go along
 * @returns whether it was sent
 */
export async function notifyWith(state: string, fds: readonly Descriptor[]): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries++) {
    const result = send(state, fds, MSG_DONTWAIT);
    if (result !== -EAGAIN && result !== -ETOOMANYREFS) return result >= 0;
    await new Promise((resolve) => setTimeout(resolve, RETRY));
  }
  return false;
}

/** Sends a datagram. @returns its length, or a number below 0: `-errno`, where there is a manager */
function send(state: string, fds: readonly Descriptor[], flags: number): number {
  const manager = addressOfManager();
  if (manager === undefined) return -1;
  const result = settle(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (result < 0) return result;
  const fd = adopt(result);
  const connected = settle(connect(fd, manager.address, manager.length));
  const sent = connected < 0
    ? connected
    : sendDescriptors(fd, encoder.encode(state), fds, MSG_NOSIGNAL | flags);
  close(fd);
  return sent;
}

/**
 * Says that a reload has begun. `READY=1` says that it is over, whatever came of it. With `Type=notify-reload` the time
 * tells the manager that this answers its own SIGHUP, and not an earlier one.
 */
export function notifyReloading(): void {
  notify(`RELOADING=1\nMONOTONIC_USEC=${monotonicMicroseconds()}`);
}
