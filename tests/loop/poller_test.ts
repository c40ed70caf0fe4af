import assert from "node:assert/strict";
import {
  adopt,
  close,
  createEventfd,
  type Descriptor,
  EBADF,
  EPOLLET,
  EPOLLIN,
  EPOLLOUT,
  ErrnoError,
  signalEventfd,
  takeEventfd,
} from "../../ffi/mod.ts";
import { Poller, type Source } from "../../src/loop/poller.ts";
import { Held, withoutLeaks } from "../support/descriptors.ts";

/** A source that counts what it is told, and does something then. */
class Counting implements Source {
  count = 0;
  events = 0;
  constructor(readonly then?: (events: number) => void) {}
  ready(events: number): void {
    this.count++;
    this.events = events;
    this.then?.(events);
  }
}

/** A poller, and descriptors that go with it. */
class Bench implements Disposable {
  readonly poller = new Poller();
  readonly held = new Held();

  /** An eventfd that is ready (or not) to be read. */
  eventfd(ready: boolean): Descriptor {
    const fd = this.held.keep(createEventfd());
    if (ready) signalEventfd(fd);
    return fd;
  }
  /** Looks once, tells, and says how many events there were. */
  look(): number {
    const count = this.poller.wait(0);
    this.poller.tell(count);
    return count;
  }
  [Symbol.dispose](): void {
    this.poller.close();
    this.held[Symbol.dispose]();
  }
}

/** A test with a bench of its own that leaves no descriptor open. */
function test(name: string, body: (bench: Bench) => void | Promise<void>): void {
  Deno.test(name, () =>
    withoutLeaks(async () => {
      using bench = new Bench();
      await body(bench);
    }));
}

test("Poller tells a source what its descriptor is ready for, and nobody else", (bench) => {
  const ready = new Counting();
  const quiet = new Counting();
  bench.poller.add(bench.eventfd(true), EPOLLIN | EPOLLOUT, ready);
  bench.poller.add(bench.eventfd(false), EPOLLIN, quiet);
  assert.equal(bench.look(), 1);
  assert.deepEqual([ready.count, ready.events, quiet.count], [1, EPOLLIN | EPOLLOUT, 0]);
});

test("Poller drops the event of a source that another one removed in the same batch", (bench) => {
  // Whichever the kernel names first removes the other one.
  const fds = [bench.eventfd(true), bench.eventfd(true)];
  const sources = fds.map((_, index) => new Counting(() => bench.poller.remove(fds[1 - index]!)));
  fds.forEach((fd, index) => bench.poller.add(fd, EPOLLIN, sources[index]!));
  assert.equal(bench.look(), 2);
  assert.deepEqual(sources.map(({ count }) => count).toSorted(), [0, 1]);
});

test("Poller does not give an event to the source that took its place in the same batch", (bench) => {
  const late = new Counting();
  const fds = [bench.eventfd(true), bench.eventfd(true)];
  const sources = fds.map((_, index) =>
    new Counting(() => {
      // The slot that is free now is taken at once, and the descriptor's number as well.
      const other = fds[1 - index]!;
      bench.poller.remove(other);
      bench.held.close(other);
      const replacement = bench.eventfd(false);
      assert.equal(replacement, other);
      bench.poller.add(replacement, EPOLLIN, late);
    })
  );
  fds.forEach((fd, index) => bench.poller.add(fd, EPOLLIN, sources[index]!));
  assert.equal(bench.look(), 2);
  assert.deepEqual(sources.map(({ count }) => count).toSorted(), [0, 1]);
  assert.equal(late.count, 0);
  // One of the first two and the replacement are left; the latter works like any other.
  fds.forEach((fd) => signalEventfd(fd));
  sources.forEach((source) => Object.assign(source, { then: undefined }));
  bench.look();
  assert.equal(late.count, 1);
});

test("Poller lets a source remove itself while it is told", (bench) => {
  const fd = bench.eventfd(true);
  const source = new Counting(() => bench.poller.remove(fd));
  bench.poller.add(fd, EPOLLIN, source);
  assert.equal(bench.look(), 1);
  assert.equal(bench.look(), 0);
  assert.equal(source.count, 1);
});

test("Poller uses slots again, over thousands of registrations", (bench) => {
  const fd = bench.eventfd(true);
  for (let round = 0; round < 5_000; round++) {
    const source = new Counting();
    bench.poller.add(fd, EPOLLIN, source);
    assert.equal(bench.look(), 1);
    assert.equal(source.count, 1);
    bench.poller.remove(fd);
  }
  assert.equal(bench.look(), 0);
});

test("Poller tells more sources than one batch holds, each in its turn", (bench) => {
  const sources = Array.from({ length: 800 }, () => {
    const fd = bench.eventfd(true);
    const source = new Counting(() => takeEventfd(fd));
    bench.poller.add(fd, EPOLLIN, source);
    return source;
  });
  let told = 0;
  for (let count = bench.look(); count > 0; count = bench.look()) told += count;
  assert.equal(told, sources.length);
  assert.ok(sources.every(({ count, events }) => count === 1 && events === EPOLLIN));
});

test("Poller.modify() changes what is waited for, and an edge that is there fires again", (bench) => {
  const fd = bench.eventfd(true);
  const source = new Counting();
  bench.poller.add(fd, EPOLLIN | EPOLLET, source);
  assert.deepEqual([bench.look(), bench.look()], [1, 0]);
  bench.poller.modify(fd, EPOLLIN | EPOLLET);
  assert.deepEqual([bench.look(), bench.look()], [1, 0]);
  bench.poller.modify(fd, 0);
  assert.equal(bench.look(), 0);
  bench.poller.modify(fd, EPOLLOUT);
  assert.equal(bench.look(), 1);
  assert.equal(source.events, EPOLLOUT);
});

test("Poller.add() fails in a sentence, and is none the worse for it", (bench) => {
  const closed = adopt(createEventfd());
  close(closed);
  assert.throws(
    () => bench.poller.add(closed, EPOLLIN, new Counting()),
    (error) => error instanceof ErrnoError && error.errno === EBADF && /^Cannot watch/.test(error.message),
  );
  assert.throws(() => bench.poller.modify(closed, EPOLLIN), /^ErrnoError: Cannot change what a descriptor/);
  const source = new Counting();
  bench.poller.add(bench.eventfd(true), EPOLLIN, source);
  bench.look();
  assert.equal(source.count, 1);
});

test("Poller.remove() does nothing to what is not registered", (bench) => {
  const fd = bench.eventfd(true);
  bench.poller.remove(fd);
  bench.poller.add(fd, EPOLLIN, new Counting());
  bench.poller.remove(fd);
  bench.poller.remove(fd);
  // Neither of the superfluous removals has left a slot behind that is none.
  const sources = [new Counting(), new Counting()];
  bench.poller.add(fd, EPOLLIN, sources[0]!);
  bench.poller.add(bench.eventfd(true), EPOLLIN, sources[1]!);
  assert.equal(bench.look(), 2);
  assert.deepEqual(sources.map(({ count }) => count), [1, 1]);
});

test("Poller.waitElsewhere() waits while promises go on", async (bench) => {
  const fd = bench.eventfd(false);
  const source = new Counting();
  bench.poller.add(fd, EPOLLIN, source);
  const waiting = bench.poller.waitElsewhere(-1);
  await new Promise((resolve) => setTimeout(resolve, 5));
  signalEventfd(fd);
  bench.poller.tell(await waiting);
  assert.equal(source.count, 1);
  takeEventfd(fd);
  assert.equal(await bench.poller.waitElsewhere(1), 0);
});
