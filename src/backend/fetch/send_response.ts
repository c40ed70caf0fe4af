/** From a `Response` to the connection. */

import { DONE, promised } from "../../loop/course.ts";
import { ConnectionLost } from "../connection/connection.ts";
import type { Exchange, Field } from "../http/exchange.ts";
import type { Departure } from "./departure.ts";
import { fieldsOf, wholeBody } from "./response_parts.ts";
import { noteSent } from "./sent.ts";
import { settlesAtOnce } from "./settles.ts";

const EMPTY = new Uint8Array(0);

/** What a stream is told that nobody reads any more, as `Deno.serve` tells it. */
const GONE = "resource closed";

/** Of a response: that its content comes as a stream. */
export const STREAMED = Symbol();

/**
 * Sends a response whose content is all there, or is not asked for.
 *
 * @returns nothing when it has left at once, as most do; {@linkcode STREAMED} for another one, of which nothing is sent
 */
export function sendAtOnce(
  exchange: Exchange,
  response: Response,
): Promise<void> | undefined | typeof STREAMED {
  // Before anything else is asked of the response: it may make a stream of its content then.
  const whole = wholeBody(response);
  if (whole === undefined && response.bodyUsed) {
    throw new TypeError("Cannot respond: the body of the response has been read already");
  }
  if (whole !== undefined) noteSent(response);
  const fields = fieldsOf(response);
  if (exchange.method === "HEAD") {
    // What GET would get has the length that the handler says: it need not have made the content.
    const declared = response.status === 304 ? undefined : declaredLength(fields);
    if (declared !== undefined || whole === undefined) return sendHead(exchange, response, fields, declared);
  }
  const content = whole ?? (response.body === null ? EMPTY : undefined);
  if (content === undefined) return STREAMED;
  const sent = exchange.respond(response.status, fields, content, response.statusText || undefined);
  return sent === DONE ? undefined : promised(sent);
}

/** Answers HEAD without looking for content that may be long in coming. */
async function sendHead(
  exchange: Exchange,
  response: Response,
  fields: readonly Field[],
  declared: number | undefined,
): Promise<void> {
  const { status, statusText, body } = response;
  if (body?.locked) {
    throw new TypeError("Cannot respond: the stream of the response is somebody else's to read");
  }
  const length = declared ?? (body === null ? 0 : undefined);
  await promised(exchange.start(status, fields, length, false, statusText || undefined));
  body?.cancel(GONE).catch(() => {});
}

/**
 * Sends a response whose content is a stream, as it comes.
 *
 * @param departure what to do when the client leaves before the end
 */
export async function sendStream(
  exchange: Exchange,
  response: Response,
  departure: Departure,
): Promise<void> {
  const { status, statusText } = response;
  const fields = fieldsOf(response);
  const declared = declaredLength(fields);
  const reader = response.body!.getReader();
  let gone = false;
  try {
    // The head waits for nothing: whoever reads it may have to do something before there is content. What is there at
    // once leaves along with it.
    let next = reader.read();
    const chunked = declared === undefined && exchange.minor === 1;
    const more = await follows(next, chunked);
    await promised(exchange.start(status, fields, declared, more, statusText || undefined));
    // Also while the source has nothing to send, which may be for ever.
    exchange.connection.onGone(() => {
      gone = true;
      departure.gone();
      reader.cancel(GONE).catch(() => {});
    }, () => exchange.probe() || departure.ended());
    let sent = 0;
    for (let piece = await next; !piece.done; piece = await next) {
      const bytes = bytesOf(piece.value);
      sent += bytes.byteLength;
      if (declared !== undefined && sent > declared) break;
      next = reader.read();
      await promised(exchange.write(bytes, await follows(next, chunked)));
    }
    if (gone) throw new ConnectionLost("Cannot send the response: the client is gone");
    if (declared !== undefined) checkLength(declared, sent);
    await promised(exchange.finish());
    departure.stopDeadline();
  } catch (error) {
    departure.gone();
    // Tells the source that nobody reads on. Its own errors there are not ours.
    reader.cancel(error instanceof ConnectionLost ? GONE : error).catch(() => {});
    throw error;
  }
}

/**
 * Whether something is to be sent at once behind what is about to be.
 *
 * @param ends whether the end of the content is something that is sent
 */
async function follows(next: Promise<ReadableStreamReadResult<unknown>>, ends: boolean): Promise<boolean> {
  return await settlesAtOnce(next) && await next.then(({ done }) => ends || !done, () => false);
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

/** The length that a handler says; undefined where it says none that is one. */
function declaredLength(fields: readonly Field[]): number | undefined {
  const value = fields.find(([name]) => name.length === LENGTH.length && name.toLowerCase() === LENGTH)?.[1];
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

const LENGTH = "content-length";

function bytesOf(piece: unknown): Uint8Array<ArrayBuffer> {
  if (piece instanceof Uint8Array) return piece as Uint8Array<ArrayBuffer>;
  throw new TypeError("Cannot respond: the body's stream has something in it that is not a Uint8Array");
}
