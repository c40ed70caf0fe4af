/** What tests of files share. */

import assert from "node:assert/strict";
import { adopt, type Descriptor } from "../../ffi/descriptor.ts";
import { Held, withoutLeaks } from "../support/descriptors.ts";

/** A test of files: a directory that is gone afterwards, and descriptors that are closed. */
export function fileTest(name: string, body: (directory: string, held: Held) => void): void {
  Deno.test(name, () =>
    withoutLeaks(() => {
      const directory = Deno.makeTempDirSync({ prefix: "fdpass-" });
      try {
        using held = new Held();
        body(directory, held);
      } finally {
        Deno.removeSync(directory, { recursive: true });
      }
    }));
}

export function opened(held: Held, result: number): Descriptor {
  assert.ok(result >= 0, `opening returned ${result}`);
  return held.keep(adopt(result));
}
