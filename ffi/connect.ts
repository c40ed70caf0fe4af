/**
 * Connecting without waiting: connect(2), and what shows that a connection has ended without a word, tcp(7).
 *
 * @module
 */
import { libc } from "./libc.ts";
import { adopt, close, type Descriptor } from "./descriptor.ts";
import { EINPROGRESS, settle } from "./errno.ts";
import { AF_INET, AF_INET6, encodeInternetAddress } from "./sockaddr.ts";
import { IPPROTO_TCP, setOption, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_STREAM, SOL_SOCKET } from "./socket.ts";

const { connect, setsockopt, socket } = libc;

export const SO_KEEPALIVE = 9;
const TCP_KEEPIDLE = 4;
const TCP_KEEPINTVL = 5;
const TCP_DEFER_ACCEPT = 9;

/**
 * Begins to connect over TCP and returns at once. The socket is writable when that has ended, and SO_ERROR says how
 * (connect(2), EINPROGRESS).
 *
 * @param host an IP address without brackets; names are not resolved here
 * @returns a non-blocking socket owned by the caller, or `-errno` when there is nothing to wait for
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   adopt,
 *   close,
 *   Epoll,
 *   EPOLLOUT,
 *   getOption,
 *   listenTcp,
 *   localAddress,
 *   SO_ERROR,
 *   SOL_SOCKET,
 *   startConnecting,
 * } from "@fdpass/fdpass/libc";
 *
 * const listener = listenTcp("127.0.0.1", 0);
 * const socket = adopt(startConnecting("127.0.0.1", localAddress(listener)!.port));
 * const epoll = new Epoll(1);
 * epoll.add(socket, EPOLLOUT, 0, 0);
 * assert.equal(epoll.wait(-1), 1);
 * assert.equal(getOption(socket, SOL_SOCKET, SO_ERROR), 0);
 * epoll.close();
 * close(socket);
 * close(listener);
 * ```
 */
export function startConnecting(host: string, port: number): number {
  const address = encodeInternetAddress(host, port);
  const family = host.includes(":") ? AF_INET6 : AF_INET;
  const number = settle(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (number < 0) return number;
  const fd = adopt(number);
  const result = settle(connect(fd, address, address.byteLength));
  if (result === 0 || result === -EINPROGRESS) return fd;
  close(fd);
  return result;
}

const AF_UNSPEC = new Uint8Array(16); // struct sockaddr with sa_family 0

/**
 * Resets a TCP connection for everyone who holds it: the other end is told by RST, not by FIN, and what it has not read
 * yet may be lost (connect(2), AF_UNSPEC). The descriptor stays open; 0 or `-errno`.
 */
export function resetConnection(fd: Descriptor): number {
  return settle(connect(fd, AF_UNSPEC, AF_UNSPEC.byteLength));
}

const seconds = new Int32Array(1);

/** Has the kernel ask the other end for a sign of life once nothing was heard for so long; 0 or `-errno`. */
export function keepAlive(fd: Descriptor, idleSeconds: number): number {
  seconds[0] = idleSeconds;
  settle(setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, seconds, 4));
  seconds[0] = Math.max(1, Math.floor(idleSeconds / 4));
  settle(setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, seconds, 4));
  return setOption(fd, SOL_SOCKET, SO_KEEPALIVE, true);
}

/**
 * Has a listening socket give out connections only when something has come on them, or after some seconds without
 * (tcp(7), TCP_DEFER_ACCEPT). Until then the kernel alone has them, and asks the client once more; 0 or `-errno`.
 */
export function deferAccept(listener: Descriptor, silentSeconds: number): number {
  return setOption(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, silentSeconds);
}
