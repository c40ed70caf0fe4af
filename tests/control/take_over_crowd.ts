/** Clients that are in the middle of something while fronts take over from each other. */

import assert from "node:assert/strict";
import type { Buffer } from "node:buffer";
import { once } from "node:events";
import { WebSocket } from "ws";
import { RawClient, seededBytes, sha256 } from "../support/raw_client.ts";
import { within } from "../support/waiting.ts";

/** A file that does not fit the buffers on its way. */
export const LARGE: Uint8Array<ArrayBuffer> = seededBytes(16 << 20, 17);
const DIGEST = await sha256(LARGE);

/** Requests that have come, in whole or in part, and get their answers later: who waits for a backend, or types slowly. */
export class Begun implements Disposable {
  readonly #clients: RawClient[] = [];

  /** @param rest what they say when it is time */
  private constructor(readonly rest: string) {}

  static async begin(port: number, count: number, request: string, rest = ""): Promise<Begun> {
    const begun = new Begun(rest);
    for (let left = count; left > 0; left--) {
      const client = await RawClient.connect(port);
      begun.#clients.push(client);
      await client.write(request);
    }
    return begun;
  }

  /** @returns the status that each has got */
  finish(): Promise<string[]> {
    return Promise.all(this.#clients.map(async (client) => {
      await client.write(this.rest);
      return (await client.through("\r\n\r\n")).slice(9, 12);
    }));
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients) client.close();
  }
}

/** A download that is read a little at a time. */
export class SlowDownload implements Disposable {
  #read = 0;
  readonly #content = new Uint8Array(LARGE.length);

  private constructor(readonly client: RawClient) {}

  static async begin(port: number): Promise<SlowDownload> {
    const client = await RawClient.connect(port);
    await client.write("GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.match(await client.through("\r\n\r\n"), /^HTTP\/1\.1 200 /);
    return new SlowDownload(client);
  }

  /** Reads so much of it, or what is left. */
  async read(length = LARGE.length): Promise<void> {
    const piece = await this.client.bytes(Math.min(length, LARGE.length - this.#read));
    this.#content.set(piece, this.#read);
    this.#read += piece.length;
  }

  /** Reads the rest. @returns whether it is what the file is */
  async isWhole(): Promise<boolean> {
    await this.read();
    return await sha256(this.#content) === DIGEST;
  }

  [Symbol.dispose](): void {
    this.client.close();
  }
}

/** Events that come for ever. */
export class Events implements Disposable {
  #next = 0;

  private constructor(readonly client: RawClient) {}

  static async begin(port: number): Promise<Events> {
    const client = await RawClient.connect(port);
    await client.write("GET /app/events HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.match(await client.through("\r\n\r\n"), /^HTTP\/1\.1 200 /);
    return new Events(client);
  }

  /** Waits for the next one, which is to be the one behind the last. */
  async next(): Promise<void> {
    const chunk = new TextDecoder().decode(await this.client.chunk());
    assert.equal(chunk, `data: ${this.#next++}\n\n`);
  }

  [Symbol.dispose](): void {
    this.client.close();
  }
}

/** A WebSocket that is answered. */
export class Conversation implements Disposable {
  private constructor(readonly socket: InstanceType<typeof WebSocket>) {}

  static async begin(port: number): Promise<Conversation> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/app/talk`);
    await within(once(socket, "open"), "a WebSocket to open");
    return new Conversation(socket);
  }

  async exchange(text: string): Promise<void> {
    const answer = once(this.socket, "message");
    this.socket.send(text);
    const [data] = await within(answer, "a message") as [Buffer];
    assert.equal(data.toString(), text);
  }

  [Symbol.dispose](): void {
    this.socket.terminate();
  }
}
