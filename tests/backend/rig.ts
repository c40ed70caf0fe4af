/** A backend turn by turn, beside the promises of its handlers, with a clock of its own. */

import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { Backend, type BackendEvent, type BackendOptions } from "../../src/backend/backend.ts";
import type { Connection } from "../../src/backend/connection/connection.ts";
import type { ConnectionServer } from "../../src/backend/connection/connection_server.ts";
import { FetchRequestHandler } from "../../src/backend/fetch/fetch_handler.ts";
import type { FetchHandler } from "../../src/backend/fetch/handler.ts";
import type { Exchange } from "../../src/backend/http/exchange.ts";
import { HttpServer, type RequestHandler } from "../../src/backend/http/http_server.ts";
import { DEFAULT_LIMITS } from "../../src/config/config.ts";
import { promised } from "../../src/loop/course.ts";
import type { Client } from "../front/clients.ts";
import { ManualClock } from "../support/clock.ts";
import { type LeakOptions, withoutLeaks } from "../support/descriptors.ts";
import { PATIENCE } from "../support/waiting.ts";
import { ScriptedFront } from "./scripted_front.ts";

/** Milliseconds of a wait that blocks, at most. */
const STEP = 10;

/** Serves nothing: keeps what it gets for the test to look at. */
export class Recorder implements ConnectionServer {
  readonly connections: Connection[] = [];
  readonly failedReturns: Connection[] = [];
  drained = false;
  serve(connection: Connection): void {
    this.connections.push(connection);
  }
  drain(): void {
    this.drained = true;
  }
  returnFailed(connection: Connection): void {
    this.failedReturns.push(connection);
  }
}

/** A backend with its loop, and a front that talks to it. */
export class Rig<S extends ConnectionServer = ConnectionServer> {
  /** Moves only when it is put forward, and a little while somebody waits: a slow machine makes no deadline pass. */
  readonly clock: ManualClock = new ManualClock();
  readonly directory: string = Deno.makeTempDirSync({ prefix: "fdpass-" });
  readonly path: string = `${this.directory}/app.sock`;
  readonly events: BackendEvent[] = [];
  readonly backend: Backend;
  readonly fronts: ScriptedFront[] = [];

  constructor(readonly server: S, options: Partial<BackendOptions> = {}) {
    this.backend = new Backend(server, {
      socket: this.path,
      name: "app",
      report: (event) => this.events.push(event),
      ...options,
    }, this.clock.read);
  }

  /** A front with a channel on which HELLO has been said, both ways. */
  async front(name?: string, window?: number): Promise<ScriptedFront> {
    const front = this.rawFront(true, name, window);
    await this.until(() => front.read().length > 0 || front.heard.length > 0, "the backend's HELLO");
    return front;
  }

  /** A front that has connected, and may have said HELLO. */
  rawFront(greeting = false, name?: string, window?: number): ScriptedFront {
    const front = new ScriptedFront(this.path, greeting, name, window);
    this.fronts.push(front);
    return front;
  }

  /** One turn of the loop, and none of promises. @param ahead milliseconds by which deadlines see the clock advanced */
  look(ahead = 0): number {
    const { loop } = this.backend;
    const count = loop.poller.wait(0);
    loop.now = this.clock.now;
    loop.poller.tell(count);
    loop.deadlines.expire(this.clock.now + ahead);
    loop.goOn();
    return count;
  }

  /** The same, and a turn of promises behind it. */
  async turn(ahead = 0): Promise<number> {
    const count = this.look(ahead);
    await new Promise((resolve) => setImmediate(resolve));
    return count;
  }

  /** Lets deadlines of this length pass. */
  async advance(milliseconds: number): Promise<void> {
    await this.turn();
    await this.turn(milliseconds);
    await this.settle();
  }

  /** Turns until nothing moves any more. */
  async settle(): Promise<void> {
    for (let quiet = 0, turns = 0; quiet < 4; turns++) {
      assert.ok(turns < 2_000, "the backend does not come to rest");
      quiet = await this.turn() === 0 ? quiet + 1 : 0;
    }
  }

  /** Turns until there is something to see. */
  async until<T>(look: () => T | undefined | false, what: string): Promise<T> {
    for (let turns = 0, waited = 0;; turns++) {
      await this.turn();
      waited += this.clock.tick();
      const seen = look();
      if (seen !== undefined && seen !== false) return seen;
      if (waited > PATIENCE) {
        throw new Error(`Waited for ${what}; the backend reported ${JSON.stringify(this.events)}`);
      }
      if (turns > 20) await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /**
   * The same without a turn of promises: as a loop that blocks its thread goes round, and nothing else. So what is seen was
   * done by steps alone.
   */
  untilBlocking<T>(look: () => T | undefined | false, what: string): T {
    const { loop } = this.backend;
    for (const until = performance.now() + PATIENCE; performance.now() < until;) {
      const seen = look();
      if (seen !== undefined && seen !== false) return seen;
      const count = loop.poller.wait(STEP);
      loop.now = this.clock.now;
      loop.poller.tell(count);
      loop.deadlines.expire(this.clock.now);
      loop.goOn();
    }
    throw new Error(`Waited for ${what}; the backend reported ${JSON.stringify(this.events)}`);
  }

  /** Turns until a client's connection has ended; all that has come. */
  async rest(client: Client): Promise<string> {
    await this.until(() => client.ended !== false, "the end of the connection");
    return client.received;
  }

  /** What the backend says of the fronts that it has lost. */
  get lost(): string[] {
    return this.events.filter((event) => event.type === "front-lost").map(({ reason }) => reason);
  }

  close(): void {
    for (const front of this.fronts) front.close();
    this.backend.close();
    this.backend.loop.close();
    Deno.removeSync(this.directory, { recursive: true });
  }
}

/** Runs a body with a rig that leaves no descriptor open. */
export function withRig<S extends ConnectionServer>(
  make: () => Rig<S>,
  body: (rig: Rig<S>) => Promise<void> | void,
  leaks: LeakOptions = {},
): Promise<void> {
  return withoutLeaks(async () => {
    const rig = make();
    try {
      await body(rig);
    } finally {
      // Handlers that were at it find that their connections are closed.
      rig.close();
      for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    }
  }, leaks);
}

/** A test of a backend that serves nothing by itself. */
export function test(
  name: string,
  body: (rig: Rig<Recorder>) => Promise<void> | void,
  options: Partial<BackendOptions> = {},
): void {
  Deno.test(name, () => withRig(() => new Rig(new Recorder(), options), body));
}

/** A backend that serves HTTP, what its handlers threw, and its front. */
export interface HttpRig {
  readonly rig: Rig<HttpServer>;
  readonly front: ScriptedFront;
  readonly errors: unknown[];
  /** Hands a new client over, which has sent this. */
  readonly give: ScriptedFront["give"];
}

/** A test of a backend that serves HTTP with a handler of exchanges. */
export function testHttp(
  name: string,
  handler: RequestHandler | RequestHandler["handle"],
  body: (http: HttpRig) => Promise<void>,
  options: Partial<BackendOptions> = {},
  errors: unknown[] = [],
): void {
  const server = () =>
    new HttpServer(typeof handler === "function" ? { handle: handler } : handler, {
      limits: { ...DEFAULT_LIMITS, head: 16_384 },
      onError: (error) => errors.push(error),
    });
  Deno.test(name, () =>
    withRig(() => new Rig(server(), options), async (rig) => {
      const front = await rig.front();
      await body({ rig, front, errors, give: (text, change) => front.give(text, change) });
    }));
}

/** The same with a fetch handler. */
export function testFetch(
  name: string,
  handler: FetchHandler,
  body: (http: HttpRig) => Promise<void>,
  options: Partial<BackendOptions> = {},
): void {
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  testHttp(name, new FetchRequestHandler(handler, onError), body, options, errors);
}

/** Text as bytes. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Answers with the request's method, target and content. */
export async function echo(exchange: Exchange): Promise<void> {
  const pieces: Uint8Array[] = [];
  for (let piece = await exchange.body.read(); piece !== undefined; piece = await exchange.body.read()) {
    pieces.push(piece);
  }
  const content = new TextDecoder().decode(new Uint8Array(pieces.flatMap((piece) => [...piece])));
  await promised(exchange.respond(200, [], bytes(`${exchange.method} ${exchange.target} [${content}]`)));
}
