/** Files with keys and certificates. Read through libc, so that no permission of Deno's has to name them. */

import { adopt, close, describeErrno, openFile, readFile } from "../../../ffi/mod.ts";
import { OpenSslError } from "../../../ffi/openssl/mod.ts";

/** More than any chain has; somebody else's file is not read to its end. */
const LONGEST = 1 << 20;

/**
 * Reads a whole file. What somebody else has to write first, a FIFO, is not waited for: it is empty.
 *
 * @param path absolute
 * @param what the start of the sentence that says why not: `Cannot use the key "/etc/tls/key.pem"`
 * @throws {OpenSslError} when it cannot be read, or is too long
 */
export function readPem(path: string, what: string): Uint8Array<ArrayBuffer> {
  const opened = openFile(path);
  if (opened < 0) throw new OpenSslError(`${what}: ${describeErrno(-opened)}`);
  const fd = adopt(opened);
  const bytes = new Uint8Array(LONGEST + 1);
  try {
    let length = 0;
    while (length < bytes.length) {
      const rest = bytes.subarray(length);
      const count = readFile(fd, rest, BigInt(rest.length));
      if (count < 0) throw new OpenSslError(`${what}: ${describeErrno(-count)}`);
      if (count === 0) return bytes.slice(0, length);
      length += count;
    }
    throw new OpenSslError(`${what}: it has more than ${LONGEST} bytes`);
  } finally {
    close(fd);
    // A key should not lie about in memory that is used for something else next.
    bytes.fill(0);
  }
}
