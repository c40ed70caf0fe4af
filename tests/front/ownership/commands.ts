/** Everything that can happen in the world of ownership, as commands at random. */

import fc from "../../support/properties.ts";
import { NACK_DRAINING, NACK_FULL, NACK_REFUSED } from "../../../src/protocol/messages.ts";
import { NAMES, type World } from "./world.ts";

/** A command that looks for itself whether there is anything to do. */
class Step implements fc.Command<object, World> {
  constructor(readonly text: string, readonly act: (world: World) => void) {}
  check(): boolean {
    return true;
  }
  run(_model: object, world: World): void {
    this.act(world);
    world.check();
  }
  toString(): string {
    return this.text;
  }
}

const name = fc.constantFrom(...NAMES);
const number = fc.nat(15);
const bits = fc.integer({ min: 1, max: 255 });

function step<T extends unknown[]>(
  what: keyof World & string,
  ...parameters: { [K in keyof T]: fc.Arbitrary<T[K]> }
): fc.Arbitrary<Step> {
  return fc.tuple(...parameters).map((values) =>
    new Step(`${what}(${values.map((value) => JSON.stringify(value)).join(", ")})`, (world) => {
      (world[what] as unknown as (...values: unknown[]) => void).apply(world, values);
    })
  );
}

const part = fc.constantFrom("all", "all", "all", "half", "nothing");
const reason = fc.constantFrom(NACK_FULL, NACK_REFUSED, NACK_DRAINING);

/** Everything that can happen; what makes things happen stands there more than once. */
export const COMMANDS: fc.Arbitrary<fc.Command<object, World>>[] = [
  ...Array.from({ length: 4 }, () => step("connect", part)),
  step("sendRest", number),
  step("leave", number, fc.boolean()),
  ...Array.from({ length: 3 }, () => step("begin", name)),
  ...Array.from({ length: 4 }, () => step("read", number, fc.constantFrom(1, 2, 16, 16))),
  ...Array.from({ length: 4 }, () => step("acknowledge", number, bits)),
  step("refuse", number, reason),
  step("serve", number),
  step("giveBack", number, fc.constantFrom(0, 1)),
  step("giveBack", number, fc.constantFrom(0, 1)),
  step("drain", number),
  step("die", number, fc.boolean()),
  step("stop", number),
  step("wake", number),
  step("wait"),
];
