/** The head of the next request, out of what a client has sent. */

import { endsLine, isWorthReading } from "../../http/head_growth.ts";
import { type HeadLimits, MOST_FIELDS, RequestHead } from "../../http/request_head.ts";
import type { Input } from "./input.ts";

/** One parser for all connections: what it has found holds until it is used for the next. */
export class HeadReader {
  readonly head: RequestHead;

  constructor(readonly limits: HeadLimits) {
    this.head = new RequestHead(limits);
  }

  /**
   * Takes what there is up to the end of a head. Both the input's bytes and the head must be used before any wait.
   *
   * @returns `more` when that end has not come yet, `end` when it never will
   */
  take(input: Input): "head" | "reject" | "more" | "end" {
    for (;;) {
      // A long head that comes in small pieces is not read from its beginning for each, only when it can be all there.
      if (this.#isWorthReading(input)) {
        const verdict = this.head.parse(input.bytes, input.start, input.end);
        input.seen = verdict === "more" ? input.length : 0;
        if (verdict !== "more") return verdict;
      } else {
        input.seen = input.length;
      }
      if (!input.take()) return "more";
      if (input.ended) return "end";
    }
  }

  #isWorthReading({ bytes, start, end, length, seen }: Input): boolean {
    const { requestLine, head, fields = MOST_FIELDS } = this.limits;
    return isWorthReading(bytes, start, seen, end, head) ||
      (length !== seen &&
        (endsLine(bytes, start + seen, end, fields) || seen <= requestLine && length > requestLine));
  }
}
