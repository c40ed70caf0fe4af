/** How the front knows what it has said of a connection itself: a field `tls` that comes back is the one that was given. */

import { blake2s } from "@noble/hashes/blake2.js";
import { type Descriptor, socketCookie } from "../../../ffi/mod.ts";
import { TLS_ITEMS, TLS_PROOF } from "../../protocol/messages.ts";
import { PROOF } from "../../protocol/tls_field.ts";

/**
 * Fills in proofs and looks at them. A proof is made of the rest of the field and of the socket itself, with a key that no
 * other process has but the front that succeeds this one, to which connections may come back.
 */
export class TlsProof {
  /** @param key of all Workers of a front */
  constructor(readonly key: Uint8Array<ArrayBuffer>) {}

  /** Fills in the proof of a field that begins here. @param value changed */
  seal(value: Uint8Array, fd: Descriptor): void {
    value.set(this.#proofOf(value, fd), TLS_PROOF);
  }

  /** Whether the front has sealed this field for this socket. */
  holds(value: Uint8Array, fd: Descriptor): boolean {
    const proof = this.#proofOf(value, fd);
    let difference = 0;
    // All of them, wherever the first is that differs: how long it takes says nothing. node:crypto has a function for this,
    // and would take each Worker some 30 ms to load.
    for (let at = 0; at < PROOF; at++) difference |= proof[at]! ^ value[TLS_PROOF + at]!;
    return difference === 0;
  }

  /** BLAKE2s with a key (RFC 7693). A hash of node:crypto costs several times as much on so few bytes, as often as it is made. */
  #proofOf(value: Uint8Array, fd: Descriptor): Uint8Array {
    // The cookie stays with the socket, whoever has it and however it is called.
    const cookie = socketCookie(fd);
    const message = new Uint8Array(cookie.length + value.length);
    message.set(cookie);
    message.set(value, cookie.length);
    message.fill(0, cookie.length + TLS_PROOF, cookie.length + TLS_ITEMS);
    return blake2s(message, { key: this.key, dkLen: PROOF });
  }
}
