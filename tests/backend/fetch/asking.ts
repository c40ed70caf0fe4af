/** What tests of fetch handlers ask with, and how they read what comes. */

import type { HttpRig } from "../rig.ts";

export const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n";
export const CLOSE = "Connection: close\r\n\r\n";

/** Responses without their Date. */
export function undated(text: string): string {
  return text.replaceAll(/date: [^\r]*\r\n/gi, "");
}

/** Asks once, and gives the whole response without its Date. */
export async function exchange({ rig, give }: HttpRig, text = GET + CLOSE, change = {}): Promise<string> {
  const client = give(text, change);
  return undated(await rig.rest(client));
}
