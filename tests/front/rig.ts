/** A front on the test's own thread, turn by turn, with a clock of its own that moves only when it is put forward. */

import assert from "node:assert/strict";
import { listenTcp, localAddress } from "../../ffi/mod.ts";
import {
  type Backend,
  DEFAULT_LIMITS,
  type ErrorDocuments,
  type Limits,
  type Site,
} from "../../src/config/config.ts";
import type { Connection } from "../../src/front/connection/connection.ts";
import type { ConnectionState } from "../../src/front/connection/states.ts";
import { Counters, COUNTERS_SIZE } from "../../src/front/core/counters.ts";
import { Ledger, ledgerSize } from "../../src/front/core/ledger.ts";
import { Front } from "../../src/front/front.ts";
import type { Plan, Report } from "../../src/front/plan.ts";
import { Loop } from "../../src/loop/loop.ts";
import type { ProxyProtocol, Trust } from "../../src/trust/trust.ts";
import { withoutLeaks } from "../support/descriptors.ts";
import { PATIENCE } from "../support/waiting.ts";
import { Client } from "./clients.ts";
import { ScriptedBackend } from "./scripted_backend.ts";

/** Milliseconds by which the front's clock goes on while somebody waits and nothing happens. */
const TICK = 2;
/** No limit of a front is longer. */
const AGES = 100_000;

/** How a rig is set up. */
export interface RigOptions {
  readonly limits?: Partial<Limits>;
  /** The backends' names, or more about them. */
  readonly backends?: readonly (string | Partial<Backend> & { name: string })[];
  /** `/` to all backends unless given. */
  readonly sites?: readonly Site[];
  readonly host?: string;
  readonly errorDocuments?: ErrorDocuments;
  /** The backend that does the handshakes of the listener, where its clients speak TLS. */
  readonly tls?: string;
  /** Who stands in front of the listener. */
  readonly proxyProtocol?: ProxyProtocol;
  readonly trust?: Trust;
  readonly scheme?: "https";
}

/** One site with one route to these backends. */
export function siteOf(backends: readonly string[], sticky = false): Site {
  return { names: [], routes: [{ path: "/", backends, sticky }] };
}

/** A front with one listener, a directory for sockets, and everybody who takes part. */
export class Rig {
  readonly directory = Deno.makeTempDirSync({ prefix: "fdpass-" });
  readonly loop = new Loop();
  readonly counters = new Counters(new SharedArrayBuffer(COUNTERS_SIZE));
  readonly ledger = new Ledger(new SharedArrayBuffer(ledgerSize(4_096)));
  readonly reports: Report[] = [];
  readonly front: Front;
  readonly port: number;
  readonly clients: Client[] = [];
  readonly scripted: ScriptedBackend[] = [];
  plan: Plan;

  constructor(options: RigOptions = {}) {
    const backends = (options.backends ?? ["a"]).map((backend) => this.backend(backend));
    const fd = listenTcp(options.host ?? "127.0.0.1", 0);
    this.port = localAddress(fd)!.port;
    const sites = options.sites ?? [siteOf(backends.map(({ name }) => name))];
    this.plan = {
      listeners: [{
        fds: [fd],
        key: "one",
        sites,
        ...options.tls === undefined ? {} : { tls: { backend: options.tls } },
        ...options.proxyProtocol === undefined ? {} : { proxyProtocol: options.proxyProtocol },
        ...options.trust === undefined ? {} : { trust: 1 },
        ...options.scheme === undefined ? {} : { scheme: options.scheme },
      }],
      backends,
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      allowUsers: [],
      ...options.trust === undefined ? {} : { trust: [options.trust] },
      ...options.errorDocuments === undefined ? {} : { errorDocuments: options.errorDocuments },
      generation: 1,
    };
    this.front = new Front({
      loop: this.loop,
      name: "front",
      counters: this.counters,
      ledger: this.ledger,
      plan: this.plan,
      report: (report) => this.reports.push(report),
    });
  }

  /** A backend of the plan. */
  backend(options: string | Partial<Backend> & { name: string }): Backend {
    const given = typeof options === "string" ? { name: options } : options;
    return { socket: this.path(given.name), workers: 1, ...given };
  }

  path(name: string): string {
    return `${this.directory}/${name}.sock`;
  }

  /** Starts a scripted backend under a name of the plan. */
  start(name: string, window = 64, process = this.scripted.length + 1): ScriptedBackend {
    const backend = new ScriptedBackend(this.path(name), name, window, process);
    this.scripted.push(backend);
    return backend;
  }

  /** The front's next plan. */
  apply(change: Partial<Plan>): void {
    this.plan = {
      ...this.plan,
      listeners: this.plan.listeners.map((listener) => ({ ...listener, fds: [] })),
      generation: this.plan.generation + 1,
      ...change,
    };
    this.front.apply(this.plan);
  }

  client(text = "", host?: string, from?: string): Client {
    const client = new Client(this.port, host, from);
    this.clients.push(client);
    if (text !== "") client.send(text);
    return client;
  }

  /** One turn of the loop; how many events there were. A slow machine makes no deadline pass. */
  turn(timeout = 0): number {
    const { loop } = this;
    const count = loop.poller.wait(timeout);
    loop.poller.tell(count);
    loop.deadlines.expire(loop.now);
    return count;
  }

  /** Puts the front's clock forward and lets it find out. */
  advance(milliseconds: number): void {
    this.loop.now += milliseconds;
    this.turn();
  }

  /** Turns, and lets the backends that do something by themselves do it, until nothing moves any more. */
  settle(): void {
    for (let quiet = 0, turns = 0; quiet < 3; turns++) {
      assert.ok(turns < 1_000, "the front does not come to rest");
      let moved = this.turn();
      for (const backend of this.scripted) moved += backend.work();
      quiet = moved === 0 ? quiet + 1 : 0;
    }
    const owned = this.connections.map(({ fd }) => fd as number).sort();
    assert.deepEqual(this.ledger.connections.map(({ fd }) => fd as number).sort(), owned);
  }

  /** Turns until there is something to see. */
  until<T>(look: () => T | undefined | false, what: string): T {
    const end = performance.now() + PATIENCE;
    for (;;) {
      this.turn();
      for (const backend of this.scripted) backend.work();
      const seen = look();
      if (seen !== undefined && seen !== false) return seen;
      if (performance.now() > end) {
        throw new Error(`Waited for ${what}; the front reported ${JSON.stringify(this.reports)}`);
      }
      if (this.turn(1) === 0) this.loop.now += TICK;
    }
  }

  /** Turns until a client has this much, and the front has nothing left for it. */
  answer(client: Client): string {
    return this.until(() => client.ended !== false && client.received, "a client's answer");
  }

  /** The front's connections in use. */
  get connections(): Connection[] {
    return this.front.pool.all.filter(({ state }) => state !== "free");
  }

  /** What the front reported, of one type. */
  reported<K extends Report["type"]>(type: K): Extract<Report, { type: K }>[] {
    return this.reports.filter((report) => report.type === type) as Extract<Report, { type: K }>[];
  }

  /** After a failure: ends as much as goes, and says nothing about it. */
  abandon(): void {
    try {
      this.close();
    } catch {
      // What went wrong first is what counts; a front that is broken need not end well.
    }
  }

  /** Ends everything; the front itself by draining, which it must manage whatever has happened. */
  close(): void {
    for (const client of this.clients) client.close();
    for (const backend of this.scripted) backend.close();
    this.front.drain();
    for (let turns = 0; turns < 50 && this.reported("drained").length === 0; turns++) this.advance(AGES);
    this.loop.close();
    Deno.removeSync(this.directory, { recursive: true });
    assert.equal(this.reported("drained").length, 1, "the front has not drained, or more than once");
    assert.equal(this.front.pool.open, 0);
    assert.deepEqual([this.ledger.connections, this.ledger.channels], [[], []]);
    const { open, waiting } = this.counters.read();
    assert.deepEqual({ open, waiting }, { open: 0, waiting: 0 }, "the counters do not add up");
  }
}

/** The states of the front's connections, in the order of the alphabet. */
export function states(rig: Rig): ConnectionState[] {
  return rig.connections.map(({ state }) => state).sort();
}

/** The port in an address of the protocol: tells clients apart. */
export function portOf(address: Uint8Array): number {
  return address[2]! << 8 | address[3]!;
}

/** A test with a rig of its own that leaves no descriptor open. */
export function test(name: string, options: RigOptions, body: (rig: Rig) => void): void {
  Deno.test(name, () =>
    withoutLeaks(() => {
      const rig = new Rig(options);
      try {
        body(rig);
      } catch (error) {
        rig.abandon();
        throw error;
      }
      rig.close();
    }));
}
