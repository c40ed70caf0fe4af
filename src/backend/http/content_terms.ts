/** How much content a request may have, and how slowly it may come. */

/** What is asked of content. */
export interface ContentTerms {
  /** Bytes; 413 beyond. */
  readonly most: number;
  /** Milliseconds for all of it, from when it is first waited for; 408 beyond. */
  readonly time: number;
  /** Bytes a second that have to come while they are waited for, once {@linkcode patience} is used up; 0 for any rate. */
  readonly rate: number;
  /** Milliseconds that a client has besides. */
  readonly patience: number;
}

/** Nothing is asked: for handlers that take content as it comes, and hold nothing scarce meanwhile. */
export const ANY_CONTENT: ContentTerms = { most: Infinity, time: Infinity, rate: 0, patience: 20_000 };

/** For kinds that hold something scarce while content comes: the defaults of httpd's LimitRequestBody and mod_reqtimeout. */
export const BOUNDED_CONTENT: ContentTerms = { ...ANY_CONTENT, most: 1_073_741_824, rate: 500 };

/** How the content of one request comes along. */
export class ContentPace {
  #received = 0;
  /** Milliseconds for which it was waited for. What its reader takes does not count. */
  #waited = 0;
  #until: number | undefined;

  constructor(readonly terms: ContentTerms) {}

  /** Notes that so many bytes have come. @returns whether those are more than may */
  received(size: number): boolean {
    this.#received += size;
    return this.#received > this.terms.most;
  }

  /** Notes that it was waited for. */
  waited(milliseconds: number): void {
    this.#waited += milliseconds;
  }

  /** Milliseconds that may be waited now; none when it has come too slowly. @param now on the loop's clock */
  left(now: number): number {
    const { time, rate, patience } = this.terms;
    this.#until ??= now + time;
    const paced = rate === 0 ? Infinity : patience + 1_000 * this.#received / rate - this.#waited;
    return Math.min(paced, this.#until - now);
  }
}
