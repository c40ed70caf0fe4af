/** From a `Response` to the connection. */

import { ConnectionLost } from "../connection/connection.ts";
import type { Exchange, Field } from "../http/exchange.ts";
import { fieldsOf, wholeBody } from "./response_parts.ts";
import { settlesAtOnce } from "./settles.ts";

const EMPTY = new Uint8Array(0);

/**
 * Sends a response: in one piece where its content is all there, else as it comes.
 *
 * @returns nothing when it has left at once, as most do
 */
export function sendResponse(exchange: Exchange, response: Response): Promise<void> | undefined {
  // Before anything else is asked of the response: it may make a stream of its content then.
  const whole = wholeBody(response);
  if (whole === undefined) return sendStream(exchange, response);
  return exchange.respond(response.status, fieldsOf(response), whole, response.statusText || undefined);
}

async function sendStream(exchange: Exchange, response: Response): Promise<void> {
  if (response.bodyUsed) {
    throw new TypeError("Cannot respond: the body of the response has been read already");
  }
  const fields: readonly Field[] = [...response.headers];
  const { status, statusText } = response;
  const reason = statusText || undefined;
  const declared = contentLength(response.headers);
  const { body } = response;
  if (body === null) {
    const length = exchange.method === "HEAD" ? declared ?? 0 : 0;
    if (length === 0) return await exchange.respond(status, fields, EMPTY, reason);
    await exchange.start(status, fields, length, false, reason);
    return;
  }
  const reader = body.getReader();
  const lost = new ConnectionLost("Cannot send the response: the client is gone");
  let gone = false;
  // Also while the source has nothing to send, which may be for ever.
  exchange.connection.onGone(() => {
    gone = true;
    reader.cancel(lost).catch(() => {});
  }, () => exchange.probe());
  try {
    if (declared !== undefined) {
      const sent = await sendCounted(exchange, reader, fields, response, declared);
      if (gone) throw lost;
      return checkLength(declared, sent);
    }
    const first = await reader.read();
    if (gone) throw lost;
    if (first.done) return await exchange.respond(status, fields, EMPTY, reason);
    // A content that is all there in one piece, as most are, is sent with its length; what takes longer as it comes.
    let next = reader.read();
    if (await settlesAtOnce(next)) {
      const second = await next;
      if (second.done) return await exchange.respond(status, fields, bytesOf(first.value), reason);
      next = Promise.resolve(second);
    }
    if (!await exchange.start(status, fields, undefined, true, reason)) return void await reader.cancel();
    await exchange.write(bytesOf(first.value));
    for (let piece = await next; !piece.done; piece = await reader.read()) {
      await exchange.write(bytesOf(piece.value));
    }
    if (gone) throw lost;
    await exchange.finish();
  } catch (error) {
    // Tells the source that nobody reads on. Its own errors there are not ours.
    reader.cancel(error).catch(() => {});
    throw error;
  }
}

/** Sends content whose length the handler has said; how much there was. */
async function sendCounted(
  exchange: Exchange,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  fields: readonly Field[],
  response: Response,
  length: number,
): Promise<number> {
  const { status, statusText } = response;
  if (!await exchange.start(status, fields, length, true, statusText || undefined)) {
    await reader.cancel();
    return length;
  }
  let sent = 0;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    sent += piece.value.byteLength;
    if (sent > length) break;
    await exchange.write(bytesOf(piece.value));
  }
  return sent;
}

/** A handler is held to the length that it has said, since the client is. */
function checkLength(length: number, sent: number): void {
  if (sent !== length) {
    throw new Error(
      `Cannot send the response: its Content-Length is ${length}, its content is ${
        sent > length ? "longer" : `${sent} bytes`
      }`,
    );
  }
}

function contentLength(headers: Headers): number | undefined {
  const value = headers.get("content-length");
  return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

function bytesOf(piece: unknown): Uint8Array<ArrayBuffer> {
  if (piece instanceof Uint8Array) return piece as Uint8Array<ArrayBuffer>;
  throw new TypeError("Cannot respond: the body's stream has something in it that is not a Uint8Array");
}
