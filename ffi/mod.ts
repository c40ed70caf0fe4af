/**
 * The libc door: Linux sockets, descriptors, epoll and descriptor passing for Deno, through FFI, with nothing of fdpass
 * in it. Works with the narrowest permission, `--allow-ffi=/lib/x86_64-linux-gnu/libc.so.6`.
 *
 * Results follow the kernel's convention: a count, or `-errno`.
 *
 * @example
 * ```ts
 * import { listenTcp, localAddress, close } from "@fdpass/fdpass/libc";
 *
 * const listener = listenTcp("127.0.0.1", 0);
 * console.log(localAddress(listener)?.port);
 * close(listener);
 * ```
 *
 * @module
 */
export { libc, libcPath, UnsupportedSystemError } from "./libc.ts";
export * from "./errno.ts";
export { ClosingBatch } from "./closing_batch.ts";
export * from "./descriptor.ts";
export * from "./memory.ts";
export * from "./message_header.ts";
export * from "./rights.ts";
export * from "./sockaddr.ts";
export * from "./socket.ts";
export * from "./socket_kind.ts";
export * from "./connect.ts";
export * from "./connection_id.ts";
export * from "./splice.ts";
export * from "./epoll.ts";
export * from "./eventfd.ts";
export * from "./directory_entries.ts";
export * from "./file.ts";
export * from "./inotify.ts";
export * from "./lock.ts";
export * from "./output.ts";
export * from "./shared_page.ts";
export * from "./shared_table.ts";
export * from "./sealed_file.ts";
export * from "./kernel_tls.ts";
export * from "./process.ts";
export * from "./threads.ts";
export * from "./holder.ts";
export * from "./spawn.ts";
