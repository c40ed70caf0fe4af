/** What a backend process counts of one upstream, or another application that it asks. */

import type { PagePlace } from "../../../ffi/mod.ts";
import {
  encodeUpstreamName,
  UPSTREAM_COUNTERS,
  UPSTREAM_PLACES,
  type UpstreamCounterName,
} from "../../protocol/counters_page.ts";

const WHOLE = BigInt(8 * UPSTREAM_PLACES);
const place = (name: UpstreamCounterName) => UPSTREAM_COUNTERS.indexOf(name);
const PROCESSES = place("processes");
const DOWN = place("down");
const ACTIVE = place("active");
const REQUESTS = place("requests");
const FAILURES = place("failures");
const CHECKS = place("checks");
const FAILED_CHECKS = place("failedChecks");

/** Counts, and writes what it has counted where fronts read it. */
export class UpstreamCounters {
  readonly #numbers = new Float64Array(UPSTREAM_PLACES);
  readonly #bytes = new Uint8Array(this.#numbers.buffer);
  #place: PagePlace | undefined;
  /** What stands before them in a page. */
  readonly names: Uint8Array<ArrayBuffer>;
  /** Bytes that it takes in a page. */
  readonly size: number;

  /** @param name the one spelling of where it is: `http://127.0.0.1:3000` */
  constructor(readonly name: string) {
    this.names = encodeUpstreamName(name);
    this.size = this.names.length + this.#bytes.length;
    this.#numbers[PROCESSES] = 1;
  }

  /** Counts at a place of the page too, from now on. */
  showAt(place: PagePlace): void {
    this.#place = place;
    this.#show();
  }

  /** A request goes to it. */
  begin(): void {
    this.#numbers[REQUESTS]!++;
    this.#numbers[ACTIVE]!++;
    this.#show();
  }

  /** One is over. @param failed whether it has come to nothing for want of it */
  end(failed: boolean): void {
    this.#numbers[ACTIVE]!--;
    if (failed) this.#numbers[FAILURES]!++;
    this.#show();
  }

  /** One has got an answer that says that it does not work. */
  failed(): void {
    this.#numbers[FAILURES]!++;
    this.#show();
  }

  /** It was asked whether it is well. */
  checked(isWell: boolean): void {
    this.#numbers[CHECKS]!++;
    if (!isWell) this.#numbers[FAILED_CHECKS]!++;
    this.#show();
  }

  /** Whether it can be used, as far as is known. */
  set isUp(isUp: boolean) {
    const down = Number(!isUp);
    if (this.#numbers[DOWN] === down) return;
    this.#numbers[DOWN] = down;
    this.#show();
  }

  #show(): void {
    this.#place?.write(this.#bytes, WHOLE);
  }
}
