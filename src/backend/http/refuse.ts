/** Errors that a backend answers before a handler does, or instead of one. */

import { answer, type AnswerStatus, isAnswerStatus } from "../../http/answers.ts";
import { endsAt, firstLine } from "../../http/head_beginning.ts";
import { httpDate } from "../../http/response_head.ts";
import type { Steps } from "../../loop/course.ts";
import { type Connection, ConnectionLost } from "../connection/connection.ts";
import type { FirstLine } from "../log/request_log.ts";
import type { ConnectionAccount } from "../counters/connection_account.ts";
import { latin1 } from "./head_text.ts";
import type { Input } from "./input.ts";
import type { ReceivedRequest } from "./received_request.ts";

/** A connection whose request is refused. */
export interface Refusable {
  readonly connection: Connection;
  readonly input: Input;
  readonly lines: ConnectionAccount;
  /** Requests on it so far. */
  readonly requests: number;
}

/**
 * Answers with an error and closes.
 *
 * @param asked the request; where it could not be read, whether what has come of it is one for HEAD
 * @returns that the connection does not go on
 */
export function* refuse(
  { connection, lines, input, requests }: Refusable,
  status: number,
  why: string | undefined,
  asked: ReceivedRequest | boolean,
): Steps<false> {
  const request = typeof asked === "boolean" ? undefined : asked;
  const head = request === undefined ? asked === true : request.method === "HEAD";
  // The bytes are there until others have their turn.
  const line = request === undefined ? textOfFirstLine(input, status) : undefined;
  const known: AnswerStatus = isAnswerStatus(status) ? status : 400;
  const options = { head, date: httpDate(Date.now()), ...why === undefined ? {} : { why } };
  try {
    const bytes = answer(known, options) as Uint8Array<ArrayBuffer>;
    yield* connection.sendOut(bytes);
    const said = { status: known, why: why ?? "", answer: latin1(bytes, 0, bytes.length), line };
    // What could not be read has not been counted, and all of it is what came.
    if (request === undefined) lines.refused(said, requests + 1, 0);
    else lines.refused(said, request.number, input.length, request);
    yield* connection.endGently();
  } catch (error) {
    connection.close();
    if (!(error instanceof ConnectionLost)) throw error;
  }
  return false;
}

/** URI Too Long: of such a line nothing is understood. */
const TOO_LONG = 414;

function textOfFirstLine({ bytes, start, end }: Input, status: number): FirstLine {
  const { from, to } = firstLine(bytes, start, end);
  return { text: latin1(bytes, from, to), isWhole: status !== TOO_LONG && endsAt(bytes, to, end) };
}
