// Clients that mean no good, at a site that stays the same under all of them.
import { testHostileClients } from "./hostile.ts";
import { SecureSite } from "./site.ts";

const site = await SecureSite.start();
globalThis.addEventListener("unload", () => site.kill());

testHostileClients(site);

Deno.test("nobody is left with anything of theirs", async () => {
  await site.up.stopCleanly();
  await site[Symbol.asyncDispose]();
});
