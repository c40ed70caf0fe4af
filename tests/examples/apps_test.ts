/** The apps in examples/, behind a front. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { FrontProgram } from "../support/processes.ts";
import { get } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";
import { Guest, withApp } from "./running_app.ts";

function testApp(name: string, body: (front: FrontProgram) => Promise<void>): void {
  const module = fileURLToPath(new URL(`../../examples/${name}/app.ts`, import.meta.url));
  Deno.test(`the app in examples/${name}`, () => withApp(module, body));
}

testApp("hono", async (front) => {
  const { port } = front;
  assert.equal((await get(port, "/")).text, "Hello 127.0.0.1, this is Hono. You asked for /.\n");
  assert.equal((await get(port, "/nowhere")).status, 404);
  const { fields, text } = await get(port, "/count/3");
  assert.match(fields.get("content-type")!, /^text\/event-stream/);
  assert.equal(text, [1, 2, 3].map((number) => `data: number ${number}\nid: ${number}\n\n`).join(""));
  const guest = await Guest.enter(front, "/echo");
  guest.socket.send("this");
  await guest.hears("Hono heard this");
  await guest.leave();
  assert.equal((await get(port, "/echo")).status, 404);
});

testApp("websocket", async (front) => {
  const guests = [await Guest.enter(front, "/"), await Guest.enter(front, "/library")];
  await until(async () => (await get(front.port, "/")).text === "2 in the room\n", "both to be in");
  for (const [index, { socket }] of guests.entries()) {
    socket.send(`I am number ${index}`);
    for (const guest of guests) await guest.hears(`I am number ${index}`);
  }
  for (const guest of guests) await guest.leave();
  await until(async () => (await get(front.port, "/")).text === "0 in the room\n", "both to be out");
});
