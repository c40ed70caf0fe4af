/** Sockets, connected, for the tests of this folder. */
import assert from "node:assert/strict";
import { adopt, type Descriptor } from "../../ffi/descriptor.ts";
import { settle } from "../../ffi/errno.ts";
import { libc } from "../../ffi/libc.ts";
import { connectTcp, listenTcp, localAddress, SOCK_CLOEXEC, SOCK_NONBLOCK } from "../../ffi/socket.ts";
import type { Held } from "../support/descriptors.ts";

const { accept4, read, write } = libc;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The next connection of a listener, non-blocking; it must be there already. */
export function accept(held: Held, listener: Descriptor): Descriptor {
  const fd = settle(accept4(listener, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC));
  assert.ok(fd >= 0, `accept4 returned ${fd}`);
  return held.keep(adopt(fd));
}

/** A TCP connection with both its ends: the client blocks, the server does not. */
export function tcpPair(held: Held, host = "127.0.0.1"): { client: Descriptor; server: Descriptor } {
  const listener = held.keep(listenTcp(host, 0));
  const client = held.keep(connectTcp(host, localAddress(listener)!.port));
  const server = accept(held, listener);
  held.close(listener);
  return { client, server };
}

/** Writes text whole. */
export function say(fd: Descriptor, text: string): void {
  const bytes = encoder.encode(text);
  assert.equal(settle(write(fd, bytes, BigInt(bytes.length))), bytes.length);
}

/** Reads what one read(2) gives, as text; or the `-errno`. */
export function hear(fd: Descriptor): string | number {
  const bytes = new Uint8Array(65536);
  const count = settle(read(fd, bytes, 65536n));
  return count < 0 ? count : decoder.decode(bytes.subarray(0, count));
}
