/** The head of a response as it is sent. */

import { DateField, statusLine } from "../../http/response_head.ts";
import { type Framing, framingLine } from "./framing.ts";
import type { HandlerLines, Spelling } from "./own_fields.ts";

const dateField = new DateField();

/** What the head of a response says besides the handler's fields. */
export interface SaidHere {
  readonly status: number;
  readonly reason: string | undefined;
  readonly framing: Framing;
  /** Bytes of content, where they are known. */
  readonly length: number | undefined;
  /** What is said of the connection: it closes, it goes on and the client has to be told, or nothing. */
  readonly connection: "close" | "keep-alive" | undefined;
  readonly spelling: Spelling;
}

/** Writes a head, a character per byte. @param handler the handler's fields, and what they are about */
export function responseHeadText(handler: HandlerLines, said: SaidHere): string {
  const { status, reason, framing, length, connection, spelling } = said;
  const { lines, dated, upgrade } = handler;
  let head = statusLine(status, reason) + lines + framingLine(framing, status, length, spelling);
  if (!dated) head += `${spelling.date}${dateField.value(Date.now())}\r\n`;
  // RFC 9110, 7.8: an offer to the next hop, which has to be named as such.
  if (upgrade) head += `${spelling.connection}upgrade\r\n`;
  if (connection !== undefined) head += `${spelling.connection}${connection}\r\n`;
  return head + "\r\n";
}
