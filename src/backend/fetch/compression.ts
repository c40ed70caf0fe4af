/** Responses in fewer bytes, for clients that take them so: what `Deno.serve` does with `automaticCompression`. */

import { Duplex } from "node:stream";
import { constants, createBrotliCompress, createGzip } from "node:zlib";
import { parseAcceptEncoding } from "../../http/accept_encoding.ts";
import type { FetchHandler } from "./handler.ts";
import { wholeBody } from "./response_parts.ts";

/** Bytes up to which a coding saves nothing worth its work. */
const SMALL = 64;
/** Of Brotli's eleven: as small as gzip's best in less time. */
const BROTLI_QUALITY = 5;

/** The codings, the better first (RFC 9110, 8.4.1; RFC 7932). */
const CODINGS = ["br", "gzip"] as const;
type Coding = (typeof CODINGS)[number];

/** Types whose content becomes smaller, beside {@linkcode TEXTUAL} ones: most others are compressed by themselves. */
const COMPRESSIBLE: ReadonlySet<string> = new Set([
  "application/ecmascript",
  "application/javascript",
  "application/json",
  "application/rtf",
  "application/toml",
  "application/vnd.ms-fontobject",
  "application/wasm",
  "application/x-javascript",
  "application/x-sh",
  "application/x-www-form-urlencoded",
  "application/xml",
  "font/otf",
  "font/ttf",
  "image/bmp",
  "image/vnd.microsoft.icon",
  "image/x-icon",
  "message/rfc822",
]);
/** Events are small, and each has to leave at once. */
const TEXTUAL = /^text\/(?!event-stream$)|\+(?:json|text|xml)$/;

/** Has a handler's responses compressed where that is possible. What it asks for (101, an upgrade) stays as it is. */
export function compressing(handler: FetchHandler): FetchHandler {
  return (request, info) => {
    const answer = handler(request, info);
    if (answer instanceof Response) return compressed(request, answer);
    return Promise.resolve(answer).then((response) => compressed(request, response));
  };
}

function compressed(request: Request, response: Response): Response {
  const coding = codingFor(request.headers.get("accept-encoding") ?? "");
  // It may be no response at all: a handler need not have been written in TypeScript.
  if (coding === undefined || !(response instanceof Response) || !isCompressible(response)) return response;
  const headers = new Headers(response.headers);
  headers.set("content-encoding", coding);
  headers.delete("content-length");
  const vary = headers.get("vary");
  if (!/(?:^|,)[ \t]*accept-encoding[ \t]*(?:,|$)/i.test(vary ?? "")) {
    headers.set("vary", vary === null ? "Accept-Encoding" : `Accept-Encoding, ${vary}`);
  }
  // RFC 9110, 8.8.3: other bytes for the same thing are not equal byte by byte.
  const tag = headers.get("etag");
  if (tag !== null && !tag.startsWith("W/")) headers.set("etag", `W/${tag}`);
  const { status, statusText } = response;
  return new Response(encoded(response.body!, coding), { status, statusText, headers });
}

/** What a client would have of the codings that it names; undefined for content as it is. */
function codingFor(accepted: string): Coding | undefined {
  const weights = parseAcceptEncoding(accepted);
  const weigh = (coding: string) => weights.get(coding) ?? 0;
  const [br, gzip] = CODINGS;
  const best = weigh(br) >= weigh(gzip) ? br : gzip;
  return weigh(best) > 0 && weigh(best) >= weigh("identity") ? best : undefined;
}

function isCompressible(response: Response): boolean {
  if (response.bodyUsed) return false;
  const whole = wholeBody(response);
  if (whole !== undefined && whole.length < SMALL) return false;
  const { headers } = response;
  if (headers.has("content-encoding") || headers.has("content-range")) return false;
  // RFC 9111, 5.2.2.6.
  if (/\bno-transform\b/i.test(headers.get("cache-control") ?? "")) return false;
  const type = (headers.get("content-type") ?? "").split(";", 1)[0]!.trim().toLowerCase();
  return (COMPRESSIBLE.has(type) || TEXTUAL.test(type)) && response.body !== null && !response.body.locked;
}

/** A stream of what a client can decode up to where the content has come. */
function encoded(
  content: ReadableStream<Uint8Array<ArrayBuffer>>,
  coding: Coding,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = coding === "br"
    ? createBrotliCompress({
      flush: constants.BROTLI_OPERATION_FLUSH,
      params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY },
    })
    : createGzip({ flush: constants.Z_SYNC_FLUSH });
  // The types of node:stream know less of what flows than those of the runtime.
  const pair = Duplex.toWeb(encoder) as unknown as ReadableWritablePair<
    Uint8Array<ArrayBuffer>,
    Uint8Array<ArrayBuffer>
  >;
  return content.pipeThrough(pair);
}
