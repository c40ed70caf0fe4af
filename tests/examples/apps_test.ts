/** The apps in examples/, behind a front. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type FrontProgram, Program, startFront, TemporaryDirectory } from "../support/processes.ts";
import { get } from "../support/raw_client.ts";
import { until, within } from "../support/waiting.ts";

function testApp(name: string, body: (front: FrontProgram) => Promise<void>): void {
  Deno.test(`the app in examples/${name}`, async () => {
    using directory = new TemporaryDirectory();
    const socket = directory.join("app.sock");
    const path = fileURLToPath(new URL(`../../examples/${name}/app.ts`, import.meta.url));
    // As fdpass up starts it.
    await using backend = new Program(["backend", "--socket", socket, "--fetch", path], {
      permissions: ["--allow-all"],
    });
    await backend.line(/ ready on /);
    await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${socket}` }] });
    await body(front);
    await backend.stopCleanly();
    await front.stopCleanly();
    assert.doesNotMatch(backend.stderr, / error /);
  });
}

/** A guest with a WebSocket, and what it hears. */
class Guest {
  readonly heard: string[] = [];

  private constructor(readonly socket: WebSocket) {
    socket.onmessage = ({ data }) => this.heard.push(data);
  }

  static async enter(front: FrontProgram, path: string): Promise<Guest> {
    const socket = new WebSocket(`ws://127.0.0.1:${front.port}${path}`);
    const guest = new Guest(socket);
    await within(once(socket, "open"), "the WebSocket to open");
    return guest;
  }

  async hears(text: string): Promise<void> {
    await until(() => this.heard.includes(text), () => `"${text}" among ${JSON.stringify(this.heard)}`);
  }

  async leave(): Promise<void> {
    const closed = once(this.socket, "close");
    this.socket.close();
    await within(closed, "the WebSocket to close");
  }
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
