/** TLS alerts that are sent before there is a session to send them in (RFC 8446, section 6; RFC 6066; RFC 7301). */

/** A message came that nobody waits for, such as one of no handshake. */
export const UNEXPECTED_MESSAGE = 10;
/** A message cannot be read: a length that leads beyond its end. */
export const DECODE_ERROR = 50;
/** The client speaks versions that are not spoken here. */
export const PROTOCOL_VERSION = 70;
/** Something here is broken. */
export const INTERNAL_ERROR = 80;
/** No site has the name that the client asks for. */
export const UNRECOGNIZED_NAME = 112;
/** The client wants to speak a protocol over TLS that is not spoken here. */
export const NO_APPLICATION_PROTOCOL = 120;

const ALERT = 21;
const FATAL = 2;

/**
 * A fatal alert as a record of its own, in clear text. Its version is that of TLS 1.0, which clients of every version
 * take before one has been agreed on (RFC 8446, section 5.1).
 *
 * @param description one of the numbers above
 */
export function alertRecord(description: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array([ALERT, 3, 1, 0, 2, FATAL, description]);
}
