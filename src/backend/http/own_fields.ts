/** Fields of a response that are not a handler's to say, and how they are spelt. */

import { fieldLine } from "../../http/response_head.ts";
import { type Field, inOnePiece } from "./head_text.ts";

/**
 * What such a field is about: how the content is framed; when the response was made, which is said here if the handler does
 * not; an offer of another protocol, which has to be named as one to the next hop (RFC 9110, 7.8); whether the connection
 * goes on, which the handler may end.
 */
export type OwnField = "framing" | "date" | "upgrade" | "connection";

/** By a name's length, then by the name: most names are told apart by their length. */
const KINDS: Readonly<Record<number, Readonly<Record<string, OwnField>>>> = {
  4: { date: "date" },
  7: { upgrade: "upgrade" },
  10: { connection: "connection", "keep-alive": "framing" },
  14: { "content-length": "framing" },
  17: { "transfer-encoding": "framing" },
};

/** What a field is about; undefined for one that goes out as the handler says it. */
export function kindOf(name: string): OwnField | undefined {
  return KINDS[name.length]?.[name.toLowerCase()];
}

/** Whether the value of a Connection field says that this is the last exchange (RFC 9112, 9.6). */
export function saysClose(value: string): boolean {
  return value.toLowerCase().split(",").some((option) => option.trim() === "close");
}

/** How the fields are spelt that are said here, each up to its value. */
export interface Spelling {
  readonly length: string;
  readonly chunked: string;
  readonly date: string;
  readonly connection: string;
}

/** As most servers write them. */
export const CAPITALS: Spelling = {
  length: "Content-Length: ",
  chunked: "Transfer-Encoding: chunked\r\n",
  date: "Date: ",
  connection: "Connection: ",
};

/** As `Deno.serve` does. */
export const SMALL_LETTERS: Spelling = {
  length: "content-length: ",
  chunked: "transfer-encoding: chunked\r\n",
  date: "date: ",
  connection: "connection: ",
};

/** A handler's fields as lines, and which of those were among them that mean something here. */
export interface HandlerLines {
  readonly lines: string;
  readonly dated: boolean;
  readonly upgrade: boolean;
  readonly close: boolean;
}

/** Lines of fields that are said again and again. */
const lasting = new WeakMap<readonly Field[], HandlerLines>();

/**
 * Has fields written as lines once, for all responses that say them.
 *
 * @param fields not to be changed any more
 * @returns the same
 */
export function lastingFields(fields: readonly Field[]): readonly Field[] {
  const written = handlerLines(fields);
  // In one piece: what is put together by `+` is so afresh for each response.
  lasting.set(fields, { ...written, lines: inOnePiece(written.lines) });
  return fields;
}

/**
 * Writes what a handler says as lines. How the content is framed, and whether the connection goes on, is not its to say (RFC
 * 9112, 6 and 9): such fields are left out, but that it may ask for the end.
 *
 * @returns them, and whether Date and Upgrade are among them
 */
export function handlerLines(fields: readonly Field[]): HandlerLines {
  return lasting.get(fields) ?? writtenLines(fields);
}

function writtenLines(fields: readonly Field[]): HandlerLines {
  let lines = "";
  let dated = false;
  let upgrade = false;
  let close = false;
  for (const [name, value] of fields) {
    const kind = kindOf(name);
    if (kind === "framing") continue;
    if (kind === "connection") {
      close ||= saysClose(value);
      continue;
    }
    if (kind === "date") dated = true;
    if (kind === "upgrade") upgrade = true;
    lines += fieldLine(name, value);
  }
  return { lines, dated, upgrade, close };
}
