/** How the front knows what it has said of a connection itself: a field `tls` that comes back is the one that was given. */

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { type Descriptor, socketCookie } from "../../../ffi/mod.ts";
import { TLS_ITEMS, TLS_PROOF } from "../../protocol/messages.ts";
import { PROOF } from "../../protocol/tls_field.ts";

/**
 * Fills in proofs and looks at them. A proof is made of the rest of the field and of the socket itself, with a key that no
 * other process has. A connection comes back on the channel on which it went, so no other Worker needs the key either.
 */
export class TlsProof {
  readonly #key = randomBytes(32);

  /** Fills in the proof of a field that begins here. @param value changed */
  seal(value: Uint8Array, fd: Descriptor): void {
    value.set(this.#proofOf(value, fd), TLS_PROOF);
  }

  /** Whether the front has sealed this field for this socket. */
  holds(value: Uint8Array, fd: Descriptor): boolean {
    return timingSafeEqual(value.subarray(TLS_PROOF, TLS_ITEMS), this.#proofOf(value, fd));
  }

  #proofOf(value: Uint8Array, fd: Descriptor): Uint8Array {
    const hmac = createHmac("sha256", this.#key);
    // The cookie stays with the socket, whoever has it and however it is called.
    hmac.update(socketCookie(fd));
    hmac.update(value.subarray(0, TLS_PROOF));
    hmac.update(value.subarray(TLS_ITEMS));
    return hmac.digest().subarray(0, PROOF);
  }
}
