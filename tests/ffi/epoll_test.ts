import assert from "node:assert/strict";
import { adopt, duplicate, pipe } from "../../ffi/descriptor.ts";
import {
  Epoll,
  EPOLLET,
  epollEventLayout,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
} from "../../ffi/epoll.ts";
import { EBADF, EEXIST, EINVAL, ENOENT } from "../../ffi/errno.ts";
import { createEventfd, signalEventfd, takeEventfd } from "../../ffi/eventfd.ts";
import { SHUT_WR, shutdown, SOCK_STREAM, unixSocketPair } from "../../ffi/socket.ts";
import { Held, withoutLeaks } from "../support/descriptors.ts";
import { PATIENCE } from "../support/waiting.ts";
import { hear, say } from "./sockets.ts";

/** An instance that is closed at the end of its block. */
class HeldEpoll extends Epoll implements Disposable {
  [Symbol.dispose](): void {
    this.close();
  }
}

Deno.test("epollEventLayout() is packed on x86_64 and aligned elsewhere", () => {
  assert.deepEqual(epollEventLayout("x86_64"), { words: 3, data: 1 });
  assert.deepEqual(epollEventLayout("aarch64"), { words: 4, data: 2 });
});

Deno.test("Epoll gives two numbers back, each of 32 bits, beside the events of the right descriptor", () =>
  withoutLeaks(() => {
    using held = new Held();
    using epoll = new HeldEpoll(8);
    const numbers = [[0, 0], [1, 2], [0xffffffff, 0x80000000], [0x12345678, 0xffffffff]] as const;
    const pipes = numbers.map(() => held.keepBoth(pipe()));
    pipes.forEach(([read], i) => assert.equal(epoll.add(read, EPOLLIN, numbers[i]![0], numbers[i]![1]), 0));
    assert.equal(epoll.wait(0), 0);
    pipes.forEach(([, write]) => say(write, "x"));
    assert.equal(epoll.wait(-1), 4);
    const found = [0, 1, 2, 3].map((i) => [epoll.low(i), epoll.high(i)]);
    assert.deepEqual(found, numbers.map((pair) => [...pair]));
    for (let i = 0; i < 4; i++) assert.equal(epoll.events(i), EPOLLIN);
  }));

Deno.test("Epoll brings as many events at once as it has room for, and the others next time", () =>
  withoutLeaks(() => {
    using held = new Held();
    using epoll = new HeldEpoll(2);
    const events = [1, 2, 3].map((low) => {
      const fd = held.keep(createEventfd());
      assert.equal(epoll.add(fd, EPOLLIN | EPOLLET, low, 0), 0);
      signalEventfd(fd);
      return low;
    });
    assert.equal(epoll.wait(0), 2);
    const found = [epoll.low(0), epoll.low(1)];
    assert.equal(epoll.wait(0), 1);
    assert.deepEqual([...found, epoll.low(0)].sort(), events);
    assert.equal(epoll.wait(0), 0);
  }));

Deno.test("Epoll reports what is unread again and again, or with EPOLLET once for each arrival", () =>
  withoutLeaks(() => {
    using held = new Held();
    using epoll = new HeldEpoll(4);
    const [levelEnd, toLevel] = held.keepBoth(unixSocketPair(SOCK_STREAM));
    const [edgeEnd, toEdge] = held.keepBoth(unixSocketPair(SOCK_STREAM));
    assert.equal(epoll.add(levelEnd, EPOLLIN, 1, 0), 0);
    assert.equal(epoll.add(edgeEnd, EPOLLIN | EPOLLET, 2, 0), 0);
    const ready = () => Array.from({ length: epoll.wait(0) }, (_, i) => epoll.low(i)).sort();
    say(toLevel, "unread");
    say(toEdge, "unread");
    assert.deepEqual(ready(), [1, 2]);
    assert.deepEqual(ready(), [1]);
    assert.deepEqual(ready(), [1]);
    say(toEdge, ", more");
    assert.deepEqual(ready(), [1, 2]);
    assert.equal(hear(levelEnd), "unread");
    assert.equal(hear(edgeEnd), "unread, more");
    assert.deepEqual(ready(), []);
  }));

Deno.test("Epoll tells half a close from a whole one", () =>
  withoutLeaks(() => {
    using held = new Held();
    using epoll = new HeldEpoll(4);
    const [ours, theirs] = held.keepBoth(unixSocketPair(SOCK_STREAM));
    assert.equal(epoll.add(ours, EPOLLRDHUP, 1, 0), 0);
    assert.equal(epoll.wait(0), 0);
    shutdown(theirs, SHUT_WR);
    assert.equal(epoll.wait(0), 1);
    assert.equal(epoll.events(0), EPOLLRDHUP);
    held.close(theirs);
    assert.equal(epoll.wait(0), 1);
    assert.equal(epoll.events(0), EPOLLRDHUP | EPOLLHUP);
  }));

Deno.test("Epoll.modify() changes the events and both numbers", () =>
  withoutLeaks(() => {
    using held = new Held();
    using epoll = new HeldEpoll(4);
    const [ours] = held.keepBoth(unixSocketPair(SOCK_STREAM));
    assert.equal(epoll.modify(ours, EPOLLIN, 1, 2), -ENOENT);
    assert.equal(epoll.add(ours, EPOLLIN, 1, 2), 0);
    assert.equal(epoll.wait(0), 0);
    assert.equal(epoll.modify(ours, EPOLLOUT, 3, 4), 0);
    assert.equal(epoll.wait(0), 1);
    assert.deepEqual([epoll.events(0), epoll.low(0), epoll.high(0)], [EPOLLOUT, 3, 4]);
  }));

Deno.test("Epoll.add() and remove() say what is wrong as -errno", () =>
  withoutLeaks(() => {
    using held = new Held();
    using epoll = new HeldEpoll(4);
    const fd = held.keep(createEventfd());
    assert.equal(epoll.add(fd, EPOLLIN, 0, 0), 0);
    assert.equal(epoll.add(fd, EPOLLIN, 0, 0), -EEXIST);
    signalEventfd(fd);
    assert.equal(epoll.wait(0), 1);
    assert.equal(epoll.remove(fd), 0);
    assert.equal(epoll.wait(0), 0);
    assert.equal(epoll.remove(fd), -ENOENT);
    assert.equal(epoll.add(adopt(1_000_000), EPOLLIN, 0, 0), -EBADF);
    using roomless = new HeldEpoll(0);
    assert.equal(roomless.wait(0), -EINVAL);
  }));

Deno.test("a registration outlives the descriptor while the socket is open elsewhere, so remove() comes first", () =>
  withoutLeaks(() => {
    using held = new Held();
    using epoll = new HeldEpoll(4);
    for (const removes of [true, false]) {
      const [ours, theirs] = held.keepBoth(unixSocketPair(SOCK_STREAM));
      const passedOn = held.keep(adopt(duplicate(ours)));
      assert.equal(epoll.add(ours, EPOLLIN, 7, 0), 0);
      if (removes) assert.equal(epoll.remove(ours), 0);
      held.close(ours);
      say(theirs, "for whoever has it now");
      assert.equal(epoll.wait(0), removes ? 0 : 1);
      if (!removes) assert.equal(epoll.remove(ours), -EBADF);
      held.close(passedOn);
    }
  }));

Deno.test("Epoll.waitElsewhere() lets timers run until an event comes", () =>
  withoutLeaks(async () => {
    using held = new Held();
    using epoll = new HeldEpoll(4);
    const fd = held.keep(createEventfd());
    assert.equal(epoll.add(fd, EPOLLIN, 5, 6), 0);
    let ticks = 0;
    const timer = setInterval(() => {
      if (++ticks === 3) signalEventfd(fd);
    }, 1);
    assert.equal(await epoll.waitElsewhere(PATIENCE), 1);
    clearInterval(timer);
    assert.ok(ticks >= 3);
    assert.deepEqual([epoll.events(0), epoll.low(0), epoll.high(0)], [EPOLLIN, 5, 6]);
    assert.equal(takeEventfd(fd), 1);
    assert.equal(await epoll.waitElsewhere(0), 0);
  }));

Deno.test("Epoll.wait() may look while waitElsewhere() waits, and neither spoils the other's events", () =>
  withoutLeaks(async () => {
    using held = new Held();
    using epoll = new HeldEpoll(4);
    const [first, second] = [held.keep(createEventfd()), held.keep(createEventfd())];
    const elsewhere = epoll.waitElsewhere(PATIENCE);
    assert.equal(epoll.add(first, EPOLLIN | EPOLLET, 1, 10), 0);
    assert.equal(epoll.wait(0), 0);
    signalEventfd(first);
    assert.equal(await elsewhere, 1);
    assert.deepEqual([epoll.low(0), epoll.high(0)], [1, 10]);
    assert.equal(epoll.add(second, EPOLLIN | EPOLLET, 2, 20), 0);
    signalEventfd(second);
    assert.equal(epoll.wait(0), 1);
    assert.deepEqual([epoll.low(0), epoll.high(0)], [2, 20]);
  }));
