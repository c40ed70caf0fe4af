/** Tells the service manager how this process is doing (sd_notify(3)), where there is one. */

import {
  adopt,
  AF_UNIX,
  close,
  encodeUnixAddress,
  libc,
  MSG_NOSIGNAL,
  settle,
  SOCK_CLOEXEC,
} from "../../../ffi/mod.ts";
import { monotonicMicroseconds } from "../../../ffi/mod.ts";

const { connect, send, socket } = libc;

const SOCK_DGRAM = 2;
/** What `sun_path` holds beside the NUL behind or in front (unix(7)). */
const LONGEST_PATH = 107;
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

/** The service manager's socket: undefined where there is none, or its name may not be read. */
export function notifySocket(): string | undefined {
  if (inherited !== undefined) return inherited;
  if (Deno.permissions.querySync({ name: "env", variable: VARIABLE }).state !== "granted") return undefined;
  return Deno.env.get(VARIABLE);
}

/** Sends a state such as `READY=1`. Does nothing without a service manager; a manager that is gone is no error. */
export function notify(state: string): void {
  const path = notifySocket();
  if (path === undefined || !/^[/@]./.test(path)) return;
  if (encoder.encode(path).length > LONGEST_PATH) return;
  const address = encodeUnixAddress(path);
  let length = address.byteLength;
  if (path.startsWith("@")) {
    // An abstract name: a NUL in front, none behind (unix(7)).
    address[2] = 0;
    length--;
  }
  const result = settle(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (result < 0) return;
  const fd = adopt(result);
  const bytes = encoder.encode(state);
  if (settle(connect(fd, address, length)) === 0) {
    settle(send(fd, bytes, BigInt(bytes.byteLength), MSG_NOSIGNAL));
  }
  close(fd);
}

/**
 * Says that a reload has begun. `READY=1` says that it is over, whatever came of it. With `Type=notify-reload` the time
 * tells the manager that this answers its own SIGHUP, and not an earlier one.
 */
export function notifyReloading(): void {
  notify(`RELOADING=1\nMONOTONIC_USEC=${monotonicMicroseconds()}`);
}
