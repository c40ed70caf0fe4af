/**
 * The OpenSSL door: keys, certificates and TLS connections of libssl 3 and libcrypto 3 for Deno, through FFI, with nothing
 * of fdpass in it. Importing it opens the libraries. Works with the narrowest permission, which names both files:
 * `--allow-ffi=/usr/lib/x86_64-linux-gnu/libcrypto.so.3,/usr/lib/x86_64-linux-gnu/libssl.so.3`, beside libc.
 *
 * @module
 */
export { openSslVersion } from "./library.ts";
export { OpenSslError } from "./errors.ts";
export * from "./certificate.ts";
export * from "./private_key.ts";
export * from "./context.ts";
export * from "./session.ts";
export * from "./client_context.ts";
export * from "./client_session.ts";
