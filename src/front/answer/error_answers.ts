/** Error documents, ready to be sent. */

import { answer, type AnswerStatus, isAnswerStatus } from "../../http/answers.ts";
import { httpDate } from "../../http/response_head.ts";
import { ascii } from "../../http/byte_classes.ts";
import type { ErrorDocuments } from "../../config/config.ts";

/** The answers that a configuration puts in place of the front's own. Made once; only their Date changes. */
export class ErrorAnswers {
  readonly #documents = new Map<number, ErrorAnswer>();

  /** @param sources what a site says, then what stands behind it: the first that has a status counts */
  constructor(...sources: readonly (ErrorDocuments | undefined)[]) {
    for (const [status, document] of sources.flatMap((source) => Object.entries(source ?? {}))) {
      const number = Number(status);
      if (!isAnswerStatus(number) || this.#documents.has(number)) continue;
      this.#documents.set(number, new ErrorAnswer(number, document));
    }
  }

  /** The text for a status; undefined where the front's own is to be sent. */
  document(status: number): string | undefined {
    return this.#documents.get(status)?.document;
  }

  /**
   * The whole answer for a status, right until the end of the second.
   *
   * @param head whether it is for a HEAD request, and has no content
   * @param now milliseconds since 1970
   * @returns undefined where the front's own text is to be sent
   */
  answer(status: number, head: boolean, now: number): Uint8Array<ArrayBuffer> | undefined {
    const document = this.#documents.get(status);
    document?.date(now);
    return head ? document?.head : document?.whole;
  }
}

/** One answer, with and without its content, in the same memory. */
class ErrorAnswer {
  readonly whole: Uint8Array<ArrayBuffer>;
  readonly head: Uint8Array<ArrayBuffer>;
  readonly #date: Uint8Array<ArrayBuffer>;
  #second = 0;

  constructor(status: AnswerStatus, readonly document: string) {
    const date = httpDate(0);
    this.whole = new Uint8Array(answer(status, { document, date }));
    this.head = this.whole.subarray(0, answer(status, { document, date, head: true }).length);
    const at = new TextDecoder().decode(this.head).indexOf(date);
    this.#date = this.head.subarray(at, at + date.length);
  }

  /** Writes the time into the Date field: every date is as long as the other. */
  date(now: number): void {
    const second = Math.floor(now / 1000);
    if (second === this.#second) return;
    this.#second = second;
    this.#date.set(ascii(httpDate(now)));
  }
}
