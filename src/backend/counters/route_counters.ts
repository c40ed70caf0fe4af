/** What a backend process counts of one route of one site. */

import type { PagePlace } from "../../../ffi/mod.ts";
import {
  encodeSeriesNames,
  SERIES_COUNTERS,
  SERIES_DURATIONS,
  SERIES_PLACES,
} from "../../protocol/counters_page.ts";
import { durationPlace } from "../../protocol/durations.ts";

const WHOLE = BigInt(8 * SERIES_PLACES);
const CONNECTIONS = SERIES_COUNTERS.indexOf("connections");
const CLASSES = SERIES_COUNTERS.indexOf("0xx");
const RECEIVED = SERIES_COUNTERS.indexOf("received");
const SENT = SERIES_COUNTERS.indexOf("sent");
const DURATION = SERIES_COUNTERS.indexOf("duration");

/** Counts, and writes what it has counted where fronts read it. */
export class RouteCounters {
  readonly #numbers = new Float64Array(SERIES_PLACES);
  readonly #bytes = new Uint8Array(this.#numbers.buffer);
  #place: PagePlace | undefined;
  /** What stands before them in a page. */
  readonly names: Uint8Array<ArrayBuffer>;
  /** Bytes that it takes in a page. */
  readonly size: number;

  constructor(readonly site: string, readonly route: string) {
    this.names = encodeSeriesNames(site, route);
    this.size = this.names.length + this.#bytes.length;
  }

  /** Counts at a place of the page too, from now on. */
  showAt(place: PagePlace): void {
    this.#place = place;
    place.write(this.#bytes, WHOLE);
  }

  /** A connection was taken. */
  connection(): void {
    this.#numbers[CONNECTIONS]!++;
    this.#place?.write(this.#bytes, WHOLE);
  }

  /**
   * A request has come to its end.
   *
   * @param status 0 where the client had gone before it was answered
   * @param milliseconds from when its head was whole
   * @param received bytes, its head included
   */
  request(status: number, milliseconds: number, received: number, sent: number): void {
    const numbers = this.#numbers;
    numbers[CLASSES + Math.min(5, Math.floor(status / 100))]!++;
    numbers[RECEIVED]! += received;
    numbers[SENT]! += sent;
    numbers[DURATION]! += milliseconds;
    numbers[SERIES_DURATIONS + durationPlace(milliseconds)]!++;
    this.#place?.write(this.#bytes, WHOLE);
  }
}
