/** Errors that are left to the front: what stands at the path of their page, and who answers there, it alone knows. */

import { isAnswerStatus } from "../../http/answers.ts";
import { MAX_ERROR, RETURN_OUT_OF_SCOPE } from "../../protocol/messages.ts";
import { encodeReturnedError, isReturnedError, type ReturnedError } from "../../protocol/error_field.ts";
import type { Steps } from "../../loop/course.ts";
import type { Exchange, Field } from "./exchange.ts";
import { refuse } from "./refuse.ts";
import type { Served } from "./served.ts";

/**
 * Leaves the page of an error to the front. Whoever handles the request responds nothing then, and comes to an end: the
 * connection goes back.
 *
 * @param fields that belong to the error, such as Allow
 * @returns false where the front cannot have it back, or this is the page of an error already
 */
export function leaveError(exchange: Exchange, status: number, fields: readonly Field[]): boolean {
  if (exchange.insteadOf !== undefined || exchange.responded || exchange.connection.closed) return false;
  if (exchange.connection.channel.closed) return false;
  const error = { status, fields };
  // What a server behind says may be more than a message has room for.
  if (!isReturnedError(error) || encodeReturnedError(error).length > MAX_ERROR) return false;
  exchange.leftError = error;
  return true;
}

/** Fields about content, which is gone where somebody has read it. */
const ABOUT_CONTENT = /^(content-length|content-type|transfer-encoding|trailer|expect)$/i;

/**
 * What the front is to read again: the request, and what has come behind it. Where its content was (partly) read, the rest of
 * it is read away, and the head says nothing of it.
 *
 * @returns undefined where the content is too long, or broken
 * @throws {ConnectionLost} when the client has gone
 */
function* readAgain(exchange: Exchange): Steps<Uint8Array<ArrayBuffer> | undefined> {
  const { body, input } = exchange;
  let { head } = exchange;
  if (!body.untouched) {
    body.close();
    if (!body.done && !(yield* body.skip())) return undefined;
    head = head.split("\r\n").filter((line) => !ABOUT_CONTENT.test(line.split(":", 1)[0]!)).join("\r\n");
  }
  const rest = input.rest();
  const all = new Uint8Array(head.length + rest.length);
  for (let at = 0; at < head.length; at++) all[at] = head.charCodeAt(at);
  all.set(rest, head.length);
  return all;
}

/**
 * Gives the connection of such a request back. Where that cannot be, the error is answered here.
 *
 * @returns that the connection does not go on here
 * @throws {ConnectionLost} when the client has gone
 */
export function* giveBackError(served: Served, exchange: Exchange, error: ReturnedError): Steps<false> {
  const { connection } = served;
  const preread = yield* readAgain(exchange);
  served.left = { exchange, error };
  // This one has not been answered.
  const requests = exchange.number - 1;
  const isTaken = preread !== undefined &&
    connection.channel.giveBack({ connection, requests, reason: RETURN_OUT_OF_SCOPE, preread, error });
  if (!isTaken) yield* keepError(served, served.left);
  return false;
}

/** The front has not taken it: the error is answered without a page, and the connection ends. */
export function keepError(
  served: Served,
  { exchange, error: { status } }: NonNullable<Served["left"]>,
): Steps<false> {
  return refuse(served, isAnswerStatus(status) ? status : 500, undefined, exchange);
}
