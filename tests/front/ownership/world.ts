/**
 * The life of connections between a front, its backends and their clients, as commands at random. The front is the real
 * one, on real sockets; the backends do what the commands say. After every command, exactly one party must answer for
 * each connection.
 */

import assert from "node:assert/strict";
import { close, EPIPE } from "../../../ffi/mod.ts";
import { NACK_REFUSED, RETURN } from "../../../src/protocol/messages.ts";
import { encodeDrain, encodeNack } from "../../../src/protocol/replies.ts";
import { encodeTransfer } from "../../../src/protocol/transfer.ts";
import { type Client, drink, request } from "../clients.ts";
import { idsOf, nackOf, type RawChannel } from "../raw_channel.ts";
import { portOf, Rig } from "../rig.ts";
import { type Held, responseOf, type ScriptedBackend } from "../scripted_backend.ts";

/** The limits are far apart, so that a test can let one pass and not the others. */
export const LIMITS = {
  headTimeout: 10_000_000,
  acknowledgeTimeout: 1_000,
  queueTimeout: 1_000_000,
  unacknowledged: 8,
  queue: 64,
};

export const NAMES = ["a", "b", "c"] as const;

/** A client and what should become of it. */
interface Visitor {
  readonly client: Client;
  readonly path: string;
  /** What it has not sent of its request's head. */
  rest: string;
  /** Its owner died with it, or it has gone: no answer is due. */
  excused: boolean;
  /** The backends that do not want it. */
  readonly refusedBy: Set<string>;
}

/** Everything there is, and what can be done with it. */
export class World {
  readonly rig: Rig = new Rig({ backends: NAMES, limits: LIMITS });
  readonly visitors: Visitor[] = [];
  /** By name: one that listens, if any does. */
  readonly backends = new Map<string, ScriptedBackend>();
  /** Stopped processes that the front has given up, or will. They may still have channels and copies. */
  readonly sleepers: ScriptedBackend[] = [];
  #returns = 1_000;
  /** How often each thing has really happened. */
  static readonly happened: Record<string, number> = {};

  #note(what: string): void {
    World.happened[what] = (World.happened[what] ?? 0) + 1;
  }

  #visitor({ port }: Held): Visitor | undefined {
    // A port may be used again, by a later client than the one that has left.
    return this.visitors.findLast(({ client }) => client.port === port);
  }

  /** One of a list by a number at random. */
  pick<T>(list: readonly T[], number: number): T | undefined {
    return list.length === 0 ? undefined : list[number % list.length];
  }

  /** One of the backends that run and have something. */
  #backend(number: number, has: (backend: ScriptedBackend) => boolean): ScriptedBackend | undefined {
    return this.pick([...this.backends.values()].filter(has), number);
  }

  constructor() {
    this.begin("a");
    this.begin("b");
    this.check();
  }

  // --- clients --------------------------------------------------------------------------------------------------------

  connect(part: "nothing" | "half" | "all"): void {
    const path = `/${this.visitors.length}`;
    const text = request(path);
    const sent = part === "nothing" ? 0 : part === "half" ? 20 : text.length;
    const client = this.rig.client(text.slice(0, sent));
    this.visitors.push({ client, path, rest: text.slice(sent), excused: false, refusedBy: new Set() });
    this.#note(`connect with ${part}`);
  }

  sendRest(number: number): void {
    const visitor = this.pick(this.visitors.filter(({ rest, excused }) => rest !== "" && !excused), number);
    if (visitor === undefined) return;
    visitor.client.send(visitor.rest);
    visitor.rest = "";
    this.#note("send the rest");
  }

  leave(number: number, reset: boolean): void {
    const visitor = this.pick(this.visitors.filter(({ excused }) => !excused), number);
    if (visitor === undefined) return;
    visitor.excused = true;
    if (reset) visitor.client.reset();
    else visitor.client.close();
    this.#note("leave");
  }

  // --- backends -------------------------------------------------------------------------------------------------------

  begin(name: string): void {
    if (this.backends.has(name)) return;
    this.backends.set(name, this.rig.start(name));
    // The longest pause between two attempts.
    this.rig.advance(401);
    this.#note("begin");
  }

  read(number: number, count: number): void {
    const backend = this.#backend(number, ({ channels }) => channels.length > 0);
    for (const channel of backend?.channels ?? []) this.#read(backend!, channel, count);
  }

  #read(backend: ScriptedBackend, channel: RawChannel, count: number): void {
    const came = backend.read(channel, count);
    if (came.length > 0) this.#note("read");
  }

  acknowledge(number: number, choice: number): void {
    const backend = this.#backend(number, ({ held }) => held.length > 0);
    if (backend === undefined) return;
    for (const held of this.#chosen(backend, choice)) {
      const result = backend.acknowledge(held);
      this.#note(result > 0 ? "acknowledge" : "acknowledge too late");
      // Nothing but the end of the channel can keep so small a message from leaving.
      if (result < 0) assert.equal(result, -EPIPE);
    }
  }

  /** Some of what it holds, by the bits of a number, a list for each channel. */
  #chosen(backend: ScriptedBackend, choice: number): Held[][] {
    const lists = new Map<RawChannel, Held[]>();
    backend.held.forEach((held, index) => {
      if ((choice >> (index % 8) & 1) === 0) return;
      lists.set(held.channel, [...lists.get(held.channel) ?? [], held]);
    });
    return [...lists.values()];
  }

  refuse(number: number, reason: number): void {
    const backend = this.#backend(number, ({ held }) => held.length > 0);
    const held = this.pick(backend?.held ?? [], number);
    if (held === undefined) return;
    // The copy is closed first: nobody but the front may have the connection afterwards.
    backend!.forget([held]);
    if (reason === NACK_REFUSED) this.#visitor(held)?.refusedBy.add(backend!.name);
    held.channel.say(encodeNack({ id: held.transfer.id, reason, text: "" }));
    this.#note(`refuse with ${reason}`);
  }

  serve(number: number): void {
    const backend = this.#backend(number, ({ owned }) => owned.length > 0);
    const held = this.pick(backend?.owned ?? [], number);
    if (held !== undefined && backend!.serve(held)) this.#note("serve");
  }

  drain(number: number): void {
    const channel = this.#backend(number, () => true)?.channels.at(-1);
    if (channel === undefined) return;
    channel.say(encodeDrain());
    this.#note("drain");
  }

  /** Gives a connection back, with some of its bytes, and waits for what the front says to that. */
  giveBack(number: number, bytes: number): void {
    const backend = this.#backend(number, ({ owned }) => owned.length > 0);
    const held = this.pick(backend?.owned ?? [], number);
    if (held === undefined) return;
    const { channel } = held;
    const preread = this.#take(held, bytes);
    const id = ++this.#returns;
    const returned = { ...held, transfer: { ...held.transfer, preread } };
    backend!.owned[backend!.owned.indexOf(held)] = returned;
    const said = channel.say(encodeTransfer(RETURN, { ...returned.transfer, id, preread }), held.fd);
    this.rig.settle();
    const before = backend!.heard.length;
    if (!channel.closed) backend!.read(channel);
    const heard = backend!.heard.slice(before);
    if (heard.some((message) => message.type === 3 && idsOf(message).includes(id))) {
      assert.ok(said > 0);
      backend!.owned = backend!.owned.filter((other) => other !== returned);
      close(held.fd);
      this.#note("give back");
    } else {
      // Its channel has ended: it still has the connection.
      assert.ok(
        said < 0,
        `a RETURN was sent and not answered: ${heard.map((message) => nackOf(message).text)}`,
      );
      this.#note("give back too late");
    }
  }

  /** Reads some of what a connection has brought, as a preread. */
  #take(held: Held, bytes: number): Uint8Array<ArrayBuffer> {
    const before = held.transfer.preread;
    if (bytes === 0) return before;
    const { text } = drink(held.fd);
    return new Uint8Array([...before, ...new TextEncoder().encode(text)]);
  }

  /** Is killed: what it had acknowledged goes with it. */
  die(number: number, readsFirst: boolean): void {
    const backend = this.#backend(number, () => true);
    if (backend === undefined) return;
    this.backends.delete(backend.name);
    this.#bury(backend, readsFirst);
    this.#note("die");
  }

  #bury(backend: ScriptedBackend, readsFirst: boolean): void {
    if (readsFirst) { for (const channel of backend.channels) if (!channel.closed) backend.read(channel); }
    for (const held of backend.owned) {
      const visitor = this.#visitor(held);
      if (visitor !== undefined) visitor.excused = true;
    }
    backend.manner = "asleep";
    backend.close();
  }

  /** Is stopped (SIGSTOP): its sockets stay, and another process may listen at the path. */
  stop(number: number): void {
    const backend = this.#backend(number, () => true);
    if (backend === undefined) return;
    this.backends.delete(backend.name);
    backend.manner = "asleep";
    backend.stopListening();
    this.sleepers.push(backend);
    this.#note("stop");
  }

  /** A stopped process goes on: it reads all there is and acknowledges it, as far as it can; then dies of it. */
  wake(number: number): void {
    const backend = this.pick(this.sleepers, number);
    if (backend === undefined) return;
    this.sleepers.splice(this.sleepers.indexOf(backend), 1);
    for (const channel of backend.channels) if (!channel.closed) backend.read(channel);
    for (const held of this.#chosen(backend, 255)) {
      const result = backend.acknowledge(held);
      this.#note(result > 0 ? "wake in time" : "wake too late");
      if (result < 0) assert.equal(result, -EPIPE);
    }
    while (backend.owned.length > 0 && backend.owned.some((held) => backend.serve(held)));
    this.#bury(backend, false);
  }

  /** Nobody answers for longer than the front waits. */
  wait(): void {
    this.rig.advance(LIMITS.acknowledgeTimeout + 1);
    this.rig.advance(401);
    this.#note("wait");
  }

  // --- what must be true ----------------------------------------------------------------------------------------------

  /** Looks at all connections, when nothing moves. */
  check(): void {
    this.rig.settle();
    for (const visitor of this.visitors) this.#checkOwners(visitor);
    const { open, waiting } = this.rig.counters.read();
    assert.equal(open, this.rig.connections.length);
    assert.equal(waiting, this.rig.connections.filter(({ state }) => state === "waiting").length);
  }

  #checkOwners({ client, path, excused, rest, refusedBy }: Visitor): void {
    const front = this.rig.connections.filter(({ client: address }) => portOf(address) === client.port);
    const all = [...this.backends.values(), ...this.sleepers];
    const backends = all.filter(({ owned }) => owned.some(({ port }) => port === client.port));
    const owners = [...front.map(({ state }) => state), ...backends.map(({ name }) => name)];
    for (const connection of front) {
      assert.ok(connection.fd >= 0);
      assert.equal(connection.state === "handed", connection.channel !== undefined);
      assert.equal(connection.state === "waiting", connection.line !== undefined);
      // Registered with epoll and sent elsewhere at once is what must never be.
      if (connection.state === "handed" || connection.state === "waiting") assert.ok(!connection.watched);
    }
    assert.ok(owners.length <= 1, `${path} is owned by ${owners}`);
    if (client.closed) return;
    const { received, ended } = client;
    const answers = received.split("HTTP/1.1 ").length - 1;
    assert.ok(answers <= 1, `${path} was answered ${answers} times`);
    if (answers === 1) {
      if (received.startsWith("HTTP/1.1 503 ")) assert.deepEqual([...refusedBy].sort(), NAMES, received);
      else assert.ok(NAMES.some((name) => received === responseOf(name)), `${path} got ${received}`);
      assert.equal(rest, "", "answered before it asked");
    } else if (!excused) {
      assert.equal(ended, false, `${path} ended (${ended}) without an answer`);
      assert.equal(owners.length, 1, `${path} is lost`);
    }
  }

  /** The end: everybody does what is expected, and every client that is not excused has its answer. */
  finish(): void {
    for (const backend of [...this.sleepers]) this.#bury(backend, false);
    this.sleepers.length = 0;
    for (const name of NAMES) if (!this.backends.has(name)) this.begin(name);
    for (const visitor of this.visitors) {
      if (!visitor.excused && visitor.rest !== "") visitor.client.send(visitor.rest);
      visitor.rest = "";
    }
    for (const backend of this.backends.values()) {
      for (const held of this.#chosen(backend, 255)) backend.acknowledge(held);
      backend.manner = "serves";
    }
    // What was put aside on a channel that the front has given up comes back within this time.
    for (let i = 0; i < 3; i++) this.wait();
    const missing = () =>
      this.visitors.filter(({ client, excused }) =>
        !excused && client.ended === false && !client.received.startsWith("HTTP/1.1 503 ")
      );
    this.rig.until(() => missing().length === 0, "every client's answer");
    this.check();
  }
}
