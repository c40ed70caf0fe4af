import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { type Deadlines, DeadlineSet, Timed } from "../../src/loop/deadlines.ts";

/** Says in a log when its deadline has passed. */
class Node extends Timed {
  constructor(readonly name: number, readonly log: number[], readonly then?: () => void) {
    super();
  }
  override expire(): void {
    assert.equal(this.deadlines, undefined);
    this.log.push(this.name);
    this.then?.();
  }
}

const NODES = 6;
const LENGTHS = [0, 10, 10, 25];

/** What runs: lists, nodes, and what they and the set have told. */
class Real {
  readonly set = new DeadlineSet();
  readonly lists: readonly Deadlines[] = LENGTHS.map((length) => this.set.list(length));
  readonly log: number[] = [];
  readonly nodes = Array.from({ length: NODES }, (_, name) => new Node(name, this.log));
  readonly sooner: number[] = [];
  constructor() {
    this.set.onSooner = (due) => this.sooner.push(due);
  }
}

/** The same, without any cleverness: for each list an array, sorted by end, equals in the order of starting. */
class Model {
  now = 0;
  lengths = [...LENGTHS];
  lists: { node: number; due: number }[][] = LENGTHS.map(() => []);

  stop(node: number): void {
    this.lists = this.lists.map((list) => list.filter((entry) => entry.node !== node));
  }
  /** Returns whether the node has become its list's first. */
  start(node: number, list: number, due: number): boolean {
    this.stop(node);
    this.lists[list]!.push({ node, due });
    this.lists[list]!.sort((a, b) => a.due - b.due);
    return this.lists[list]![0]!.node === node;
  }
  expire(): number[] {
    const gone = this.lists.flatMap((list) => list.filter(({ due }) => due <= this.now));
    this.lists = this.lists.map((list) => list.filter(({ due }) => due > this.now));
    return gone.map(({ node }) => node);
  }
  /** What must be true between any two commands. */
  compare(real: Real): void {
    this.lists.forEach((list, index) => {
      const found: number[] = [];
      for (let node = real.lists[index]!.first; node !== undefined; node = node.later) {
        assert.equal(node.deadlines, real.lists[index]);
        assert.equal(node.later?.earlier ?? node, node);
        found.push((node as Node).name);
      }
      assert.deepEqual(found, list.map(({ node }) => node));
    });
    const dues = this.lists.flat().map(({ due }) => due);
    assert.equal(
      real.set.timeout(this.now),
      dues.length === 0 ? -1 : Math.ceil(Math.max(0, Math.min(...dues) - this.now)),
    );
  }
}

type Command = fc.Command<Model, Real>;

/** A command that can always run. */
function command(name: string, run: (model: Model, real: Real) => void): Command {
  return {
    check: () => true,
    run: (model, real) => {
      run(model, real);
      model.compare(real);
    },
    toString: () => name,
  };
}

const node = fc.nat(NODES - 1);
const list = fc.nat(LENGTHS.length - 1);

const COMMANDS: fc.Arbitrary<Command>[] = [
  fc.tuple(node, list).map(([n, l]) =>
    command(`start(${n}, list ${l})`, (model, real) => {
      const before = real.sooner.length;
      real.lists[l]!.start(real.nodes[n]!, model.now);
      const due = model.now + model.lengths[l]!;
      const first = model.start(n, l, due);
      assert.deepEqual(real.sooner.slice(before), first ? [due] : []);
    })
  ),
  fc.tuple(node, list, fc.integer({ min: -20, max: 40 })).map(([n, l, ahead]) =>
    command(`startUntil(${n}, list ${l}, +${ahead})`, (model, real) => {
      const before = real.sooner.length;
      const due = model.now + ahead;
      real.lists[l]!.startUntil(real.nodes[n]!, due);
      assert.deepEqual(real.sooner.slice(before), model.start(n, l, due) ? [due] : []);
    })
  ),
  node.map((n) =>
    command(`stopDeadline(${n})`, (model, real) => {
      real.nodes[n]!.stopDeadline();
      model.stop(n);
      assert.equal(real.nodes[n]!.deadlines, undefined);
    })
  ),
  fc.tuple(node, list).map(([n, l]) =>
    command(`list ${l}.stop(${n})`, (model, real) => {
      real.lists[l]!.stop(real.nodes[n]!);
      if (model.lists[l]!.some((entry) => entry.node === n)) model.stop(n);
    })
  ),
  fc.integer({ min: 0, max: 30 }).map((ahead) =>
    command(`expire(+${ahead})`, (model, real) => {
      model.now += ahead;
      real.log.length = 0;
      real.set.expire(model.now);
      assert.deepEqual(real.log, model.expire());
    })
  ),
  fc.tuple(list, fc.nat(30)).map(([l, length]) =>
    command(`list ${l} = ${length} ms`, (model, real) => {
      real.lists[l]!.milliseconds = model.lengths[l] = length;
    })
  ),
];

Deno.test("Deadlines expires exactly the nodes whose time has passed, in order, whatever was done before", () => {
  fc.assert(
    fc.property(fc.commands(COMMANDS, { maxCommands: 60 }), (commands) => {
      fc.modelRun(() => ({ model: new Model(), real: new Real() }), commands);
    }),
    { numRuns: 300 },
  );
});

Deno.test("Deadlines.expire() minds what an expiring node does to others and to itself", () => {
  const set = new DeadlineSet();
  const list = set.list(10);
  const log: number[] = [];
  const victim = new Node(2, log);
  const late = new Node(4, log);
  const first: Node = new Node(1, log, () => {
    victim.stopDeadline();
    list.startUntil(late, 5);
    list.start(first, 15);
  });
  list.start(first, 0);
  list.start(victim, 0);
  list.start(new Node(3, log), 0);
  set.expire(15);
  // `late` was put in front of node 3 while the list was expiring; `first` begins anew and ends at 25.
  assert.deepEqual(log, [1, 4, 3]);
  assert.equal(set.timeout(15), 10);
  set.expire(24);
  assert.deepEqual(log, [1, 4, 3]);
});

Deno.test("Deadlines keeps equal ends in the order in which they were started, and starting over is starting", () => {
  const set = new DeadlineSet();
  const list = set.list(10);
  const log: number[] = [];
  const nodes = [0, 1, 2].map((name) => new Node(name, log));
  nodes.forEach((node) => list.start(node, 0));
  list.start(nodes[0]!, 0);
  set.expire(9);
  assert.deepEqual(log, []);
  set.expire(10);
  assert.deepEqual(log, [1, 2, 0]);
});

Deno.test("DeadlineSet.timeout() rounds up, so that a wait never ends just before", () => {
  const set = new DeadlineSet();
  const list = set.list(0);
  const node = new Node(0, []);
  assert.equal(set.timeout(0), -1);
  fc.assert(fc.property(fc.double({ min: -100, max: 1e6, noNaN: true }), (due) => {
    const now = 500.25;
    list.startUntil(node, due);
    const timeout = set.timeout(now);
    assert.ok(Number.isInteger(timeout) && timeout >= 0);
    assert.ok(now + timeout >= due);
    assert.ok(timeout === 0 || now + timeout - 1 < due);
  }));
  list.startUntil(node, Infinity);
  assert.equal(set.timeout(0), -1);
});

Deno.test("DeadlineSet.timeout() says no more than epoll_wait can be told", () => {
  const set = new DeadlineSet();
  const list = set.list(90 * 24 * 3_600_000);
  const node = new Node(0, []);
  list.start(node, 0);
  assert.equal(set.timeout(0), 2 ** 31 - 1);
  node.stopDeadline();
  assert.equal(set.timeout(0), -1);
});
