/** What the Workers of a front, and the fronts that succeed it, are known by. */

import { instanceOf } from "../../protocol/hello.ts";
import { SIZE_INSTANCE } from "../../protocol/messages.ts";
import type { Family } from "../plan.ts";

/** Bytes of the key: as many as the hash has. */
const KEY = 32;

/** A family of its own. */
export function newFamily(): Family {
  return {
    name: instanceOf(crypto.getRandomValues(new Uint8Array(SIZE_INSTANCE))),
    key: crypto.getRandomValues(new Uint8Array(KEY)),
  };
}
