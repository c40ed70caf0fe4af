/** Whether a password is the one that a hash was made of, as htpasswd makes them. */

import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import { compareSync } from "bcryptjs";

/** A hash that can be checked. */
export type HashKind = "bcrypt" | "sha1" | "apr1";

/** What a hash is; undefined for one that is not known here, which fits no password. */
export function hashKind(hash: string): HashKind | undefined {
  if (/^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(hash)) return "bcrypt";
  if (/^\{SHA\}[A-Za-z0-9+/]{27}=$/.test(hash)) return "sha1";
  if (/^\$apr1\$[^$]{1,8}\$[./A-Za-z0-9]{22}$/.test(hash)) return "apr1";
  return undefined;
}

/**
 * Compares, in a time that does not depend on how far both are alike. It takes what the hash asks for: milliseconds, or
 * tenths of seconds with bcrypt.
 *
 * @param password bytes
 */
export function isPassword(password: string, hash: string): boolean {
  const bytes = Buffer.from(password, "latin1");
  switch (hashKind(hash)) {
    case "bcrypt":
      // The library encodes to UTF-8 itself; what is not UTF-8 fits nothing that was made of a text.
      return compareSync(bytes.toString("utf8"), hash.replace(/^\$2y/, "$2b"));
    case "sha1":
      return equal(`{SHA}${createHash("sha1").update(bytes).digest("base64")}`, hash);
    case "apr1":
      return equal(apr1(bytes, hash.split("$")[2]!), hash);
    case undefined:
      return false;
  }
}

function equal(made: string, hash: string): boolean {
  const [a, b] = [Buffer.from(made, "latin1"), Buffer.from(hash, "latin1")];
  return a.length === b.length && timingSafeEqual(a, b);
}

const ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Which bytes of the digest stand together, as 24 bits each, in the text. */
const ORDER = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]] as const;
const ROUNDS = 1_000;

/** Apache's variant of MD5-crypt (apr_md5.c): the magic is another one than crypt(3) has. */
function apr1(password: Buffer, salt: string): string {
  const md5 = (...parts: readonly (Buffer | string)[]) => {
    const hash = createHash("md5");
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  const alternate = md5(password, salt, password);
  const first = [password, "$apr1$", salt];
  const parts: (Buffer | string)[] = [...first];
  for (let left = password.length; left > 0; left -= 16) {
    parts.push(alternate.subarray(0, Math.min(16, left)));
  }
  for (let left = password.length; left > 0; left >>= 1) {
    parts.push(left & 1 ? "\0" : password.subarray(0, 1));
  }
  let digest = md5(...parts);
  for (let round = 0; round < ROUNDS; round++) {
    digest = md5(
      round & 1 ? password : digest,
      round % 3 ? salt : "",
      round % 7 ? password : "",
      round & 1 ? digest : password,
    );
  }
  let text = "";
  const put = (value: number, characters: number) => {
    for (let left = value, count = 0; count < characters; count++, left >>= 6) text += ALPHABET[left & 63];
  };
  for (const [a, b, c] of ORDER) put(digest[a]! << 16 | digest[b]! << 8 | digest[c]!, 4);
  put(digest[11]!, 2);
  return `$apr1$${salt}$${text}`;
}
