/** Modules as `fdpass backend --fetch` runs them, behind a front; and their guests. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { type FrontProgram, Program, startFront, TemporaryDirectory } from "../support/processes.ts";
import { until, within } from "../support/waiting.ts";

/** Runs a module behind a front, for as long as the body takes. @param module its path */
export async function withApp(module: string, body: (front: FrontProgram) => Promise<void>): Promise<void> {
  using directory = new TemporaryDirectory();
  const socket = directory.join("app.sock");
  // As fdpass up starts it.
  await using backend = new Program(["backend", "--socket", socket, "--fetch", module], {
    permissions: ["--allow-all"],
  });
  await backend.line(/ ready on /);
  await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${socket}` }] });
  await body(front);
  await backend.stopCleanly();
  await front.stopCleanly();
  assert.doesNotMatch(backend.stderr, / error /);
}

/** A guest with a WebSocket, and what it hears. */
export class Guest {
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
