import assert from "node:assert/strict";
import { TicketKeys } from "../../../src/control/tls/ticket_keys.ts";
import { until } from "../../support/waiting.ts";

Deno.test("keys of tickets are made by chance, and change from time to time until they are stopped", async () => {
  const keys = new TicketKeys(1);
  const seen = [keys.current];
  keys.rotate(() => seen.push(keys.current));
  await until(() => seen.length > 3, "new keys");
  keys.stop();
  assert.equal(new Set(seen.map((each) => each.toHex())).size, seen.length);
  for (const each of seen) assert.equal(each.length, 80);
  assert.notDeepEqual(new TicketKeys().current, new TicketKeys().current);
});
