/** CRC-32C, the cyclic redundancy check of iSCSI (RFC 3720, B.4), which the PROXY protocol has as well. */

/** The polynomial 0x1EDC6F41, its bits in reverse. */
const POLYNOMIAL = 0x82f63b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = remainder & 1 ? remainder >>> 1 ^ POLYNOMIAL : remainder >>> 1;
  }
  return remainder >>> 0;
});

/** The checksum of all bytes. */
export function crc32c(bytes: Uint8Array): number {
  let sum = 0xffff_ffff;
  for (let at = 0; at < bytes.length; at++) sum = TABLE[(sum ^ bytes[at]!) & 255]! ^ sum >>> 8;
  return (sum ^ 0xffff_ffff) >>> 0;
}
