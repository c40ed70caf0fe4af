/** The responses that a client has got, one behind the other, and a handler that says what it has seen. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Exchange } from "../../../src/backend/http/exchange.ts";
import type { SeenRequest } from "../../http/compliance/case.ts";
import { promised } from "../../../src/loop/course.ts";

/** A response as a client reads it. */
export interface ClientResponse {
  readonly status: number;
  /** By name, in lower case. */
  readonly fields: ReadonlyMap<string, string>;
  readonly content: string;
}

/** Answers with a field that says which request this was, as the compliance table writes it. */
export async function sayWhatWasSeen(exchange: Exchange): Promise<void> {
  let content = "";
  for (let piece = await exchange.body.read(); piece !== undefined; piece = await exchange.body.read()) {
    content += Buffer.from(piece).toString("latin1");
  }
  const { method, target, authority } = exchange;
  const request = { method, target, authority, fields: exchange.fields(), content };
  // Success would open a tunnel (RFC 9110, 9.3.6).
  const status = method === "CONNECT" ? 405 : 200;
  await promised(exchange.respond(status, [["Seen", encodeURIComponent(JSON.stringify(request))]], "ok"));
}

/** Whether a response is one of {@linkcode sayWhatWasSeen}; others are refusals. */
export function isOfHandler({ fields }: ClientResponse): boolean {
  return fields.has("seen");
}

/** The request that {@linkcode sayWhatWasSeen} has answered so. */
export function requestOf({ fields }: ClientResponse): SeenRequest {
  return JSON.parse(decodeURIComponent(fields.get("seen")!));
}

/** Splits what a client has received into whole responses with lengths; 1xx ones are left out. */
export function responsesOf(received: string): ClientResponse[] {
  const responses: ClientResponse[] = [];
  for (let at = 0; at < received.length;) {
    const blank = received.indexOf("\r\n\r\n", at);
    assert.ok(blank >= 0, `half a response: ${JSON.stringify(received.slice(at))}`);
    const [line, ...lines] = received.slice(at, blank).split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(line!)?.[1]);
    assert.ok(status >= 100, `no response: ${JSON.stringify(received.slice(at))}`);
    const fields = new Map(lines.map((each) => {
      const colon = each.indexOf(": ");
      return [each.slice(0, colon).toLowerCase(), each.slice(colon + 2)] as const;
    }));
    at = blank + 4;
    if (status < 200) continue;
    const response = { status, fields, content: "" };
    const isHead = isOfHandler(response) && requestOf(response).method === "HEAD";
    const length = isHead ? 0 : Number(fields.get("content-length"));
    responses.push({ ...response, content: received.slice(at, at + length) });
    at += length;
    // A refusal may be of a HEAD: then it has no content, and is the last.
    if (at > received.length && status >= 400 && received.endsWith("\r\n\r\n")) break;
    assert.ok(at <= received.length, "the response is shorter than it says");
  }
  return responses;
}
