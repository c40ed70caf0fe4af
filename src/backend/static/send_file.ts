/** Files as the content of responses. */

import { Buffer } from "node:buffer";
import type { Steps } from "../../loop/course.ts";
import type { Exchange, Field } from "../http/exchange.ts";
import { typeField } from "./description.ts";
import { boundaryOf, frame } from "./multipart.ts";
import { type OpenFile, SMALL } from "./open_file.ts";
import { type ByteRange, contentRange } from "./ranges.ts";

/** For the content of one small file at a time: what does not leave at once is copied by the exchange. */
const small = new Uint8Array(SMALL);

/**
 * Responds with a whole file. What it has become longer by in the meantime is not sent.
 *
 * @param file lent until the steps have come to their end
 * @throws {Error} when it has become shorter; a connection on which part of it was sent must not go on then
 */
export function sendWhole(
  exchange: Exchange,
  status: number,
  fields: readonly Field[],
  file: OpenFile,
): Steps<void> {
  if (file.size > SMALL || exchange.method === "HEAD") return sendRange(exchange, status, fields, file);
  return exchange.respond(status, fields, contentOf(file));
}

/** All of a small file, until the next one is asked for. */
function contentOf(file: OpenFile): Uint8Array<ArrayBuffer> {
  if (typeof file.source !== "number") return file.source;
  if (file.read(small, file.size, 0) < file.size) throw shorter(file);
  return small.subarray(0, file.size);
}

function shorter({ name }: OpenFile): Error {
  return new Error(`Cannot send the file "${name}": it has become shorter`);
}

/** Responds with a file, or one range of it. The same holds as for {@linkcode sendWhole}. */
export function* sendRange(
  exchange: Exchange,
  status: number,
  fields: readonly Field[],
  file: OpenFile,
  range: ByteRange = { first: 0, last: file.size - 1 },
): Steps<void> {
  const length = range.last - range.first + 1;
  yield* exchange.start(status, fields, length, length > 0);
  if (exchange.contentless) return;
  if (exchange.coded) yield* sendCoded(exchange, file, length);
  else yield* sendPart(exchange, file, range.first, length);
}

/** Sends bytes of a file as they are. */
function sendPart(
  { connection }: Exchange,
  { source }: OpenFile,
  first: number,
  count: number,
  more = false,
): Steps<void> {
  return typeof source === "number"
    ? connection.sendFileOut(source, first, count)
    : connection.sendOut(source.subarray(first, first + count), more);
}

/** Bytes of a file that are coded at a time. */
const PIECE = 65_536;

/** Sends a whole file through a coding: what the kernel could send is not coded. */
function* sendCoded(exchange: Exchange, file: OpenFile, length: number): Steps<void> {
  for (let at = 0; at < length;) {
    const piece = new Uint8Array(Math.min(PIECE, length - at));
    const read = file.read(piece, piece.length, at);
    if (read === 0) throw shorter(file);
    at += read;
    yield* exchange.write(piece.subarray(0, read), at < length);
  }
}

/**
 * Responds with several ranges of a file, each of them a part.
 *
 * @param type Content-Type of each part, where one is known
 */
export function* sendRanges(
  exchange: Exchange,
  fields: readonly Field[],
  file: OpenFile,
  ranges: readonly ByteRange[],
  type: string | undefined,
): Steps<void> {
  const boundary = boundaryOf(crypto.getRandomValues(new Uint8Array(20)));
  const { heads, end, length } = frame(ranges, file.size, type, boundary);
  const own: Field = ["Content-Type", `multipart/byteranges; boundary=${boundary}`];
  yield* exchange.start(206, [own, ...fields], length, true);
  const { connection } = exchange;
  for (const [index, { first, last }] of ranges.entries()) {
    yield* connection.sendOut(Buffer.from(heads[index]!, "latin1") as Uint8Array<ArrayBuffer>, true);
    yield* sendPart(exchange, file, first, last - first + 1, true);
  }
  yield* connection.sendOut(Buffer.from(end, "latin1") as Uint8Array<ArrayBuffer>);
}

/** The fields of one range. */
export function rangeFields(type: string | undefined, range: ByteRange, size: number): Field[] {
  return [...typeField(type), ["Content-Range", contentRange(range, size)]];
}
