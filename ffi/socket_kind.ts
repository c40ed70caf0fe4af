/**
 * What a descriptor is that somebody has sent: asked before it is trusted (socket(7), tcp(7)).
 *
 * @module
 */
import type { Descriptor } from "./descriptor.ts";
import { expect, settle } from "./errno.ts";
import { libc } from "./libc.ts";
import { AF_INET, AF_INET6, AF_UNIX } from "./sockaddr.ts";
import {
  getOption,
  IPPROTO_TCP,
  SO_ACCEPTCONN,
  SO_DOMAIN,
  SO_TYPE,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_INFO,
} from "./socket.ts";

const { getsockopt } = libc;

const SO_COOKIE = 57;
const cookie = new Uint8Array(8);
/** The same as two numbers, in host byte order, which is little-endian on what fdpass runs on. */
const halves = new Uint32Array(cookie.buffer);
const cookieLength = new Uint32Array(1);

function readCookie(fd: Descriptor): void {
  cookieLength[0] = cookie.length;
  expect(
    settle(getsockopt(fd, SOL_SOCKET, SO_COOKIE, cookie, cookieLength)),
    "Cannot read the cookie of a socket",
  );
}

/** A number that a socket has from its beginning to its end, in every process that holds it (socket(7), SO_COOKIE). */
export function socketCookie(fd: Descriptor): Uint8Array<ArrayBuffer> {
  readCookie(fd);
  return cookie.slice();
}

/** The same number in hexadecimal digits, without zeros in front: what `ss -tne` shows behind `sk:`. */
export function socketCookieDigits(fd: Descriptor): string {
  readCookie(fd);
  const low = halves[0]!;
  const high = halves[1]!;
  return high === 0 ? low.toString(16) : `${high.toString(16)}${low.toString(16).padStart(8, "0")}`;
}

/**
 * Whether a received descriptor is what a hand-off may carry: a TCP socket, connected or at least once connected.
 *
 * @returns undefined when it is, else what it is instead, in words
 */
export function notAClientSocket(fd: Descriptor): string | undefined {
  // One question that only a TCP socket answers; what it is instead, or what else, is asked where it matters.
  stateLength[0] = 1;
  const answer = settle(getsockopt(fd, IPPROTO_TCP, TCP_INFO, state, stateLength));
  return answer === 0 && state[0] !== TCP_LISTEN ? undefined : whatElse(fd);
}

const TCP_LISTEN = 10;
const state = new Uint8Array(1);
const stateLength = new Uint32Array(1);

/**
 * Whether a received descriptor is one end of a Unix stream, as connections come whose TLS another process does.
 *
 * @returns undefined when it is, else what it is instead, in words
 */
export function notAStreamEnd(fd: Descriptor): string | undefined {
  const domain = getOption(fd, SOL_SOCKET, SO_DOMAIN);
  if (domain < 0) return "not a socket";
  if (domain !== AF_UNIX) return "not a Unix socket";
  if (getOption(fd, SOL_SOCKET, SO_TYPE) !== SOCK_STREAM) return "not a stream socket";
  return getOption(fd, SOL_SOCKET, SO_ACCEPTCONN) === 0 ? undefined : "a listening socket";
}

function whatElse(fd: Descriptor): string | undefined {
  const domain = getOption(fd, SOL_SOCKET, SO_DOMAIN);
  if (domain < 0) return "not a socket";
  // A Unix socket could carry descriptors itself, without end: never accepted as a client.
  if (domain === AF_UNIX) return "a Unix socket";
  if (domain !== AF_INET && domain !== AF_INET6) return `a socket of address family ${domain}`;
  if (getOption(fd, SOL_SOCKET, SO_TYPE) !== SOCK_STREAM) return "not a stream socket";
  if (getOption(fd, SOL_SOCKET, SO_ACCEPTCONN) !== 0) return "a listening socket";
  return undefined;
}
