/**
 * Who owns a connection while one front takes over from another: both ends of the exchange, real sockets between them, and
 * chance that ends either of them at any message. One of the two, and never both, goes on with what both have had.
 */

import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { adopt, close, type Descriptor, pipe, SOCK_SEQPACKET, unixSocketPair } from "../../ffi/mod.ts";
import { type Giver, Giving } from "../../src/control/take_over/giving.ts";
import { Taking } from "../../src/control/take_over/taking.ts";
import { type Heard, Talk, TalkError } from "../../src/control/socket/talk.ts";
import type { MovedConnection } from "../../src/front/plan.ts";
import { Loop } from "../../src/loop/loop.ts";
import { withoutLeaks } from "../support/descriptors.ts";

/** The same runs each time, unless FC_SEED says otherwise. */
const SEED = Number(Deno.env.get("FC_SEED") ?? 20_260_301);
const RUNS = Number(Deno.env.get("FC_RUNS") ?? 60);

/** A number that no process has (the kernel's limit is 2²²). */
const NOBODY = 2 ** 22 + 1;

/** A conversation that ends, as by SIGKILL, instead of saying or hearing its next message. */
class Mortal extends Talk {
  /** Messages until the end. */
  left = Infinity;
  died = false;

  #live(): void {
    if (this.left-- > 0) return;
    this.died = true;
    this.close();
    throw new TalkError("killed");
  }

  override async say(message: object, fd?: Descriptor): Promise<void> {
    this.#live();
    await super.say(message, fd);
  }

  override async hear(): Promise<Heard> {
    const heard = await super.hear();
    try {
      this.#live();
    } catch (error) {
      if (heard.fd !== undefined) close(heard.fd);
      throw error;
    }
    return heard;
  }
}

/** A front of connections that are no more than numbers with descriptors. */
class Held implements Giver {
  readonly listeners = [];
  readonly totals = { accepted: 7 };
  readonly bequest = () => [{ piece: { of: "front" } }, { piece: { of: "backend" } }];
  readonly offer;
  /** What it owns, and whether it accepts. */
  connections: MovedConnection[];
  accepts = true;
  /** All that it has ever had. */
  readonly made: number[] = [];
  moved: (connection: MovedConnection) => void = () => {};

  /** @param later connections that become its own between the surrender and the end */
  constructor(process: number, count: number, public later: number) {
    this.offer = {
      process,
      generation: 1,
      family: { name: "00", key: new Uint8Array(32) },
      drained: [],
      manager: "",
      watchdog: 0,
      admin: "",
    };
    this.connections = Array.from({ length: count }, (_, id) => this.#make(id));
  }

  #make(id: number): MovedConnection {
    this.made.push(id);
    return connectionOf(id);
  }

  surrender(): Promise<MovedConnection[]> {
    this.accepts = false;
    const all = this.connections;
    this.connections = [];
    // One comes while they go, another one when all have gone.
    if (this.later > 0) this.moved(this.#make(100));
    return Promise.resolve(all);
  }

  resume(connections: readonly MovedConnection[]): void {
    this.accepts = true;
    this.connections.push(...connections);
  }

  leave(): Promise<void> {
    if (this.later > 1) this.moved(this.#make(101));
    return Promise.resolve();
  }

  farewell(): Promise<void> {
    return Promise.resolve();
  }

  succeeded(): void {}
}

/** Of `id` requests: that is what tells it from others. */
function connectionOf(id: number): MovedConnection {
  const [readEnd, writeEnd] = pipe();
  close(writeEnd);
  const bytes = new Uint8Array(20);
  return {
    fd: readEnd,
    client: bytes,
    local: bytes,
    requests: id,
    preread: new Uint8Array(id),
    tls: new Uint8Array(0),
    unread: false,
    unannounced: false,
    peer: 0,
    begun: false,
    head: -1,
    idle: 1,
    lingers: -1,
    waited: -1,
  };
}

const idsOf = (connections: readonly MovedConnection[]) =>
  connections.map(({ requests }) => requests).sort((one, other) => one - other);

const scene = fc.record({
  count: fc.nat(80),
  later: fc.nat(2),
  dies: fc.constantFrom("old", "new", "nobody"),
  at: fc.nat(200),
});

/** How often each thing has happened. */
const seen: Record<string, number> = {};

Deno.test("whoever dies at whichever message, one front and never two goes on with what there was", () =>
  withoutLeaks(async () => {
    await fc.assert(
      fc.asyncProperty(scene, async ({ count, later, dies, at }) => {
        const loop = new Loop();
        const running = loop.run();
        const [oldEnd, newEnd] = unixSocketPair(SOCK_SEQPACKET);
        const [there, here] = [
          new Mortal(loop, oldEnd, "the new front"),
          new Mortal(loop, newEnd, "the old front"),
        ];
        if (dies === "new") here.left = at + 1;
        // A process that lives is this one; one that was killed is nobody's number.
        const old = new Held(dies === "old" ? NOBODY : Deno.pid, count, later);
        // The control socket hears who asks.
        const gone = there.hear().then(() => {
          if (dies === "old") there.left = at;
          return new Giving(there, old).run();
        }).then(() => true, () => false);
        const taken: MovedConnection[] = [];
        let front = false;
        let taking: Taking | undefined;
        try {
          taking = await Taking.of(here, 1);
          for (const { fd } of await taking.sockets(true)) close(fd);
          taken.push(...(await taking.take([])).connections);
          front = true;
          await taking.follow({ late: (connection) => void taken.push(connection), counted: () => {} });
        } catch {
          // It is none.
        } finally {
          taking?.close();
          here.close();
        }
        const given = await gone;
        there.close();
        const kept = old.connections;
        seen[`${dies} ${given ? "given" : "kept"} ${front ? "taken" : "none"}`] ??= 0;
        seen[`${dies} ${given ? "given" : "kept"} ${front ? "taken" : "none"}`]!++;
        const both = idsOf([...taken, ...kept]);
        if (!there.died && !here.died) {
          // Everything, once.
          assert.deepEqual(both, old.made);
          assert.deepEqual([given, front, old.accepts], [true, true, false]);
        } else if (here.died) {
          // The old one is the front again, with all but what the dead one had for itself.
          assert.ok(old.accepts, "nobody accepts");
          if (!front) assert.deepEqual(idsOf(kept), old.made);
        } else {
          // What a dead one goes on with is nobody's.
          assert.ok(front || taken.length === 0);
          assert.equal(new Set(idsOf(taken)).size, taken.length);
        }
        for (const { fd } of [...taken, ...kept]) close(adopt(fd));
        loop.stop();
        await running;
        loop.close();
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: false },
    );
    for (const what of ["nobody given taken", "new kept none", "old kept taken"]) {
      assert.ok(seen[what]! > 0, `this has not happened: ${what}; ${JSON.stringify(seen)}`);
    }
  }));

Deno.test("an old front that has given up, and hears then that the other one is the front, ends all the same", () =>
  withoutLeaks(async () => {
    const loop = new Loop();
    const running = loop.run();
    const [oldEnd, newEnd] = unixSocketPair(SOCK_SEQPACKET);
    const [there, here] = [new Talk(loop, oldEnd, "the new front"), new Talk(loop, newEnd, "the old front")];
    const old = new Held(Deno.pid, 3, 2);
    const given = new Giving(there, old).run();
    for (;;) {
      const { message: { type, id }, fd } = await here.hear();
      if (fd !== undefined) close(fd);
      if (type === "offer") await here.say({ type: "want" });
      else if (type === "listeners") await here.say({ type: "ready" });
      else if (type === "connection") await here.say({ type: "ack", id });
      else if (type === "commit") break;
    }
    // As one does that has been stopped for longer than it waits: it gives up, and the word is there.
    await here.say({ type: "later" });
    await here.say({ type: "committed" });
    await given;
    assert.deepEqual([old.accepts, old.connections], [false, []]);
    here.close();
    there.close();
    loop.stop();
    await running;
    loop.close();
  }));
