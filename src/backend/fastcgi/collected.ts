/** Content whose length is not known beforehand. It is collected, since the application is told it. */

import { Gathered } from "../../http/growing.ts";
import type { Steps } from "../../loop/course.ts";
import type { RequestBody } from "../http/request_body.ts";
import { room } from "../relay/relay_buffer.ts";
import type { Content } from "./stdin_feed.ts";

/** Bytes of a request, */
const MOST_COLLECTED = 8_388_608;
/** and of all requests of the process at a time. */
const MOST_COLLECTING = 67_108_864;
let collecting = 0;

/** The content of one request, all of it in memory. */
export class Collected {
  readonly #gathered = new Gathered();

  /** Bytes. */
  get length(): number {
    return this.#gathered.length;
  }

  /**
   * Reads all of a body.
   *
   * @returns why it is not taken, if it is not; what has been read must be {@linkcode release}d then as well
   */
  *read(body: RequestBody): Steps<"too long" | "too many" | undefined> {
    const { connection } = body.input;
    for (;;) {
      const size = body.takeInto(room);
      if (size === 0) return undefined;
      if (size === undefined) {
        yield* body.more();
        continue;
      }
      this.#gathered.add(room.subarray(0, size));
      collecting += size;
      if (this.length > MOST_COLLECTED) return "too long";
      if (collecting > MOST_COLLECTING) return "too many";
      yield* connection.giveWay(size);
    }
  }

  /** All of it once more, from its beginning on, for whoever sends it. */
  content(): Content {
    const { bytes } = this.#gathered;
    let at = 0;
    return {
      get done() {
        return at === bytes.length;
      },
      takeInto(target) {
        const piece = bytes.subarray(at, at + target.length);
        target.set(piece);
        at += piece.length;
        return piece.length;
      },
      // There is always something to take.
      *more() {},
    };
  }

  /** It is needed no more. */
  release(): void {
    collecting -= this.length;
  }
}
