/** `Deno.serve` and `serve` in this process, with clients of their own. */

import { serve } from "../../../../src/backend/serve.ts";
import { RETURN } from "../../../../src/protocol/messages.ts";
import { AckWriter } from "../../../../src/protocol/replies.ts";
import { Client } from "../../../front/clients.ts";
import { transferOf } from "../../../front/raw_channel.ts";
import { TemporaryDirectory } from "../../../support/processes.ts";
import { until } from "../../../support/waiting.ts";
import { ScriptedFront } from "../../scripted_front.ts";

/** What both servers have, or may have. */
export interface Server {
  readonly finished: Promise<void>;
  readonly addr: Deno.Addr;
  shutdown(): Promise<void>;
  [Symbol.asyncDispose](): PromiseLike<void>;
}

export interface Options {
  readonly signal?: AbortSignal;
  readonly onError?: (error: unknown) => Response | Promise<Response>;
  readonly onListen?: (address: Deno.Addr) => void;
  readonly automaticCompression?: boolean;
}

export type Handler = (request: Request) => Response | Promise<Response>;

/** One of the two. */
export interface Side {
  start(handler: Handler, options?: Options): Server;
  /** A client of the server that was started last, which has sent this. */
  connect(text: string): Promise<Client>;
}

/** Errors are not written to the console. */
export const quietly = (): Response => new Response("failed", { status: 500 });

export class DenoSide implements Side {
  #port = 0;
  readonly #clients: Client[] = [];

  start(handler: Handler, options: Options = {}): Server {
    const server = Deno.serve(
      {
        hostname: "127.0.0.1",
        port: 0,
        onListen: () => {},
        onError: quietly,
        ...options as Deno.ServeTcpOptions,
      },
      handler,
    );
    this.#port = server.addr.port;
    return server;
  }

  connect(text: string): Promise<Client> {
    const client = new Client(this.#port);
    this.#clients.push(client);
    client.send(text);
    return Promise.resolve(client);
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients) client.close();
  }
}

export class OwnSide implements Side {
  readonly #directory = new TemporaryDirectory();
  readonly #ack = new AckWriter();
  #front: ScriptedFront | undefined;
  #pump: ReturnType<typeof setInterval> | undefined;

  get #socket(): string {
    return this.#directory.join("app.sock");
  }

  start(handler: Handler, options: Options = {}): Server {
    return serve(handler, { socket: this.#socket, onError: quietly, ...options });
  }

  async connect(text: string): Promise<Client> {
    const front = this.#front ??= new ScriptedFront(this.#socket);
    this.#pump ??= setInterval(() => this.#read(front), 2);
    await until(() => front.heard.length > 0, "the backend's HELLO");
    return front.give(text);
  }

  /** Takes what is given back, as a front does. */
  #read(front: ScriptedFront): void {
    for (const message of front.read()) {
      if (message.type !== RETURN) continue;
      this.#ack.clear();
      this.#ack.add(transferOf(message).id);
      this.#ack.finish(0);
      front.channel.say(this.#ack.bytes.slice(0, this.#ack.length));
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#pump);
    this.#front?.close();
    this.#directory[Symbol.dispose]();
  }
}
