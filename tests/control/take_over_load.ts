/** Clients of every kind that meet a front while another one takes over from it; and what has happened to them. */

import { RawClient } from "../support/raw_client.ts";
import { pause } from "../support/waiting.ts";

/** Clients that come at a time. */
const TOGETHER = 50;

/** Clients that go on asking are idle so many times as long as they are served: the slower it goes, the less they ask. */
const IDLE = 4;

/** Counts by kind of client and what it got. */
export class Visitors {
  readonly counts: Record<string, number> = {};
  readonly #parked: Deno.TcpConn[] = [];
  readonly #running: Promise<void>[] = [];
  #over = false;

  readonly #request: string;

  /** @param path what they ask for */
  constructor(readonly port: number, path = "/small.txt") {
    this.#request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n`;
  }

  #note(kind: string, what: string): void {
    const key = `${kind}: ${what}`;
    this.counts[key] = (this.counts[key] ?? 0) + 1;
  }

  async #visit(kind: string, act: () => Promise<string>): Promise<void> {
    try {
      this.#note(kind, await act());
    } catch (error) {
      this.#note(kind, (error as Error).message);
    }
  }

  /** Clients that have had an answer and ask nothing more for now. */
  async park(count: number): Promise<void> {
    const park = async () => {
      const client = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
      await client.write(new TextEncoder().encode(`${this.#request}\r\n`));
      await client.read(new Uint8Array(4_096));
      this.#parked.push(client);
    };
    for (let left = count; left > 0; left -= TOGETHER) {
      await Promise.all(Array.from({ length: Math.min(left, TOGETHER) }, park));
    }
  }

  /** A client after the other, each with a connection of its own, until the end. */
  comeAndGo(): void {
    this.#running.push(this.#repeat(() => this.once()));
  }

  /** One client with a connection of its own. */
  once(): Promise<void> {
    return this.#visit("new", async () => {
      using client = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
      return await askOnce(client, this.#request);
    });
  }

  /** A client that goes on asking on one connection. */
  stay(): void {
    let client: RawClient | undefined;
    this.#running.push(
      this.#repeat(() =>
        this.#visit("kept", async () => {
          client ??= await RawClient.connect(this.port);
          await client.write(`${this.#request}\r\n`);
          const head = await client.through("\r\n\r\n");
          await client.bytes(Number(/content-length: (\d+)/i.exec(head)![1]));
          return head.slice(9, 12);
        })
      ).finally(() => client?.close()),
    );
  }

  async #repeat(act: () => Promise<void>): Promise<void> {
    while (!this.#over) {
      const began = performance.now();
      await act();
      await pause(IDLE * (performance.now() - began));
    }
  }

  /** Has everybody come to an end; those who were parked ask once more. @returns what has happened, by kind */
  async leave(): Promise<Readonly<Record<string, number>>> {
    this.#over = true;
    await Promise.all(this.#running);
    for (const client of this.#parked) {
      await this.#visit("parked", () => askOnce(client, this.#request));
      client.close();
    }
    return this.counts;
  }
}

async function askOnce(client: Deno.TcpConn, request: string): Promise<string> {
  await client.write(new TextEncoder().encode(`${request}Connection: close\r\n\r\n`));
  let text = "";
  const [decoder, buffer] = [new TextDecoder(), new Uint8Array(4_096)];
  for (let length = await client.read(buffer); length !== null; length = await client.read(buffer)) {
    text += decoder.decode(buffer.subarray(0, length), { stream: true });
  }
  return text.slice(9, 12);
}

/** The sockets that listen on a port, by their inodes. */
export function listeningAt(port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const lines = Deno.readTextFileSync("/proc/net/tcp").split("\n").map((line) => line.trim().split(/\s+/));
  return lines.filter((words) => words[1]?.endsWith(`:${hex}`) && words[3] === "0A").map((words) => words[9]!)
    .sort();
}
