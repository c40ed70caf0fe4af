import assert from "node:assert/strict";
import { adopt, close, type Descriptor, duplicate, pipe } from "../../ffi/descriptor.ts";
import { compareDescriptors, Held, openDescriptors, sharesProcess, withoutLeaks } from "./descriptors.ts";
import { until } from "./waiting.ts";

const map = (entries: Record<number, string>) =>
  new Map(Object.entries(entries).map(([fd, link]) => [Number(fd), link]));

Deno.test("openDescriptors() finds a pipe under both its numbers, and only while it is open", () => {
  const [read, write] = pipe();
  const found = openDescriptors();
  const link = found.get(read)!;
  close(read);
  close(write);
  assert.match(link, /^pipe:\[\d+\]$/);
  assert.equal(found.get(write), link);
  assert.ok(![...openDescriptors().values()].includes(link));
});

Deno.test("openDescriptors() reads another process", async () => {
  const child = new Deno.Command("cat", { stdin: "piped", stdout: "null", stderr: "null" }).spawn();
  try {
    // Between fork and exec the child still shows what it inherits.
    await until(() => openDescriptors(child.pid).get(1) === "/dev/null", "the child's own output");
    assert.match(openDescriptors(child.pid).get(0)!, /^(pipe|socket):/);
  } finally {
    await child.stdin.close();
    await child.status;
  }
});

Deno.test("compareDescriptors() goes by what is open, not by number", () => {
  const epoll = "anon_inode:[eventpoll]";
  assert.deepEqual(compareDescriptors(map({ 3: epoll, 4: "pipe:[1]" }), map({ 4: "pipe:[1]", 9: epoll })), {
    leaked: [],
    missing: [],
  });
  assert.deepEqual(compareDescriptors(map({ 3: epoll }), map({ 3: epoll, 9: epoll })), {
    leaked: [`9 -> ${epoll}`],
    missing: [],
  });
  assert.deepEqual(compareDescriptors(map({ 3: "socket:[7]", 5: "pipe:[1]" }), map({ 5: "pipe:[2]" })), {
    leaked: ["5 -> pipe:[2]"],
    missing: ["3 -> socket:[7]", "5 -> pipe:[1]"],
  });
});

Deno.test({
  name: "withoutLeaks() names a descriptor that was left open",
  ignore: sharesProcess,
  async fn() {
    let left: Descriptor | undefined;
    await assert.rejects(
      withoutLeaks(() => {
        const [read, write] = pipe();
        close(read);
        left = write;
      }, { grace: 0 }),
      (error: Error) =>
        new RegExp(`^the test left descriptor ${left} -> pipe:\\[\\d+\\] open$`).test(error.message),
    );
    close(left!);
  },
});

Deno.test({
  name: "withoutLeaks() names a descriptor that was closed and not the test's",
  ignore: sharesProcess,
  async fn() {
    using held = new Held();
    const [read] = held.keepBoth(pipe());
    const other = adopt(duplicate(read));
    await assert.rejects(
      withoutLeaks(() => close(other), { grace: 0 }),
      /closed descriptor \d+ -> pipe:\[\d+\], which was open/,
    );
  },
});

Deno.test("withoutLeaks() lets the error of the body go first", async () => {
  using held = new Held();
  const body = () => {
    held.keepBoth(pipe());
    throw new RangeError("first");
  };
  await assert.rejects(withoutLeaks(body), /first/);
});

Deno.test("withoutLeaks() counts a Worker's descriptors as Deno's own", async () => {
  const body = async () => {
    const workers = Array.from(
      { length: 2 },
      () => new Worker("data:text/javascript,postMessage(0)", { type: "module" }),
    );
    await Promise.all(workers.map((worker) => new Promise((resolve) => worker.onmessage = resolve)));
    workers.forEach((worker) => worker.terminate());
  };
  await withoutLeaks(body, { workers: true });
});
