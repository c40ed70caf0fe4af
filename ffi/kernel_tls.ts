/**
 * TLS in the kernel (Documentation/networking/tls.rst): whether there is any, and what is special about a socket that has it.
 *
 * @module
 */
import { adopt, close, type Descriptor } from "./descriptor.ts";
import { ENOENT, expect, settle } from "./errno.ts";
import { libc } from "./libc.ts";
import { IPPROTO_TCP, SOCK_CLOEXEC, SOCK_STREAM } from "./socket.ts";
import { AF_INET } from "./sockaddr.ts";

const { setsockopt, socket } = libc;

/** Upper layer protocol: its value is a name (tcp(7) does not have it; linux/tcp.h). */
const TCP_ULP = 31;

const TLS = new TextEncoder().encode("tls");

/** Whether the kernel knows TLS now: built in, or the module `tls` is loaded. */
export function hasKernelTls(): boolean {
  const made = settle(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const fd: Descriptor = adopt(expect(made, "Cannot make a TCP socket"));
  // It is not connected, which is the next thing that would be wrong (ENOTCONN).
  const result = settle(setsockopt(fd, IPPROTO_TCP, TCP_ULP, TLS, TLS.length));
  close(fd);
  return result !== -ENOENT;
}
