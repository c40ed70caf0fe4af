/** Answers for files that are there: whole, in parts, or not at all, as the client's conditions say (RFC 9110, 13 and 14). */

import { DONE, type Steps } from "../../loop/course.ts";
import type { Exchange, Field } from "../http/exchange.ts";
import { evaluate, rangeCounts, type Version } from "./conditional.ts";
import type { Description } from "./description.ts";
import type { OpenFile } from "./open_file.ts";
import { type ByteRange, selectRanges } from "./ranges.ts";
import type { RequestFields } from "./request_fields.ts";
import { rangeFields, sendRange, sendRanges, sendWhole } from "./send_file.ts";

const NOT_THE_VERSION = "The file is another version than the request asks for";

/**
 * Answers a request for a file that is there.
 *
 * @param file lent, as for {@linkcode sendWhole}
 */
export function respond(
  exchange: Exchange,
  fields: RequestFields,
  file: OpenFile,
  description: Description,
): Steps<void> {
  const { about, type, version } = description;
  const now = Date.now();
  switch (evaluate(fields, version, now)) {
    case 304:
      // Whoever does not only read is told that it is another version (13.1.2).
      if (exchange.method !== "GET" && exchange.method !== "HEAD") return say(exchange, 412, NOT_THE_VERSION);
      return exchange.respond(304, about.filter(([name]) => name !== "Content-Encoding"), "");
    case 412:
      return say(exchange, 412, NOT_THE_VERSION);
  }
  const ranges = rangesOf(exchange, fields, file.size, version, now);
  if (ranges === "whole") return sendWhole(exchange, 200, description.whole, file);
  if (ranges === "unsatisfiable") {
    return say(exchange, 416, "The file has no such range", [["Content-Range", `bytes */${file.size}`]]);
  }
  const [range, another] = ranges;
  // Several that were asked for may turn out to be one (15.3.7.2).
  if (another !== undefined) return sendRanges(exchange, about, file, ranges, type);
  return sendRange(exchange, 206, [...rangeFields(type, range!, file.size), ...about], file, range!);
}

function rangesOf(
  { method }: Exchange,
  fields: RequestFields,
  size: number,
  version: Version,
  now: number,
): "whole" | "unsatisfiable" | readonly ByteRange[] {
  // 14.2: Range means something with GET only.
  if (fields.range === undefined || method !== "GET") return "whole";
  return rangeCounts(fields, version, now) ? selectRanges(fields.range, size) : "whole";
}

/** Lends a file to a response and closes it behind that. */
export function lend(file: OpenFile, send: () => Steps<void>): Steps<void> {
  let sent: Steps<void> = DONE;
  try {
    sent = send();
  } finally {
    if (sent === DONE) file.close();
  }
  // While something is still to be sent, it stays open.
  return sent === DONE ? DONE : lent(file, sent);
}

function* lent(file: OpenFile, sent: Steps<void>): Steps<void> {
  try {
    yield* sent;
  } finally {
    file.close();
  }
}

/** Answers with a sentence. */
export function say(
  exchange: Exchange,
  status: number,
  text: string,
  fields: readonly Field[] = [],
): Steps<void> {
  return exchange.respond(
    status,
    [["Content-Type", "text/plain; charset=utf-8"], ...fields],
    `${status}: ${text}.\n`,
  );
}
