/**
 * Why OpenSSL failed: its queue of errors, emptied into one sentence.
 *
 * @module
 */
import { crypto } from "./library.ts";

const { ERR_get_error, ERR_error_string_n, OPENSSL_strlcpy } = crypto;

/** A key, certificate or setting that OpenSSL does not take. Its message is meant for people. */
export class OpenSslError extends Error {
  override name = "OpenSslError";
}

const TEXT = 256;
const text = new Uint8Array(TEXT);
const decoder = new TextDecoder();

/** The text that a pointer of OpenSSL's leads to; empty for a null pointer. */
export function textAt(pointer: Deno.PointerValue): string {
  if (pointer === null) return "";
  OPENSSL_strlcpy(text, pointer, BigInt(TEXT));
  return decoder.decode(text.subarray(0, text.indexOf(0)));
}

/**
 * Takes everything out of the queue of this thread. Whoever sees a call fail does so: SSL_get_error(3) is right only when
 * the queue was empty before the call.
 *
 * @returns the error numbers, oldest first
 */
export function takeErrors(): number[] {
  const codes: number[] = [];
  for (let code = ERR_get_error(); code !== 0; code = ERR_get_error()) codes.push(code);
  return codes;
}

/** What an error number means: `no start line`. */
export function describeError(code: number): string {
  ERR_error_string_n(BigInt(code), text, BigInt(TEXT));
  // error:0A000126:SSL routines::unexpected eof while reading
  return decoder.decode(text.subarray(0, text.indexOf(0))).split(":").at(-1)!;
}

/** Empties the queue and says the last of it, which is where the failing call itself put in a word. */
export function lastReason(otherwise: string): string {
  const code = takeErrors().at(-1);
  return code === undefined ? otherwise : describeError(code) || otherwise;
}

/** Library and reason of an error number (ERR_GET_LIB, ERR_GET_REASON). */
export function partsOf(code: number): { readonly library: number; readonly reason: number } {
  return { library: code >>> 23 & 0xff, reason: code & 0x7fffff };
}
