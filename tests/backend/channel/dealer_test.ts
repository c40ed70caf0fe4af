import assert from "node:assert/strict";
import type { Descriptor } from "../../../ffi/mod.ts";
import { Dealer } from "../../../src/backend/channel/dealer.ts";
import { frontIdentity } from "../../../src/backend/channel/front_identity.ts";
import { WorkerPort } from "../../../src/backend/channel/worker_port.ts";
import { Loop } from "../../../src/loop/loop.ts";
import { nameOf, RawChannel } from "../../front/raw_channel.ts";
import { ManualClock } from "../../support/clock.ts";
import { withoutLeaks } from "../../support/descriptors.ts";
import { ScriptedFront } from "../scripted_front.ts";

/** A worker in this process: its port, and the channels that it was dealt. */
class TestWorker {
  readonly channels: RawChannel[] = [];
  readonly port: WorkerPort;

  constructor(table: Table) {
    this.port = WorkerPort.connect(table.door);
    this.port.watch(table.loop.poller, (fd: Descriptor) => this.channels.push(new RawChannel(fd)));
  }

  /** Ends a channel and says whose it was: a front that has said its instance, or one of this process by its name. */
  drop(index: number, { name, instance }: { readonly name: string; readonly instance?: string }): void {
    const channel = this.channels.splice(index, 1)[0]!;
    const hello = { workers: 0, window: 1, process: 0, name, ...instance !== undefined && { instance } };
    this.port.channelEnded(frontIdentity(hello, channel.fd));
    channel.close();
  }

  close(): void {
    this.port.close();
    this.channels.forEach((channel) => channel.close());
    this.channels.length = 0;
  }
}

/** A dealer with workers and fronts around it, all on one loop that is turned by hand, with a clock that stands still. */
class Table {
  readonly clock = new ManualClock();
  readonly directory = Deno.makeTempDirSync({ prefix: "fdpass-" });
  readonly path = `${this.directory}/app.sock`;
  readonly door = `${this.directory}/door`;
  readonly loop = new Loop(this.clock.read);
  readonly ready: number[] = [];
  readonly dealer = new Dealer(this.loop, this.path, this.door, {}, {
    workerReady: (process) => this.ready.push(process),
  });
  readonly workers: TestWorker[] = [];
  readonly fronts: ScriptedFront[] = [];

  worker(): TestWorker {
    const worker = new TestWorker(this);
    this.workers.push(worker);
    this.settle();
    return worker;
  }

  front(name: string, greeting = true, instance?: string): ScriptedFront {
    const front = new ScriptedFront(this.path, greeting, name, 8, instance);
    this.fronts.push(front);
    this.settle();
    return front;
  }

  settle(ahead = 0): void {
    for (let quiet = 0; quiet < 3;) {
      const count = this.loop.poller.wait(0);
      this.loop.now = this.clock.now;
      this.loop.poller.tell(count);
      quiet = count === 0 ? quiet + 1 : 0;
    }
    this.loop.deadlines.expire(this.loop.now + ahead);
  }

  /** Channels that each worker has. */
  get dealt(): number[] {
    return this.workers.map(({ channels }) => channels.length);
  }

  close(): void {
    this.dealer.close();
    this.fronts.forEach((front) => front.close());
    this.workers.forEach((worker) => worker.close());
    this.loop.close();
    const left = [...Deno.readDirSync(this.directory)].map(({ name }) => name);
    Deno.removeSync(this.directory, { recursive: true });
    assert.deepEqual(left, []);
  }
}

function test(name: string, body: (table: Table) => void): void {
  Deno.test(name, () =>
    withoutLeaks(() => {
      const table = new Table();
      try {
        body(table);
      } finally {
        table.close();
      }
    }));
}

test("a front's channels go to different workers, with HELLO still in them", (table) => {
  table.worker();
  table.worker();
  table.worker();
  assert.deepEqual(table.ready, [Deno.pid, Deno.pid, Deno.pid]);
  for (let i = 0; i < 3; i++) table.front("one");
  assert.deepEqual(table.dealt, [1, 1, 1]);
  for (let i = 0; i < 3; i++) table.front("two");
  assert.deepEqual(table.dealt, [2, 2, 2]);
  for (const { channels } of table.workers) {
    for (const channel of channels) assert.deepEqual(channel.hearAll().map(nameOf), ["HELLO"]);
  }
});

test("fronts of one name and one process number, as in containers, each have a channel to every worker", (table) => {
  for (let count = 0; count < 2; count++) table.worker();
  for (let count = 0; count < 2; count++) {
    for (const instance of ["a".repeat(32), "b".repeat(32)]) table.front("front 7.1", true, instance);
  }
  assert.deepEqual(table.dealt, [2, 2]);
  // And what one of them has less is not the other's.
  table.workers[0]!.drop(0, { name: "front 7.1", instance: "a".repeat(32) });
  table.settle();
  table.front("front 7.1", true, "b".repeat(32));
  assert.deepEqual(table.dealt, [1, 2], "has one to each already, and waits");
  table.front("front 7.1", true, "a".repeat(32));
  assert.deepEqual(table.dealt, [2, 2]);
});

test("whoever connects without end has an end to what it holds, and others are dealt", (table) => {
  table.worker();
  // More than the backlog of the path takes at once.
  for (let count = 0; count < 300; count++) table.front("silent", false);
  assert.ok(table.fronts.filter((front) => front.read().length === 0 && !front.ended).length <= 256);
  table.front("one");
  assert.deepEqual(table.dealt, [1]);
});

test("a front that has a channel to every worker waits for another, and is let go after a while", (table) => {
  table.worker();
  table.front("one");
  const waiting = table.front("one");
  assert.deepEqual(table.dealt, [1]);
  const second = table.worker();
  assert.deepEqual(table.dealt, [1, 1]);
  waiting.read();
  assert.equal(waiting.ended, false);
  assert.equal(second.channels.length, 1);
  const late = table.front("one");
  table.settle(2_100);
  late.read();
  assert.equal(late.ended, true);
});

test("a worker that has a channel less gets the front that waits", (table) => {
  const worker = table.worker();
  table.front("one");
  table.front("one");
  assert.deepEqual(table.dealt, [1]);
  worker.drop(0, { name: "one" });
  table.settle();
  assert.deepEqual(table.dealt, [1]);
  // Another front's name makes no room for this one.
  table.front("one");
  worker.port.channelEnded("somebody else");
  table.settle();
  assert.deepEqual(table.dealt, [1]);
});

test("fronts that come before any worker wait for the first", (table) => {
  const fronts = [table.front("one"), table.front("two")];
  const worker = table.worker();
  assert.equal(worker.channels.length, 2);
  fronts.forEach((front) => front.read());
  assert.deepEqual(fronts.map(({ ended }) => ended), [false, false]);
});

test("a worker that has gone gets nothing more, and the others do", (table) => {
  const gone = table.worker();
  table.worker();
  gone.close();
  table.settle();
  table.front("one");
  assert.deepEqual(table.dealt, [0, 1]);
});

test("a front that was meant for a worker which is just going comes to another", (table) => {
  const gone = table.worker();
  const other = table.worker();
  const front = new ScriptedFront(table.path, true, "one");
  table.fronts.push(front);
  // The dealer does not know yet.
  gone.close();
  table.settle();
  assert.equal(other.channels.length, 1);
  front.read();
  assert.equal(front.ended, false);
});

test("a front that does not introduce itself properly is a worker's to answer", (table) => {
  const worker = table.worker();
  const front = table.front("", false);
  front.channel.say(new Uint8Array([7, 7, 7]));
  table.settle();
  assert.equal(worker.channels.length, 1);
  assert.deepEqual([...(worker.channels[0]!.hear() as { bytes: Uint8Array }).bytes], [7, 7, 7]);
});

test("a front that says nothing, or goes, takes nothing with it", (table) => {
  const worker = table.worker();
  const silent = table.front("", false);
  table.front("", false).channel.close();
  table.settle();
  table.settle(2_100);
  silent.read();
  assert.equal(silent.ended, true);
  assert.equal(worker.channels.length, 0);
});

test("a dealer that closes lets workers keep what they have", (table) => {
  const worker = table.worker();
  const front = table.front("one");
  const waiting = table.front("one");
  table.dealer.close();
  table.settle();
  waiting.read();
  front.read();
  assert.deepEqual([waiting.ended, front.ended, worker.channels.length], [true, false, 1]);
});

Deno.test("a Dealer whose path cannot be had leaves nothing open", () =>
  withoutLeaks(() => {
    const directory = Deno.makeTempDirSync({ prefix: "fdpass-" });
    const loop = new Loop();
    const options = [{}, { workerReady: () => {} }] as const;
    Deno.writeTextFileSync(`${directory}/file`, "");
    assert.throws(() => new Dealer(loop, `${directory}/file`, `${directory}/door`, ...options), /no socket/);
    assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), ["file"]);
    loop.close();
    Deno.removeSync(directory, { recursive: true });
  }));

Deno.test("WorkerPort.connect() says that there is no dealer", () =>
  withoutLeaks(() => {
    assert.throws(
      () => WorkerPort.connect("/no/such/door"),
      /Cannot reach the process that listens for this worker/,
    );
  }));

Deno.test("a WorkerPort ends with its dealer", () =>
  withoutLeaks(() => {
    const table = new Table();
    const worker = table.worker();
    table.dealer.close();
    table.settle();
    worker.port.channelEnded("one");
    assert.equal(worker.channels.length, 0);
    table.close();
  }));
