/**
 * Paths in the one form that routes are compared in, and that backends are told. The bytes that a backend reads stay as
 * the client sent them. One that reads paths more liberally than this (`%2F` or `%5C` as a separator) has to guard its
 * own prefix.
 */

const NUL = 0x00;
const PERCENT = 0x25;
const ASTERISK = 0x2a;
const DOT = 0x2e;
const SLASH = 0x2f;
const BACKSLASH = 0x5c;

const ROOT = Uint8Array.of(SLASH);

/** Value of a hexadecimal digit, or 255; indexed by byte. */
const HEX_VALUE = new Uint8Array(256).fill(255);
for (const [value, digit] of Array.from("0123456789ABCDEF").entries()) {
  HEX_VALUE[digit.charCodeAt(0)] = value;
  HEX_VALUE[digit.toLowerCase().charCodeAt(0)] = value;
}

/** 1 for an unreserved character (RFC 3986, section 2.3), 0 otherwise; indexed by byte. */
const UNRESERVED = new Uint8Array(256);
for (const character of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") {
  UNRESERVED[character.charCodeAt(0)] = 1;
}

/** Hexadecimal digits by value. */
const HEX_DIGIT = Uint8Array.from("0123456789ABCDEF", (digit) => digit.charCodeAt(0));

/** A byte of which a normal path has none: what every reader of URLs has to encode, or reads as something else. */
const ODD = 1;
/** A byte that may stand in a normal path, or not, by what stands beside it. */
const AMBIGUOUS = 2;

/**
 * What a byte is to a normal path. What RFC 3986, 3.3 does not allow is encoded; browsers send some of it as it is (`|`),
 * and encode the rest (`{`). Brackets alone stay: every reader of URLs leaves them, encoded or not.
 */
const KIND = new Uint8Array(256);
for (const character of '"<>^`{|}\\') KIND[character.charCodeAt(0)] = ODD;
for (let byte = 0; byte <= 0x20; byte++) KIND[byte] = ODD;
for (let byte = 0x7f; byte <= 0xff; byte++) KIND[byte] = ODD;
for (const byte of [PERCENT, SLASH, DOT]) KIND[byte] = AMBIGUOUS;

/**
 * Brings paths into their normal form, one at a time. A path that is in it already, nearly every one, is not
 * copied. Others go into a scratch buffer that is kept, so that nothing is allocated but for a longer path than
 * all before.
 */
export class PathNormalizer {
  /** What holds the last normal path: the input itself, or the scratch buffer. Valid until the next call. */
  bytes: Uint8Array = ROOT;
  /** Offset of the last normal path's first byte in {@linkcode PathNormalizer.bytes}, which is a slash. */
  start = 0;
  /** Offset after its last byte. */
  end = 1;
  #scratch = new Uint8Array(1_024);

  /**
   * Normalises the path of a request target (RFC 9112, section 3.2), without its query:
   *
   * - an encoded unreserved character is decoded, so `%61` is `a` and `%2e` is a dot (RFC 3986, section 6.2.2.2);
   *   what else is encoded stays so, with upper-case digits (6.2.2.1): `%2f` is `%2F`, and separates nothing;
   * - what a path cannot have unencoded is encoded: `{` is `%7B`, as a reader of URLs has it;
   * - slashes in a row are one slash, as Apache and nginx and most servers have it;
   * - then dot segments are removed (5.2.4, 6.2.2.3);
   * - the empty path is `/` (6.2.3), and so is the `*` of `OPTIONS *`, as neither is below any prefix.
   *
   * Bad are a percent sign without two hexadecimal digits, an encoded NUL (it ends a file name early in C), a
   * climb above the root, which RFC 3986 would forgive but no honest client sends, a backslash, which readers of URLs
   * take for a slash, and a path that does not start with a slash.
   *
   * @param bytes Where the path is.
   * @param start Offset of its first byte.
   * @param end Offset after its last byte.
   * @returns Whether the path is good; if it is bad, `bytes`, `start` and `end` mean nothing.
   */
  normalize(bytes: Uint8Array, start: number, end: number): boolean {
    if (end === start || (end === start + 1 && bytes[start] === ASTERISK)) {
      this.#set(ROOT, 0, 1);
      return true;
    }
    if (bytes[start] !== SLASH) return false;
    if (needsWork(bytes, start, end)) return this.#rewrite(bytes, start, end);
    this.#set(bytes, start, end);
    return true;
  }

  /**
   * Puts another path in place of the last one.
   *
   * @param path What stands from now on between `start` and `end`: normal, and so of ASCII.
   */
  replace(path: string): void {
    if (this.#scratch.length < path.length) this.#scratch = new Uint8Array(path.length * 2);
    for (let index = 0; index < path.length; index++) this.#scratch[index] = path.charCodeAt(index);
    this.#set(this.#scratch, 0, path.length);
  }

  #set(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  /** One pass; what it writes is three times as long as what it has read, at most. */
  #rewrite(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#scratch.length < 3 * (end - start)) this.#scratch = new Uint8Array(6 * (end - start));
    const out = this.#scratch;
    out[0] = SLASH;
    let size = 1;
    let segment = 1; // where the segment that is being written starts
    for (let index = start + 1; index <= end; index++) {
      const byte = index === end ? SLASH : bytes[index]!;
      if (byte === PERCENT) {
        if (index + 2 >= end) return false;
        const high = HEX_VALUE[bytes[index + 1]!]!;
        const low = HEX_VALUE[bytes[index + 2]!]!;
        if (high === 255 || low === 255) return false;
        const decoded = high << 4 | low;
        if (decoded === NUL) return false;
        if (UNRESERVED[decoded] === 1) {
          out[size++] = decoded;
        } else {
          out[size++] = PERCENT;
          out[size++] = upperCase(bytes[index + 1]!);
          out[size++] = upperCase(bytes[index + 2]!);
        }
        index += 2;
      } else if (KIND[byte] === ODD) {
        if (byte === BACKSLASH || byte === NUL) return false;
        out[size++] = PERCENT;
        out[size++] = HEX_DIGIT[byte >> 4]!;
        out[size++] = HEX_DIGIT[byte & 15]!;
      } else if (byte !== SLASH) {
        out[size++] = byte;
      } else if (size === segment + 1 && out[segment] === DOT) {
        size = segment;
      } else if (size === segment + 2 && out[segment] === DOT && out[segment + 1] === DOT) {
        if (segment === 1) return false;
        size = segment - 1;
        while (out[size - 1] !== SLASH) size--;
        segment = size;
      } else if (size > segment && index < end) {
        out[size++] = SLASH;
        segment = size;
      }
    }
    this.#set(out, 0, size);
    return true;
  }
}

/**
 * Normalises a path that a person wrote, in a configuration or a URL. Characters that cannot stand in a request
 * line are percent-encoded first, as a browser does: a route for `/größe` meets the requests for it.
 *
 * @param path A path, without query.
 * @returns Its normal form, or nothing if the path is bad.
 */
export function normalizePath(path: string): string | undefined {
  if (isNormal(path)) return path;
  const encoded = path.toWellFormed().replace(/[^!-~]/gu, encodeURIComponent);
  const bytes = new TextEncoder().encode(encoded);
  const normalizer = new PathNormalizer();
  if (!normalizer.normalize(bytes, 0, bytes.length)) return undefined;
  return new TextDecoder().decode(normalizer.bytes.subarray(normalizer.start, normalizer.end));
}

/** Whether a path is its own normal form, as nearly every one is; of some that are nobody knows it at first sight. */
function isNormal(path: string): boolean {
  if (path.charCodeAt(0) !== SLASH) return false;
  let previous = 0;
  for (let index = 0; index < path.length; index++) {
    const code = path.charCodeAt(index);
    // Whatever is no ASCII is odd as well.
    const kind = code < 0x80 ? KIND[code]! : ODD;
    if (kind === ODD || code === PERCENT || kind === AMBIGUOUS && previous === SLASH) return false;
    previous = code;
  }
  return true;
}

/** A segment that is a dot or two, however they are spelled. */
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?=\/|$)/i;

/** Whether a path has a segment that leads to where it is, or upwards, and that readers of URLs take out of it. */
export function hasDotSegment(path: string): boolean {
  // Nearly all have neither, which is found out sooner.
  return (path.includes("/.") || path.includes("%")) && DOT_SEGMENT.test(path);
}

/**
 * Brings what a route has made of a path into its normal form: what backends are told is normal, however it was made.
 *
 * @param path What stands in place of the request's path.
 * @returns Nothing for what is no path: without a slash at its start, or with a dot segment, which is not resolved but
 * refused, as it would lead out of where the path was mapped to.
 */
export function normalizeMapped(path: string): string | undefined {
  return hasDotSegment(path) ? undefined : normalizePath(path);
}

/**
 * Whether a prefix covers a path, both normalised: it does so in whole segments. `/a` covers `/a` and `/a/b`, not
 * `/ab`; `/a/` covers `/a/` and `/a/b`, not `/a`; `/` covers everything.
 */
export function covers(prefix: string, path: string): boolean {
  return path.startsWith(prefix) &&
    (prefix.endsWith("/") || path.length === prefix.length || path[prefix.length] === "/");
}

/** Whether a path may not be in its normal form; `/.well-known` is taken for one, which costs only a copy. */
function needsWork(bytes: Uint8Array, start: number, end: number): boolean {
  let previous = 0;
  for (let index = start; index < end; index++) {
    const byte = bytes[index]!;
    const kind = KIND[byte]!;
    if (kind === ODD || byte === PERCENT) return true;
    if (kind === AMBIGUOUS && previous === SLASH) return true;
    previous = byte;
  }
  return false;
}

function upperCase(digit: number): number {
  return digit >= 0x61 ? digit - 32 : digit;
}
