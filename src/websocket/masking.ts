/** The mask of a client's frames (RFC 6455, 5.3). */

/** Bytes from which on four are worth looking at in one go. */
const LONG = 128;

/**
 * Takes the mask off, where the bytes are.
 *
 * @param key the masking key, its first byte lowest
 * @param come bytes of the same content that have been done before
 * @returns whether all bytes are below 0x80; of many that is not found out
 */
export function unmask(bytes: Uint8Array, start: number, end: number, key: number, come: number): boolean {
  if (end - start >= LONG) {
    unmaskLong(bytes, start, end, key, come);
    return false;
  }
  let seen = 0;
  for (let at = start, shift = (come & 3) * 8; at < end; at++, shift = shift + 8 & 31) {
    const byte = bytes[at]! ^ key >>> shift & 0xff;
    bytes[at] = byte;
    seen |= byte;
  }
  return seen < 0x80;
}

/** The same, word by word. Everything that this runs on has its lowest byte first. */
function unmaskLong(bytes: Uint8Array, start: number, end: number, key: number, come: number): void {
  const { buffer, byteOffset } = bytes;
  const first = start + (-(byteOffset + start) & 3);
  const last = end - (end - first & 3);
  unmask(bytes, start, first, key, come);
  const turn = (come + first - start & 3) * 8;
  const turned = turn === 0 ? key : key >>> turn | key << 32 - turn;
  const words = new Int32Array(buffer, byteOffset + first, (last - first) >> 2);
  for (let index = 0; index < words.length; index++) words[index]! ^= turned;
  unmask(bytes, last, end, key, come + last - start);
}
