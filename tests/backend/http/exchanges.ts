/** Requests to a served connection, and what comes of them. */

import { bytes, type HttpRig } from "../rig.ts";

/** A request without its end, {@linkcode END}. */
export const GET = "GET / HTTP/1.1\r\nHost: a\r\n";
export const END = "\r\n";
/** Says that a request, or a response, is the last. */
export const CLOSE = "Connection: close\r\n";

/** Responses without the field that changes from day to day. */
export function undated(text: string): string {
  return text.replaceAll(/Date: [^\r]*\r\n/g, "");
}

/** Gives a client that sends this and ends its side; everything it gets. */
export async function exchange({ rig, give }: HttpRig, text: string, change = {}): Promise<string> {
  const client = give(text, change);
  client.end();
  return undated(await rig.rest(client));
}

/** What handlers respond with. */
export const content: Uint8Array<ArrayBuffer> = bytes("hello");
