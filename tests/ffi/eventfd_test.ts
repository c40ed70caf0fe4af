import assert from "node:assert/strict";
import { createEventfd, signalEventfd, takeEventfd } from "../../ffi/eventfd.ts";
import { descriptorFlags, Held, withoutLeaks } from "../support/descriptors.ts";
import { until } from "../support/waiting.ts";

const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

Deno.test("takeEventfd() says how often it was signalled since the last time", () =>
  withoutLeaks(() => {
    using held = new Held();
    const fd = held.keep(createEventfd());
    assert.equal(descriptorFlags(fd) & (O_NONBLOCK | O_CLOEXEC), O_NONBLOCK | O_CLOEXEC);
    assert.equal(takeEventfd(fd), 0);
    for (let i = 0; i < 3; i++) signalEventfd(fd);
    assert.equal(takeEventfd(fd), 3);
    assert.equal(takeEventfd(fd), 0);
  }));

/** The next message of a worker. */
function message<T>(worker: Worker): Promise<T> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
  });
}

/** Waits until a thread of this process is inside epoll_wait(2) for this many events, as /proc shows it. */
async function blockedInEpoll(thread: string, capacity: number): Promise<void> {
  const inWait = new RegExp(`^\\d+ 0x[0-9a-f]+ 0x[0-9a-f]+ 0x${capacity.toString(16)} `);
  let text = "";
  await until(() => {
    text = Deno.readTextFileSync(`/proc/${thread}/syscall`);
    return inWait.test(text);
  }, () => `the worker to be blocked in epoll_wait: ${text}`);
}

Deno.test("signalEventfd() wakes a Worker that is blocked in epoll_wait", () =>
  withoutLeaks(async () => {
    using held = new Held();
    const fd = held.keep(createEventfd());
    const worker = new Worker(import.meta.resolve("./fixtures/blocked_worker.ts"), { type: "module" });
    try {
      await message(worker);
      const about = message<{ thread: string; capacity: number }>(worker);
      worker.postMessage({ fd });
      const { thread, capacity } = await about;
      await blockedInEpoll(thread, capacity);
      const woken = message(worker);
      signalEventfd(fd);
      assert.deepEqual(await woken, { count: 1, low: 11, high: 22, signals: 1 });
    } finally {
      // Should it be blocked still, this lets it end.
      signalEventfd(fd);
      worker.terminate();
    }
  }, { workers: true }));
