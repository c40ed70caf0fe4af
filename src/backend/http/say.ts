/** Errors in a sentence, of those who ask somebody else on behalf of clients. */

import { reasonPhrase } from "../../http/response_head.ts";
import type { Steps } from "../../loop/course.ts";
import type { Exchange, Field } from "./exchange.ts";

/**
 * Responds with an error. Where the request is for the page of one, that one stays.
 *
 * @param sentence for clients: what is wrong in detail is for whoever runs this, as it names machines
 */
export function say(
  exchange: Exchange,
  status: number,
  sentence: string,
  fields: readonly Field[] = [],
): Steps<void> {
  const said = exchange.insteadOf ?? status;
  const content = `${said} ${reasonPhrase(said)}\n\n${sentence}\n`;
  return exchange.respond(said, [["Content-Type", "text/plain; charset=utf-8"], ...fields], content);
}
