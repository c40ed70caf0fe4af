/**
 * eventfd(2): a counter that wakes whoever waits for it, across threads.
 *
 * @module
 */
import { libc } from "./libc.ts";
import { adopt, type Descriptor } from "./descriptor.ts";
import { expect, settle } from "./errno.ts";

const { eventfd, read, write } = libc;

const EFD_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = 0o4000;

/** Makes an eventfd that counts from 0, non-blocking, owned by the caller. */
export function createEventfd(): Descriptor {
  return adopt(expect(settle(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), "Cannot make an eventfd"));
}

const increment = new BigUint64Array([1n]);
const counter = new Uint32Array(2);

/** Adds one: whoever waits for the descriptor wakes. */
export function signalEventfd(fd: Descriptor): void {
  write(fd, increment, 8n);
}

/**
 * Takes the counter back to 0 and says what it was: how often it was signalled since.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { close, createEventfd, signalEventfd, takeEventfd } from "@fdpass/fdpass/libc";
 *
 * const eventfd = createEventfd();
 * signalEventfd(eventfd);
 * signalEventfd(eventfd);
 * assert.deepEqual([takeEventfd(eventfd), takeEventfd(eventfd)], [2, 0]);
 * close(eventfd);
 * ```
 */
export function takeEventfd(fd: Descriptor): number {
  return settle(read(fd, counter, 8n)) < 0 ? 0 : counter[0]!;
}
