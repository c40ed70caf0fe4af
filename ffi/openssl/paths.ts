/**
 * Where the libraries of OpenSSL are: known without opening them.
 *
 * @module
 */

import { FileStatus } from "../file.ts";
import { UnsupportedSystemError } from "../libc.ts";

/** Where distributions keep shared libraries, by {@linkcode Deno.build.arch}. */
const DIRECTORIES: Readonly<Record<string, readonly string[]>> = {
  x86_64: ["/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib"],
  aarch64: ["/usr/lib/aarch64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib"],
};

/** The two libraries in one directory. */
export interface OpenSslPaths {
  readonly crypto: string;
  readonly ssl: string;
}

/**
 * The paths to try on a system, in order.
 *
 * @param arch {@linkcode Deno.build.arch}
 */
export function openSslCandidates(arch: string): readonly OpenSslPaths[] {
  return (DIRECTORIES[arch] ?? []).map((directory) => ({
    crypto: `${directory}/libcrypto.so.3`,
    ssl: `${directory}/libssl.so.3`,
  }));
}

/** The libraries of this system at their usual paths, whether they are there or not: what `--allow-ffi` is to name. */
export function openSslPaths(): OpenSslPaths {
  const candidates = openSslCandidates(Deno.build.arch);
  const found = candidates.find(({ ssl }) => new FileStatus().readTarget(ssl) === 0) ?? candidates[0];
  if (found === undefined) {
    throw new UnsupportedSystemError(`Nobody knows where OpenSSL is on ${Deno.build.arch}`);
  }
  return found;
}
