/** What the front says of itself on every channel. */

import { processId } from "../../../../ffi/mod.ts";
import type { Limits } from "../../../config/config.ts";
import type { RatesName } from "../../../protocol/rates_table.ts";
import type { Trust } from "../../../trust/trust.ts";
import { COUNTERS_LAYOUT } from "../../../protocol/counters_page.ts";
import { encodeHello, instanceOf } from "../../../protocol/hello.ts";
import { SIZE_INSTANCE } from "../../../protocol/messages.ts";
import { encodeGeneration } from "../../../protocol/generation.ts";

/**
 * Connections that a backend may be giving back at a time. Their ACKs have to fit the socket beside our own hand-offs,
 * and it takes some 278 short messages: whoever cannot acknowledge has to end the channel.
 */
const RETURNS = 128;

/** Messages that are the same for all channels, encoded once. */
export class Announcements {
  /** The HELLO that a channel begins with. */
  readonly hello: Uint8Array<ArrayBuffer>;
  /** The number of the plan that the front works by. */
  generation = 0;
  /** The GENERATION that every channel is told of. */
  terms: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  /**
   * @param name what the front calls itself
   * @param family see Hello.family
   * @param counters whether somebody reads the counters of backends
   */
  constructor(name: string, family: string, readonly counters: boolean) {
    const instance = instanceOf(crypto.getRandomValues(new Uint8Array(SIZE_INSTANCE)));
    this.hello = encodeHello({
      workers: 0,
      window: RETURNS,
      process: processId(),
      name,
      instance,
      family,
      ...counters ? { counters: COUNTERS_LAYOUT } : {},
    });
  }

  /**
   * Takes the generation of a new plan.
   *
   * @param trust lists of who is trusted, to which hand-offs refer
   * @param rates where requests are counted, if backends may do so there
   */
  apply(generation: number, limits: Limits, trust: readonly Trust[] = [], rates?: RatesName): void {
    const { keepAliveTimeout, requests, requestRate: rate, requestBurst: burst } = limits;
    this.generation = generation;
    this.terms = encodeGeneration({
      number: generation,
      idleTime: keepAliveTimeout,
      requests,
      ...trust.length === 0 ? {} : { trusted: JSON.stringify(trust) },
      ...rate === 0 ? {} : { requestRate: { rate, burst }, ...rates === undefined ? {} : { rates } },
    });
  }
}
