/**
 * Making sockets and asking about them: socket(2), socket(7), tcp(7), unix(7).
 *
 * @module
 */
import { libc } from "./libc.ts";
import { adopt, close, type Descriptor } from "./descriptor.ts";
import { EAFNOSUPPORT, EPROTOTYPE, ErrnoError, expect, settle } from "./errno.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  decodeInternetAddress,
  decodeUnixAddress,
  encodeInternetAddress,
  encodeUnixAddress,
  formatAddress,
  type InternetAddress,
  SIZEOF_SOCKADDR_STORAGE,
} from "./sockaddr.ts";

const {
  bind,
  connect,
  getpeername,
  getsockname,
  getsockopt,
  listen,
  setsockopt,
  shutdown: libc_shutdown,
  socket,
  socketpair,
} = libc;

export const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
export const SOCK_SEQPACKET = 5;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;

export const MSG_OOB = 0x1;
export const MSG_PEEK = 0x2;
export const MSG_CTRUNC = 0x8;
export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;
export const MSG_MORE = 0x8000;
export const MSG_CMSG_CLOEXEC = 0x40000000;

export const SHUT_RD = 0;
export const SHUT_WR = 1;
export const SHUT_RDWR = 2;

export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_TYPE = 3;
export const SO_ERROR = 4;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_REUSEPORT = 15;
export const SO_PEERCRED = 17;
export const SO_RCVLOWAT = 18;
export const SO_ACCEPTCONN = 30;
export const SO_DOMAIN = 39;
export const SO_PASSRIGHTS = 83;
export const IPPROTO_TCP = 6;
export const TCP_NODELAY = 1;
export const TCP_CORK = 3;
/** Its value, a `struct tcp_info`, begins with the state (tcp(7)). */
export const TCP_INFO = 11;
export const IPPROTO_IPV6 = 41;
export const IPV6_V6ONLY = 26;

const value = new Int32Array(1);
const valueLength = new Uint32Array(1);

/** Sets an integer option, or one that is on (1) or off (0); returns 0 or `-errno`. */
export function setOption(fd: Descriptor, level: number, option: number, to: number | boolean): number {
  value[0] = Number(to);
  return settle(setsockopt(fd, level, option, value, 4));
}

/**
 * From how many bytes on a socket counts as readable (socket(7), SO_RCVLOWAT); its end and errors always do. It belongs to
 * the socket, and is 1 unless set. Returns 0 or `-errno`.
 */
export function setLowWaterMark(fd: Descriptor, bytes: number): number {
  return setOption(fd, SOL_SOCKET, SO_RCVLOWAT, bytes);
}

/** Reads an integer option; a value of 0 or more, or `-errno`. */
export function getOption(fd: Descriptor, level: number, option: number): number {
  valueLength[0] = 4;
  const result = settle(getsockopt(fd, level, option, value, valueLength));
  return result < 0 ? result : value[0]!;
}

/** Options of {@linkcode listenTcp}. */
export interface ListenOptions {
  /** Connections that may wait for accept; the kernel caps it at net.core.somaxconn. */
  readonly backlog?: number;
  /** SO_REUSEPORT: several sockets, one for each Worker, share the port and the kernel spreads connections. */
  readonly reusePort?: boolean;
  /** The same from after bind(2) on: nobody may have the port yet, but sockets with `reusePort` may join later. */
  readonly shared?: boolean;
}

/**
 * A non-blocking TCP listener. `::` takes IPv4 connections as well, and those alone on a system without IPv6 (booted with
 * `ipv6.disable=1`, or a service that may not use that address family).
 *
 * @param host an IP address without brackets
 * @param port 0 lets the kernel choose: ask {@linkcode localAddress}
 * @returns the socket, owned by the caller
 * @throws {ErrnoError} when the address cannot be listened on, in a sentence that names it
 */
export function listenTcp(host: string, port: number, options: ListenOptions = {}): Descriptor {
  const address = encodeInternetAddress(host, port);
  const v6 = host.includes(":");
  const action = `Cannot listen on ${formatAddress({ host, port })}`;
  const type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const result = settle(socket(v6 ? AF_INET6 : AF_INET, type, 0));
  if (result === -EAFNOSUPPORT && host === "::") return listenTcp("0.0.0.0", port, options);
  const fd = adopt(expect(result, action));
  try {
    expect(setOption(fd, SOL_SOCKET, SO_REUSEADDR, true), action);
    if (options.reusePort) expect(setOption(fd, SOL_SOCKET, SO_REUSEPORT, true), action);
    if (v6) expect(setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, false), action);
    expect(settle(bind(fd, address, address.byteLength)), action);
    if (options.shared) expect(setOption(fd, SOL_SOCKET, SO_REUSEPORT, true), action);
    expect(settle(listen(fd, options.backlog ?? 4096)), action);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/**
 * Connects over TCP, blocking: for tests and tools, not for a loop.
 *
 * @returns the socket, in blocking mode, owned by the caller
 * @throws {ErrnoError} when nobody takes the connection
 *
 * @example A client and a server in one thread
 * ```ts
 * import assert from "node:assert/strict";
 * import { adopt, close, connectTcp, libc, listenTcp, localAddress, peerAddress, settle } from "@fdpass/fdpass/libc";
 *
 * const listener = listenTcp("127.0.0.1", 0);
 * const client = connectTcp("127.0.0.1", localAddress(listener)!.port);
 * const server = adopt(settle(libc.accept4(listener, null, null, 0)));
 * assert.deepEqual(peerAddress(server), localAddress(client));
 * for (const fd of [listener, client, server]) close(fd);
 * ```
 */
export function connectTcp(host: string, port: number): Descriptor {
  const address = encodeInternetAddress(host, port);
  const action = `Cannot connect to ${formatAddress({ host, port })}`;
  const fd = adopt(
    expect(settle(socket(host.includes(":") ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), action),
  );
  const result = settle(connect(fd, address, address.byteLength));
  if (result < 0) {
    close(fd);
    throw new ErrnoError(action, -result);
  }
  return fd;
}

/** SOCK_STREAM or SOCK_SEQPACKET. */
export type UnixSocketType = typeof SOCK_STREAM | typeof SOCK_SEQPACKET;

/** A non-blocking Unix socket, not yet bound or connected, owned by the caller. */
export function unixSocket(type: UnixSocketType): Descriptor {
  return adopt(
    expect(settle(socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)), "Cannot make a Unix socket"),
  );
}

/** Binds a Unix socket to a path, which must not exist; 0 or `-errno`. */
export function bindUnix(fd: Descriptor, path: string): number {
  const address = encodeUnixAddress(path);
  return settle(bind(fd, address, address.byteLength));
}

/** Starts listening; 0 or `-errno`. */
export function startListening(fd: Descriptor, backlog: number): number {
  return settle(listen(fd, backlog));
}

/**
 * Connects a Unix socket. Succeeds or fails at once: -ECONNREFUSED and -ENOENT when nobody listens, -EAGAIN when the
 * backlog is full, -EPROTOTYPE when the socket at that path is of the other type.
 *
 * @param address {@linkcode encodeUnixAddress} of the path
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { close, connectUnix, encodeUnixAddress, ENOENT, SOCK_STREAM, unixSocket } from "@fdpass/fdpass/libc";
 *
 * const socket = unixSocket(SOCK_STREAM);
 * assert.equal(connectUnix(socket, encodeUnixAddress("/nowhere/at/all.sock")), -ENOENT);
 * close(socket);
 * ```
 */
export function connectUnix(fd: Descriptor, address: Uint8Array<ArrayBuffer>): number {
  return settle(connect(fd, address, address.byteLength));
}

/**
 * Whether a socket that is not SOCK_SEQPACKET is SOCK_STREAM. Whoever has it does not notice: what is tried is to connect
 * a datagram socket, which is no more than a note of the address.
 *
 * @param address of a path at which connecting with SOCK_SEQPACKET has just ended with -EPROTOTYPE
 */
export function isStreamSocket(address: Uint8Array<ArrayBuffer>): boolean {
  const probe = settle(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (probe < 0) return false;
  const answer = connectUnix(adopt(probe), address);
  close(adopt(probe));
  return answer === -EPROTOTYPE;
}

/** Two connected Unix sockets, non-blocking unless `mode` is 0, both owned by the caller. */
export function unixSocketPair(
  type: UnixSocketType,
  mode: typeof SOCK_NONBLOCK | 0 = SOCK_NONBLOCK,
): [Descriptor, Descriptor] {
  const ends = new Int32Array(2);
  expect(
    settle(socketpair(AF_UNIX, type | mode | SOCK_CLOEXEC, 0, ends)),
    "Cannot make a socket pair",
  );
  return [adopt(ends[0]!), adopt(ends[1]!)];
}

/** Ends one or both directions for everyone who holds the socket; 0 or `-errno`. */
export function shutdown(fd: Descriptor, how: typeof SHUT_RD | typeof SHUT_WR | typeof SHUT_RDWR): number {
  return settle(libc_shutdown(fd, how));
}

/** Room for an address that the kernel fills in: `struct sockaddr_storage` and its `socklen_t`. */
export class AddressBuffer {
  readonly bytes: Uint8Array<ArrayBuffer> = new Uint8Array(SIZEOF_SOCKADDR_STORAGE);
  readonly length: Uint32Array<ArrayBuffer> = new Uint32Array([SIZEOF_SOCKADDR_STORAGE]);

  /** To be called before each use: the kernel shortens the length to that of the address it stored. */
  reset(): void {
    this.length[0] = SIZEOF_SOCKADDR_STORAGE;
  }

  /** getsockname(2) into this buffer; 0 or `-errno`. */
  readLocal(fd: Descriptor): number {
    this.reset();
    return settle(getsockname(fd, this.bytes, this.length));
  }

  /** getpeername(2) into this buffer; 0 or `-errno` (-ENOTCONN when the client has gone). */
  readPeer(fd: Descriptor): number {
    this.reset();
    return settle(getpeername(fd, this.bytes, this.length));
  }
}

/** The address a socket is bound to; undefined unless it is TCP over IPv4 or IPv6. */
export function localAddress(fd: Descriptor): InternetAddress | undefined {
  const buffer = new AddressBuffer();
  expect(buffer.readLocal(fd), "Cannot read the local address");
  return decodeInternetAddress(buffer.bytes);
}

/** The path that a Unix socket is bound to; undefined where it has none, and for other sockets. */
export function localPath(fd: Descriptor): string | undefined {
  const buffer = new AddressBuffer();
  buffer.bytes.fill(0);
  return buffer.readLocal(fd) < 0 ? undefined : decodeUnixAddress(buffer.bytes);
}

/** The address of the other end; undefined when it is gone, or is not TCP. */
export function peerAddress(fd: Descriptor): InternetAddress | undefined {
  const buffer = new AddressBuffer();
  return buffer.readPeer(fd) < 0 ? undefined : decodeInternetAddress(buffer.bytes);
}

/** Who is at the other end of a Unix socket, as the kernel noted when it was connected (or listened on). */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

const ucred = new Uint32Array(3); // struct ucred: pid, uid, gid
const ucredLength = new Uint32Array(1);

/**
 * SO_PEERCRED of a connected Unix socket (unix(7)).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { close, effectiveUser, peerCredentials, processId, SOCK_STREAM, unixSocketPair } from "@fdpass/fdpass/libc";
 *
 * const [one, other] = unixSocketPair(SOCK_STREAM);
 * const { pid, uid } = peerCredentials(one);
 * assert.deepEqual([pid, uid], [processId(), effectiveUser()]);
 * close(one);
 * close(other);
 * ```
 */
export function peerCredentials(fd: Descriptor): PeerCredentials {
  ucredLength[0] = 12;
  expect(
    settle(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ucred, ucredLength)),
    "Cannot read the peer's credentials",
  );
  return { pid: ucred[0]!, uid: ucred[1]!, gid: ucred[2]! };
}
