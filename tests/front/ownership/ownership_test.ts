import assert from "node:assert/strict";
import fc from "../../support/properties.ts";
import { withoutLeaks } from "../../support/descriptors.ts";
import { COMMANDS } from "./commands.ts";
import { World } from "./world.ts";

/** Chance or not: the same runs each time, unless FC_SEED says otherwise. */
const SEED = Number(Deno.env.get("FC_SEED") ?? 20_240_607);
const RUNS = Number(Deno.env.get("FC_RUNS") ?? 60);

Deno.test("at every step exactly one party owns each connection, and every client is answered once", () =>
  withoutLeaks(() => {
    fc.assert(
      fc.property(fc.commands(COMMANDS, { maxCommands: 100, size: "max" }), (commands) => {
        const world = new World();
        let closed = false;
        try {
          fc.modelRun(() => ({ model: {}, real: world }), commands);
          world.finish();
          closed = true;
          for (const sleeper of world.sleepers) sleeper.close();
          world.rig.close();
        } finally {
          if (!closed) world.rig.abandon();
        }
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: false },
    );
    // Chance must really have led everywhere.
    const rare = ["give back", "wake too late", "acknowledge too late", "drain", "serve", "leave", "die"];
    for (const what of rare) assert.ok(World.happened[what]! > 0, `nobody did this: ${what}`);
    if (Deno.env.get("FC_SHOW")) {
      Deno.stderr.writeSync(new TextEncoder().encode(JSON.stringify(World.happened)));
    }
  }));
