/**
 * Opens OpenSSL, once per isolate and only where this module is imported: the process that does handshakes, and
 * `fdpass check`. As with libc, the paths that were allowed are those that are tried.
 *
 * @module
 */
import { UnsupportedSystemError } from "../libc.ts";
import { openSslCandidates, type OpenSslPaths } from "./paths.ts";
import { CRYPTO_SYMBOLS, SSL_SYMBOLS } from "./symbols.ts";

/** 3.0.0, as OPENSSL_VERSION_NUMBER counts: 0xMNN00PP0. */
const OLDEST = 0x30000000;

function allowed({ crypto, ssl }: OpenSslPaths): boolean {
  return [crypto, ssl].every((path) => Deno.permissions.querySync({ name: "ffi", path }).state === "granted");
}

function openAt(paths: OpenSslPaths) {
  const crypto = Deno.dlopen(paths.crypto, CRYPTO_SYMBOLS).symbols;
  const ssl = Deno.dlopen(paths.ssl, SSL_SYMBOLS).symbols;
  const version = crypto.OpenSSL_version_num();
  if (version < OLDEST) throw new Error(`version 0x${version.toString(16)} is older than 3.0`);
  return { crypto, ssl, version };
}

/** @param candidates tried in order, those that are allowed */
function open(candidates: readonly OpenSslPaths[]): ReturnType<typeof openAt> {
  const permitted = candidates.filter(allowed);
  const [first] = candidates;
  if (first !== undefined && permitted.length === 0) {
    throw new UnsupportedSystemError(
      `Calling OpenSSL is not allowed; run again with --allow-ffi=${first.crypto},${first.ssl}`,
    );
  }
  let reason: unknown = `nobody knows where it is on ${Deno.build.arch}`;
  for (const [index, paths] of permitted.entries()) {
    try {
      return openAt(paths);
    } catch (error) {
      // What the first place says counts: the others are for other distributions.
      if (index === 0) reason = error;
    }
  }
  throw new UnsupportedSystemError(
    "TLS needs OpenSSL 3 (libssl.so.3 and libcrypto.so.3), which cannot be opened here; install the package " +
      `libssl3 (libssl3t64 from Debian 13 and Ubuntu 24.04 on): ${
        reason instanceof Error ? reason.message : reason
      }`,
    { cause: reason },
  );
}

const opened = open(openSslCandidates(Deno.build.arch));

/** The functions of libcrypto. */
export const crypto: Deno.StaticForeignLibraryInterface<typeof CRYPTO_SYMBOLS> = opened.crypto;
/** The functions of libssl. */
export const ssl: Deno.StaticForeignLibraryInterface<typeof SSL_SYMBOLS> = opened.ssl;

/** The version of the library in use, as people write it: `3.0.19`. */
export const openSslVersion: string = [
  opened.version >>> 28,
  opened.version >>> 20 & 0xff,
  opened.version >>> 4 & 0xff,
].join(".");
