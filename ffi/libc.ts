/**
 * Opens the C library, once per isolate. A process may be allowed this one file only
 * (`--allow-ffi=/lib/x86_64-linux-gnu/libc.so.6`), so the path that was allowed is the one that is tried.
 *
 * @module
 */
import { SYMBOLS } from "./symbols.ts";

/** Where distributions keep glibc, by {@linkcode Deno.build.arch}; the bare name asks the dynamic linker. */
const CANDIDATES: Record<string, readonly string[]> = {
  x86_64: [
    "/lib/x86_64-linux-gnu/libc.so.6",
    "/usr/lib/x86_64-linux-gnu/libc.so.6",
    "/lib64/libc.so.6",
    "libc.so.6",
  ],
  aarch64: [
    "/lib/aarch64-linux-gnu/libc.so.6",
    "/usr/lib/aarch64-linux-gnu/libc.so.6",
    "/lib64/libc.so.6",
    "libc.so.6",
  ],
};

/** Thrown where this system, or what it allows, has no C library to call. Its message is meant for people. */
export class UnsupportedSystemError extends Error {
  override name = "UnsupportedSystemError";
}

/**
 * The paths to try on a system, in order.
 *
 * @param os {@linkcode Deno.build.os}
 * @param arch {@linkcode Deno.build.arch}
 * @throws {UnsupportedSystemError} on anything but Linux on x86_64 or aarch64
 */
export function libcCandidates(os: string, arch: string): readonly string[] {
  const candidates = CANDIDATES[arch];
  if (os !== "linux" || candidates === undefined) {
    throw new UnsupportedSystemError(
      `fdpass passes descriptors with Linux system calls and runs on Linux (x86_64 or aarch64) only; this is ${os} on ${arch}`,
    );
  }
  return candidates;
}

function open(): {
  readonly path: string;
  readonly symbols: Deno.StaticForeignLibraryInterface<typeof SYMBOLS>;
} {
  const candidates = libcCandidates(Deno.build.os, Deno.build.arch);
  const allowed = candidates.filter((path) =>
    Deno.permissions.querySync({ name: "ffi", path }).state === "granted"
  );
  if (allowed.length === 0) {
    throw new UnsupportedSystemError(
      `Calling the C library is not allowed; run again with --allow-ffi=${candidates[0]}`,
    );
  }
  let reason: unknown;
  for (const path of allowed) {
    try {
      return { path, symbols: Deno.dlopen(path, SYMBOLS).symbols };
    } catch (error) {
      reason = error;
    }
  }
  const text = reason instanceof Error ? reason.message : String(reason);
  throw new UnsupportedSystemError(`Cannot open the C library at ${allowed.join(" or ")}: ${text}`);
}

const opened = open();

/** Where the library was found: what `--allow-ffi` has to name. */
export const libcPath: string = opened.path;

/**
 * The C functions. Modules take the ones they use as constants (`const { close } = libc;`), which is what lets V8
 * call them without a wrapper.
 */
export const libc: Deno.StaticForeignLibraryInterface<typeof SYMBOLS> = opened.symbols;
