/** Tells the service manager how the process is doing (sd_notify(3)), where there is one. */

import {
  adopt,
  AF_UNIX,
  close,
  encodeUnixAddress,
  libc,
  MSG_NOSIGNAL,
  settle,
  SOCK_CLOEXEC,
} from "../../ffi/mod.ts";

const { connect, send, socket } = libc;

const SOCK_DGRAM = 2;

/** The service manager's socket: undefined where there is none, or its name may not be read. */
function notifySocket(): string | undefined {
  const variable = "NOTIFY_SOCKET";
  if (Deno.permissions.querySync({ name: "env", variable }).state !== "granted") return undefined;
  return Deno.env.get(variable);
}

/** Sends a state such as `READY=1`. Does nothing without a service manager; a manager that is gone is no error. */
export function notify(state: string): void {
  const path = notifySocket();
  if (path === undefined || !/^[/@]./.test(path)) return;
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
  const bytes = new TextEncoder().encode(state);
  if (settle(connect(fd, address, length)) === 0) {
    settle(send(fd, bytes, BigInt(bytes.byteLength), MSG_NOSIGNAL));
  }
  close(fd);
}
