/** Files as the content of responses. */

import { Buffer } from "node:buffer";
import { ErrnoError, readFile } from "../../../ffi/mod.ts";
import type { Exchange, Field } from "../http/exchange.ts";
import type { OpenFile } from "./directory.ts";
import { boundaryOf, frame } from "./multipart.ts";
import { type ByteRange, contentRange } from "./ranges.ts";

/**
 * Bytes up to which a file is read and leaves together with its head: one call less than sendfile(2) takes, and no change
 * of the socket's mode.
 */
const SMALL = 16_384;

/** For the content of one small file at a time: what does not leave at once is copied by the exchange. */
const small = new Uint8Array(SMALL);
const SMALL_SIZE = BigInt(SMALL);

/**
 * Responds with a whole file. What it has become longer by in the meantime is not sent.
 *
 * @param file lent until the promise settles, or until this returns where there is none
 * @throws {Error} when it has become shorter; a connection on which part of it was sent must not go on then
 */
export function sendWhole(
  exchange: Exchange,
  status: number,
  fields: readonly Field[],
  file: OpenFile,
): Promise<void> | undefined {
  if (file.size > SMALL || exchange.method === "HEAD") return sendRange(exchange, status, fields, file);
  const length = file.size === 0 ? 0 : readFile(file.descriptor, small, SMALL_SIZE);
  if (length < 0) throw new ErrnoError(`Cannot read the file "${file.name}"`, -length);
  if (length < file.size) throw new Error(`Cannot send the file "${file.name}": it has become shorter`);
  return exchange.respond(status, fields, small.subarray(0, file.size));
}

/** Responds with a file, or one range of it. The same holds as for {@linkcode sendWhole}. */
export async function sendRange(
  exchange: Exchange,
  status: number,
  fields: readonly Field[],
  file: OpenFile,
  range: ByteRange = { first: 0, last: file.size - 1 },
): Promise<void> {
  const length = range.last - range.first + 1;
  if (!await exchange.start(status, fields, length, length > 0)) return;
  if (exchange.coded) return await sendCoded(exchange, file, length);
  await exchange.connection.sendFile(file.descriptor, range.first, length);
}

/** Bytes of a file that are coded at a time. */
const PIECE = 65_536;

/** Sends a whole file through a coding. Nobody has read from it, and what the kernel could send is not coded. */
async function sendCoded(exchange: Exchange, file: OpenFile, length: number): Promise<void> {
  for (let left = length; left > 0;) {
    const piece = new Uint8Array(Math.min(PIECE, left));
    const read = readFile(file.descriptor, piece, BigInt(piece.length));
    if (read < 0) throw new ErrnoError(`Cannot read the file "${file.name}"`, -read);
    if (read === 0) throw new Error(`Cannot send the file "${file.name}": it has become shorter`);
    left -= read;
    await exchange.write(piece.subarray(0, read), left > 0);
  }
}

/**
 * Responds with several ranges of a file, each of them a part.
 *
 * @param type Content-Type of each part, where one is known
 */
export async function sendRanges(
  exchange: Exchange,
  fields: readonly Field[],
  file: OpenFile,
  ranges: readonly ByteRange[],
  type: string | undefined,
): Promise<void> {
  const boundary = boundaryOf(crypto.getRandomValues(new Uint8Array(20)));
  const { heads, end, length } = frame(ranges, file.size, type, boundary);
  const own: Field = ["Content-Type", `multipart/byteranges; boundary=${boundary}`];
  if (!await exchange.start(206, [own, ...fields], length, true)) return;
  const { connection } = exchange;
  for (const [index, { first, last }] of ranges.entries()) {
    await connection.sendAll(Buffer.from(heads[index]!, "latin1") as Uint8Array<ArrayBuffer>, true);
    await connection.sendFile(file.descriptor, first, last - first + 1);
  }
  await connection.sendAll(Buffer.from(end, "latin1") as Uint8Array<ArrayBuffer>);
}

/** The fields of one range. */
export function rangeFields(type: string | undefined, range: ByteRange, size: number): Field[] {
  return [...typeField(type), ["Content-Range", contentRange(range, size)]];
}

/** Content-Type; nothing where none is known. */
export function typeField(type: string | undefined): Field[] {
  return type === undefined ? [] : [["Content-Type", type]];
}
