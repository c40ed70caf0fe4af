/**
 * fast-check, with the same inputs in every run: what fails does so again, and what fails after a change fails by it. Who
 * looks for faults tries other inputs: `FDPASS_TEST_SEED=NUMBER deno task test PATH…`, with any number, as often as they like.
 */

import fc from "fast-check";

const SEED = "FDPASS_TEST_SEED";

const seed = Number(Deno.env.get(SEED) ?? 1);
if (!Number.isInteger(seed)) throw new TypeError(`${SEED} is a number, and not ${Deno.env.get(SEED)}`);
fc.configureGlobal({ seed });

export default fc;
