// Receivers in other languages, at one site.
import { RECEIVER_BACKENDS, RECEIVER_ROUTES, receiverTrials } from "./receivers.ts";
import { SecureSite } from "./site.ts";

const site = await SecureSite.start({}, {}, { routes: RECEIVER_ROUTES, backends: RECEIVER_BACKENDS });
globalThis.addEventListener("unload", () => site.kill());

for (const trial of receiverTrials(site)) Deno.test(trial);

Deno.test("nobody is left with anything of theirs", async () => {
  await site.up.stopCleanly();
  await site[Symbol.asyncDispose]();
});
